import { z } from 'zod';
import { AppError } from './app-error.js';

/** A moment as a query names it: RFC 3339 with its offset. */
export const moment = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

/** Half open: at or after `since` and before `until`; null where that end is open. */
export interface Period {
  readonly since: Date | null;
  readonly until: Date | null;
}

/**
 * The period of a list query. Throws AppError `request_invalid` where it ends before it begins: the empty list that it
 * would answer looks like an answer.
 */
export function parsePeriod({
  since = null,
  until = null,
}: { readonly [End in keyof Period]?: Period[End] | undefined }): Period {
  if (since === null || until === null || since <= until) return { since, until };
  throw new AppError('malformed', 'request_invalid', 'the period ends before it begins', {
    errors: [{ path: 'query.until', message: 'must not be before since' }],
  });
}
