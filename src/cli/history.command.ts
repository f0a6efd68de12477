import { z } from 'zod';
import { isSha256Digest } from '../intoto/digest.js';
import { readAnswer } from './answer.js';
import { EXIT, type ExitCode } from './exit-code.js';
import { Failure } from './failure.js';
import { printable } from './printable.js';
import type { Service } from './service.js';
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

export interface HistoryOptions {
  readonly digest: string | null;
  readonly type: string | null;
  /** RFC 3339. */
  readonly since: string | null;
  /** How many entries to print at most. */
  readonly limit: number;
  readonly json: boolean;
}

/** The most a page may hold. */
const PAGE = 1000;

/** Prints the account of what the service did, in its order, one line an entry. */
export async function history(
  { digest, type, since, limit, json }: HistoryOptions,
  service: Service,
  { print }: Surroundings,
): Promise<ExitCode> {
  if (digest !== null && !isSha256Digest(digest)) throw new Failure(`a digest is sha256:… in full, not ${digest}`);
  let left = limit;
  for (let cursor: string | null = ''; cursor !== null && left > 0;) {
    const query = new URLSearchParams({ limit: String(Math.min(left, PAGE)) });
    if (digest !== null) query.set('digest', digest);
    if (type !== null) query.set('type', type);
    if (since !== null) query.set('since', since);
    if (cursor !== '') query.set('cursor', cursor);
    const path = `/v1/history?${query.toString()}`;
    const page: z.infer<typeof historyPage> = readAnswer(
      await service.request({ method: 'GET', path, idempotent: true }),
      historyPage,
    );
    for (const entry of page.items) print(json ? JSON.stringify(entry) : entryLine(entry));
    left -= page.items.length;
    cursor = page.items.length === 0 ? null : page.nextCursor;
  }
  return EXIT.yes;
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
