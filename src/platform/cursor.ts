import { AppError } from './app-error.js';

type Value = string | number;
type Shape = readonly ('string' | 'number')[];
type ValuesOf<S extends Shape> = { readonly [I in keyof S]: S[I] extends 'string' ? string : number };

const VERSION = 1;
const LONGEST = 2_000;

/**
 * The place in a list after which the next page starts, as an opaque text. `kind` names the list: a cursor of one list is
 * refused by another. It is not sealed, so its values are no more trusted than any other parameter.
 */
export function encodeCursor(kind: string, values: readonly Value[]): string {
  return Buffer.from(JSON.stringify([VERSION, kind, ...values])).toString('base64url');
}

/**
 * The values of a cursor that this list gave out; with a shape, as many and of those types. Throws AppError
 * `cursor_invalid` for anything else.
 */
export function parseCursor(kind: string, text: string): readonly Value[];
export function parseCursor<const S extends Shape>(kind: string, text: string, shape: S): ValuesOf<S>;
export function parseCursor(kind: string, text: string, shape?: Shape): readonly Value[] {
  const [version, of, ...values] = decode(text);
  if (version !== VERSION || of !== kind || !values.every(isValue)) throw invalid();
  if (shape !== undefined && (values.length !== shape.length || values.some((value, i) => typeof value !== shape[i]))) {
    throw invalid();
  }
  return values;
}

function decode(text: string): readonly unknown[] {
  if (text.length > LONGEST || !/^[A-Za-z0-9_-]+$/.test(text)) throw invalid();
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return Array.isArray(parsed) ? parsed : [];
  } catch (cause) {
    throw invalid(cause);
  }
}

function isValue(value: unknown): value is Value {
  return typeof value === 'number' || (typeof value === 'string' && !value.includes('\0'));
}

function invalid(cause?: unknown): AppError {
  return new AppError('malformed', 'cursor_invalid', 'cursor is not one that this list gave out', {
    errors: [{ path: 'query.cursor', message: 'must be the nextCursor of a page of this list' }],
    cause,
  });
}
