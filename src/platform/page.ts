import { AppError } from './app-error.js';

export const DEFAULT_LIMIT = 50;
export const LARGEST_LIMIT = 1000;

/** One page of a list; `nextCursor` is null on the last one. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** The page size that a `limit` parameter asks for, 1 to 1000, 50 where there is none. Throws AppError `limit_invalid`. */
export function parseLimit(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= LARGEST_LIMIT) return limit;
  const message = `must be a whole number from 1 to ${LARGEST_LIMIT}`;
  throw new AppError('malformed', 'limit_invalid', `limit ${message}`, { errors: [{ path: 'query.limit', message }] });
}

/** The page made of up to `limit` of the rows, of which `limit + 1` were read to learn whether there are more. */
export function pageOf<T>(rows: readonly T[], limit: number, cursorOf: (last: T) => string): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}
