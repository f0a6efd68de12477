import { isUtf8 } from 'node:buffer';
import { throwJsonFaults } from './json-faults.js';
import { Malformed } from './malformed.js';

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

export interface StrictJsonLimits {
  /** Arrays and objects within one another; 128 where it is not given. */
  readonly maxDepth?: number;
  /** Which document the faults are reported of; `envelope`, the outermost, where it is not given. */
  readonly document?: Malformed['document'];
}

/**
 * Reads a JSON document (RFC 8259) of which every reader makes the same: UTF-8 without byte order mark, no name twice in
 * one object, no U+0000, no half of a surrogate pair, no number beyond a double (I-JSON, RFC 7493), nothing nested deeper
 * than the limit, and no member called `__proto__`. Whatever else a member is called, it is plain data.
 *
 * Throws Malformed, with a path for each fault, and nothing else. The depth is known before anything recurses.
 */
export function parseStrictJson(bytes: Uint8Array, limits: StrictJsonLimits = {}): Json {
  const { maxDepth = 128, document = 'envelope' } = limits;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!isUtf8(buffer)) throw new Malformed(document, [{ path: '', message: 'is not UTF-8' }]);

  const members = countMembers(buffer, maxDepth);
  if (members === Infinity) {
    throw new Malformed(document, [{ path: '', message: `holds more than ${MOST_VALUES} values` }]);
  }
  const text = buffer.toString('utf8');
  if (members === null) throwJsonFaults(text, maxDepth, document);

  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (cause) {
    throwJsonFaults(text, maxDepth, document, { cause });
  }
  // A name that stands twice was written more often than the parsed value holds it.
  if (members !== heldMembers(value)) throwJsonFaults(text, maxDepth, document);
  return value;
}

/** The value as an object, or null where it is anything else. */
export function asObject(value: Json | undefined): JsonObject | null {
  return typeof value === 'object' && value !== null && !isArray(value) ? value : null;
}

/** The value as an array, or null where it is anything else. */
export function asArray(value: Json | undefined): readonly Json[] | null {
  return value !== undefined && isArray(value) ? value : null;
}

/** A member of the object's own; undefined where it is absent or null, which mean the same in every format read here. */
export function member(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? (object[name] ?? undefined) : undefined;
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

const QUOTE = 0x22;
const COLON = 0x3a;
const COMMA = 0x2c;
/** A bill of materials with 50,000 components holds about half as many. */
const MOST_VALUES = 2_000_000;
const BACKSLASH = 0x5c;
const LOWER_U = 0x75;
const OPENING = 0x7b;
const CLOSING = 0x7d;
/** `[` and `]` differ from `{` and `}` in this bit, as capitals do from small letters. */
const CASE_BIT = 0x20;
/** Up to here a string is looked through byte by byte; the native search is faster beyond. */
const SHORT_RUN = 32;

/**
 * How many members the objects of a document have as written; Infinity where it holds more values than anybody means, whose
 * parsing alone would take gigabytes; or null where it is nested too deep or an escape stands
 * for U+0000 or half of a surrogate pair. Raw bytes cannot: one is a control character, the other is no UTF-8.
 * Means something only for bytes that JSON.parse accepts.
 */
function countMembers(bytes: Buffer, maxDepth: number): number | null {
  let members = 0;
  let values = 0;
  let depth = 0;
  let at = 0;
  // Where the next of each stands, searched again only once it is passed, so that the whole stays linear.
  let quote = -1;
  let backslash = -1;
  while (at < bytes.length) {
    const byte = bytes[at++] ?? 0;
    if (byte === COLON) members++;
    else if (byte === COMMA) {
      if (++values > MOST_VALUES) return Infinity;
    } else if ((byte | CASE_BIT) === OPENING) {
      if (++depth > maxDepth) return null;
    } else if ((byte | CASE_BIT) === CLOSING) depth--;
    else if (byte === QUOTE) {
      for (;;) {
        const near = Math.min(at + SHORT_RUN, bytes.length);
        while (at < near && bytes[at] !== QUOTE && bytes[at] !== BACKSLASH) at++;
        if (at === near) {
          if (quote < at) quote = indexOrEnd(bytes, QUOTE, at);
          if (backslash < at) backslash = indexOrEnd(bytes, BACKSLASH, at);
          at = Math.min(quote, backslash);
        }
        if (bytes[at] !== BACKSLASH) break;
        const length = escapeLength(bytes, at);
        if (length === null) return null;
        at += length;
      }
      at++;
    }
  }
  return members;
}

function indexOrEnd(bytes: Buffer, byte: number, from: number): number {
  const index = bytes.indexOf(byte, from);
  return index === -1 ? bytes.length : index;
}

/** How many bytes the escape takes, a surrogate pair being one; null where it stands for what no text may hold. */
function escapeLength(bytes: Buffer, at: number): number | null {
  if (bytes[at + 1] !== LOWER_U) return 2;
  const unit = escapedUnit(bytes, at);
  if (unit === 0) return null;
  if (unit < 0xd800 || unit > 0xdfff) return 6;
  if (unit > 0xdbff || bytes[at + 6] !== BACKSLASH || bytes[at + 7] !== LOWER_U) return null;
  const low = escapedUnit(bytes, at + 6);
  return low >= 0xdc00 && low <= 0xdfff ? 12 : null;
}

function escapedUnit(bytes: Buffer, at: number): number {
  let unit = 0;
  for (let digit = at + 2; digit < at + 6; digit++) {
    const byte = bytes[digit] ?? 0;
    unit = unit * 16 + (byte <= 0x39 ? byte - 0x30 : (byte | CASE_BIT) - 0x57);
  }
  return unit;
}

/** How many members a parsed value holds; null where one is called `__proto__` or a number is beyond a double. */
function heldMembers(value: Json): number | null {
  let members = 0;
  const pending: (readonly Json[] | JsonObject)[] = [[value]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (Array.isArray(next)) {
      for (const element of next as readonly Json[]) {
        if (typeof element === 'number' && !Number.isFinite(element)) return null;
        if (typeof element === 'object' && element !== null) pending.push(element);
      }
      continue;
    }
    const object = next as JsonObject;
    // Half the time of Object.keys. A name inherited from a tampered prototype would count too, and so refuse.
    for (const name in object) {
      members++;
      if (name === '__proto__') return null;
      const held = object[name];
      if (typeof held === 'number' && !Number.isFinite(held)) return null;
      if (typeof held === 'object' && held !== null) pending.push(held);
    }
  }
  return members;
}
