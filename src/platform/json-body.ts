import { AppError } from './app-error.js';

/** Deeper than any document this service takes; a parser's own recursion is never reached. */
const DEEPEST = 100;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The JSON value of a body, of which every reader makes the same (I-JSON, RFC 7493). Throws AppError `json_malformed` for
 * what is not JSON in UTF-8, is nested deeper than 100 levels, names a member of one object twice, holds U+0000 or half of
 * a surrogate pair, which the database cannot keep, or has a member named `__proto__`, which some code that copies objects
 * would take for their prototype.
 */
export function parseJsonBody(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch (cause) {
    throw malformed('it is not UTF-8', cause);
  }
  const written = countMembers(text, DEEPEST);
  if (written === null) throw malformed(`it is nested deeper than ${DEEPEST} levels`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed(whyNotJson(text), cause);
  }
  // Of a member that stands twice the parser keeps the last, where its sender may have meant the first.
  if (heldMembers(value) !== written) throw malformed('it names a member of one object twice');
  return value;
}

function whyNotJson(text: string): string {
  if (text.trim() === '') return 'it is empty';
  return isSeveral(text)
    ? 'it holds several documents, one per line; send each in a request of its own, under its own name where it has one'
    : 'it is not well-formed';
}

/** Whether every line is JSON by itself, as several programs print more than one document. */
function isSeveral(text: string): boolean {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.length > 1 && lines.every(isObject);
}

function isObject(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object';
  } catch {
    return false;
  }
}

/**
 * How many members the objects of a text have as written, or null where it is nested deeper than the limit. Counts colons
 * and brackets outside of strings: in text that is not JSON the count means nothing, and then neither does the text.
 */
function countMembers(text: string, limit: number): number | null {
  let members = 0;
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text[at];
    if (quoted) {
      if (unit === '\\') at += 1;
      else if (unit === '"') quoted = false;
    } else if (unit === '"') quoted = true;
    else if (unit === ':') members += 1;
    else if (unit === '{' || unit === '[') {
      depth += 1;
      if (depth > limit) return null;
    } else if (unit === '}' || unit === ']') depth -= 1;
  }
  return members;
}

/** How many members the objects of a value hold. Throws for a text or a name that is refused. */
function heldMembers(value: unknown): number {
  if (typeof value === 'string') refuseUnstorable(value);
  if (typeof value !== 'object' || value === null) return 0;
  if (Array.isArray(value)) return value.reduce<number>((sum, element) => sum + heldMembers(element), 0);
  return Object.entries(value).reduce((sum, [name, held]) => {
    if (name === '__proto__') throw malformed('it has a member named __proto__');
    refuseUnstorable(name);
    return sum + 1 + heldMembers(held);
  }, 0);
}

function refuseUnstorable(text: string): void {
  if (text.includes('\0') || !text.isWellFormed()) throw malformed('it holds U+0000 or half of a surrogate pair');
}

function malformed(why: string, cause?: unknown): AppError {
  return new AppError('malformed', 'json_malformed', `the body is not JSON that this service reads: ${why}`, { cause });
}
