import { z } from 'zod';
import { parseSubjectDigest, type SubjectDigest } from '../intoto/digest.js';
import { AppError } from '../platform/app-error.js';
import { parseCursor } from '../platform/cursor.js';
import { parseLimit } from '../platform/page.js';
import { moment, parsePeriod } from '../platform/period.js';
import { HISTORY_TYPES } from './history-entry.js';
import type { HistoryFilter } from './history.store.js';

/** The longest that a request waits for entries, in seconds. */
export const LONGEST_WAIT_S = 30;

/** What every list of entries is asked by. */
export const entryQuery = z.strictObject({
  type: z.enum(HISTORY_TYPES).optional(),
  // The database's text cannot hold a NUL.
  actor: z
    .string()
    .regex(/^[^\0]*$/, 'must not hold a NUL')
    .optional()
    .describe('Caused by, as in `actor` of an entry'),
  since: moment.optional().describe('Made at or after'),
  until: moment.optional().describe('Made before'),
  limit: z.string().optional().describe('1 to 1000, default 50'),
  cursor: z.string().optional().describe('`nextCursor` of the page before'),
});
export type EntryQuery = z.infer<typeof entryQuery>;

export const historyQuery = entryQuery.extend({
  digest: z.string().optional().describe('About this image, or about attestations whose subject has this digest'),
  after: z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .optional()
    .describe('Behind this sequence, in place of a cursor: 0, or a `completeTo` or the `sequence` of an entry'),
  wait: z
    .string()
    .regex(/^(?:[12]?\d|30)$/, `must be a whole number of seconds up to ${LONGEST_WAIT_S}`)
    .optional()
    .describe('Where there is no entry, wait so many seconds for one, up to 30'),
});
export type HistoryQuery = z.infer<typeof historyQuery>;

const LAST_EVENT_ID = 'last-event-id';
export const HISTORY_CURSOR = 'history';

/** The filter of a query about no digest, or about one. Throws AppError `request_invalid` for a period upside down. */
export function filterOf(query: EntryQuery, digest: SubjectDigest | null): HistoryFilter {
  return {
    digest,
    type: query.type ?? null,
    actor: query.actor ?? null,
    ...parsePeriod({ since: query.since, until: query.until }),
  };
}

/** A question to the whole account: a page of it, or all that comes from a place on. */
export interface HistoryQuestion {
  readonly filter: HistoryFilter;
  /** The sequence behind which it begins. */
  readonly after: number;
  /** Where the caller named that sequence himself, and is to be told where there is no such; null where he did not. */
  readonly named: string | null;
  readonly limit: number;
  readonly waitSeconds: number;
}

/** Throws AppError `digest_malformed`, `request_invalid`, `limit_invalid`, `cursor_invalid`. */
export function parseQuestion(query: HistoryQuery): HistoryQuestion {
  if (query.after !== undefined && query.cursor !== undefined) throw refused('after', 'excludes cursor');
  return {
    filter: filterOf(query, query.digest === undefined ? null : parseDigest(query.digest)),
    after: query.after === undefined ? positionOf(query.cursor) : Number(query.after),
    named: query.after === undefined ? null : 'query.after',
    limit: parseLimit(query.limit),
    waitSeconds: Number(query.wait ?? 0),
  };
}

/**
 * The same of one that is answered as events, of which there are no pages: by `Last-Event-ID`, where there is one, it goes
 * on behind the last event that was read.
 */
export function parseStreamQuestion(query: HistoryQuery, lastEventId: string | undefined): HistoryQuestion {
  for (const name of ['cursor', 'limit', 'wait'] as const) {
    if (query[name] !== undefined) throw refused(name, 'is for pages, and events have none');
  }
  const question = parseQuestion(query);
  if (lastEventId === undefined || lastEventId === '') return question;
  if (/^\d{1,15}$/.test(lastEventId)) return { ...question, after: Number(lastEventId), named: LAST_EVENT_ID };
  throw new AppError('malformed', 'request_invalid', 'Last-Event-ID is no id of an event of this service', {
    errors: [{ path: LAST_EVENT_ID, message: 'must be the id of an event' }],
  });
}

/** The sequence behind which a page begins. A cursor is not sealed: whatever stands in it is held against its form again. */
export function positionOf(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const [sequence] = parseCursor(HISTORY_CURSOR, cursor, ['number']);
  if (Number.isSafeInteger(sequence)) return sequence;
  throw new AppError('malformed', 'cursor_invalid', 'cursor is not one that this list gave out', {
    errors: [{ path: 'query.cursor', message: 'must be the nextCursor of a page of this list' }],
  });
}

/** Throws AppError `request_invalid` for a place that the account has not reached. */
export function assertReached({ after, named }: HistoryQuestion, completeTo: number): void {
  if (named === null || after <= completeTo) return;
  const message = `the account ends at ${completeTo}`;
  throw new AppError('malformed', 'request_invalid', `there is no entry ${after}: ${message}`, {
    errors: [{ path: named, message }],
  });
}

function refused(name: string, message: string): AppError {
  return new AppError('malformed', 'request_invalid', `the parameter ${name} is not taken: ${message}`, {
    errors: [{ path: `query.${name}`, message }],
  });
}

function parseDigest(text: string): SubjectDigest {
  const digest = parseSubjectDigest(text);
  if (digest !== null) return digest;
  throw new AppError('malformed', 'digest_malformed', 'a digest is its algorithm, a colon and lower-case hex', {
    errors: [{ path: 'query.digest', message: 'must be, for example, sha256: and 64 lower-case hex digits' }],
  });
}
