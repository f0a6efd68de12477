import { AppError } from './app-error.js';

/** Deeper than any document this service takes; a parser's own recursion is never reached. */
const DEEPEST = 100;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The JSON value of a body. Throws AppError `json_malformed` for what is not JSON in UTF-8, is nested deeper than 100
 * levels, or has a member named `__proto__`, which some code that copies objects would take for their prototype.
 */
export function parseJsonBody(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch (cause) {
    throw malformed('it is not UTF-8', cause);
  }
  if (isDeeperThan(text, DEEPEST)) throw malformed(`it is nested deeper than ${DEEPEST} levels`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed(text.trim() === '' ? 'it is empty' : 'it is not well-formed', cause);
  }
  // A name may be written with escapes, so the text alone does not tell.
  if (text.includes('__proto__') || /\\u005f/i.test(text)) refuseProto(value);
  return value;
}

function refuseProto(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (Object.hasOwn(value, '__proto__')) throw malformed('it has a member named __proto__');
  Object.values(value).forEach(refuseProto);
}

/** Counts brackets outside of strings. In text that is not JSON the count means nothing, and then neither does the text. */
function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text[at];
    if (quoted) {
      if (unit === '\\') at += 1;
      else if (unit === '"') quoted = false;
    } else if (unit === '"') quoted = true;
    else if (unit === '{' || unit === '[') {
      depth += 1;
      if (depth > limit) return true;
    } else if (unit === '}' || unit === ']') depth -= 1;
  }
  return false;
}

function malformed(why: string, cause?: unknown): AppError {
  return new AppError('malformed', 'json_malformed', `the body is not JSON that this service reads: ${why}`, { cause });
}
