import { z } from 'zod';
import { isSha256Digest } from '../intoto/digest.js';
import { readAnswer } from './answer.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { Failure } from './failure.js';
import { printable } from './printable.js';
import type { Service, ServiceAnswer } from './service.js';
import type { Surroundings } from './surroundings.js';

const historyPage = z.object({
  items: z.array(
    z.looseObject({
      sequence: z.number().nullish(),
      at: z.string(),
      type: z.string(),
      actor: z.string(),
      image: z.string().nullish(),
      attestation: z.string().nullish(),
      data: z.record(z.string(), z.unknown()).nullish(),
    }),
  ),
  nextCursor: z.string().nullable(),
});

const followedPage = historyPage.extend({ completeTo: z.number() });

export interface HistoryOptions {
  readonly digest: string | null;
  readonly type: string | null;
  /** RFC 3339. */
  readonly since: string | null;
  /** How many entries to print at most. */
  readonly limit: number;
  readonly json: boolean;
  /** Without end: what was made since, or what is made from this moment on, and then whatever comes. */
  readonly follow: boolean;
}

/** The most a page may hold. */
const PAGE = 1000;
/** How long the service is asked to wait for an entry, in seconds. */
const WAIT = 25;

/** Prints the account of what the service did, in its order, one line an entry. */
export async function history(
  options: HistoryOptions,
  service: Service,
  surroundings: Surroundings,
): Promise<ExitCode> {
  const { digest } = options;
  if (digest !== null && !isSha256Digest(digest)) throw new Failure(`a digest is sha256:… in full, not ${digest}`);
  if (options.follow) return follow(options, service, surroundings);
  let left = options.limit;
  for (let cursor: string | null = ''; cursor !== null && left > 0;) {
    const query = queryOf(options, Math.min(left, PAGE));
    if (cursor !== '') query.set('cursor', cursor);
    const page: z.infer<typeof historyPage> = readAnswer(await ask(service, query), historyPage);
    printEntries(page.items, options, surroundings);
    left -= page.items.length;
    cursor = page.items.length === 0 ? null : page.nextCursor;
  }
  return EXIT.yes;
}

async function follow(options: HistoryOptions, service: Service, surroundings: Surroundings): Promise<never> {
  let after = options.since === null ? await endOf(service) : 0;
  for (;;) {
    const query = queryOf(options, PAGE);
    query.set('after', String(after));
    query.set('wait', String(WAIT));
    const { items, nextCursor, completeTo } = readAnswer(await ask(service, query, WAIT), followedPage);
    printEntries(items, options, surroundings);
    // Whatever lies between the last entry of a page that is not the last one, and where the account is complete, is to come.
    after = nextCursor === null ? completeTo : (items.at(-1)?.sequence ?? completeTo);
  }
}

async function endOf(service: Service): Promise<number> {
  return readAnswer(await ask(service, new URLSearchParams({ limit: '1' })), followedPage).completeTo;
}

function queryOf({ digest, type, since }: HistoryOptions, limit: number): URLSearchParams {
  const query = new URLSearchParams({ limit: String(limit) });
  if (digest !== null) query.set('digest', digest);
  if (type !== null) query.set('type', type);
  if (since !== null) query.set('since', since);
  return query;
}

function ask(service: Service, query: URLSearchParams, waits = 0): Promise<ServiceAnswer> {
  return service.request({ method: 'GET', path: `/v1/history?${query.toString()}`, idempotent: true, waits });
}

function printEntries(
  entries: z.infer<typeof historyPage>['items'],
  { json }: HistoryOptions,
  { print }: Surroundings,
): void {
  for (const entry of entries) print(json ? JSON.stringify(entry) : entryLine(entry));
}

function entryLine(entry: z.infer<typeof historyPage>['items'][number]): string {
  const data = Object.entries(entry.data ?? {}).map(([name, value]) => `${name}=${plain(value)}`);
  const about = [entry.attestation, entry.image].flatMap((id) => id ?? []);
  return printable(
    [String(entry.sequence ?? '').padStart(6), entry.at, entry.type, entry.actor, ...about, ...data].join('  '),
  );
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
