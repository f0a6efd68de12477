import { Injectable } from '@nestjs/common';
import type { Sha256Digest } from '../intoto/digest.js';
import { Database, namedQuery } from '../platform/database.js';
import { toWaiver, waiverStateAt, type RecordedWaiver, type WaiverState } from './recorded-waiver.js';
import { RECORDED_WAIVERS, recordedWaiverOf, type RecordedWaiverRow } from './recorded-waiver-row.js';
import type { Waiver } from './waiver.js';

/** Every table of which a row is one waiver revision. */
export const WAIVER_TABLES = ['waivers', 'waiver_approvals', 'waiver_revocations'] as const;

export interface WaiverFilter {
  readonly policy: string | null;
  readonly state: WaiverState | null;
  readonly digest: Sha256Digest | null;
  readonly repository: string | null;
}

/** A verdict's clock is read a moment before its waivers are, and is to find those that end in between. */
const ENDED_BEFORE_MS = 60_000;

const STATE = `
  case when r.waiver is not null then 'revoked' when w.until <= statement_timestamp() then 'expired'
    when (select count(*) from waiver_approvals a where a.waiver = w.id) < w.approvals then 'pending' else 'active' end`;

/** Waivers on record, read back: in rows that are only ever added, each under a revision of its own. */
@Injectable()
export class WaiverStore {
  constructor(private readonly database: Database) {}

  /**
   * The waivers of a policy as of a waiver revision that has been committed, by id: those that were approved and not
   * revoked by then. The same whenever it is asked for, but for those that ended well before `now`.
   */
  async ofPolicy(policy: string, revision: number, now: Date): Promise<readonly Waiver[]> {
    const { rows } = await namedQuery<RecordedWaiverRow>(this.database.hotPool, {
      name: 'waivers-of-policy',
      text: `${RECORDED_WAIVERS} and w.policy = $2 and w.until > $3 order by w.id`,
      values: [revision, policy, new Date(now.getTime() - ENDED_BEFORE_MS)],
    });
    return rows.map(recordedWaiverOf).flatMap((recorded) => toWaiver(recorded) ?? []);
  }

  /**
   * The waiver revision that was reached at the end of a millisecond. Acts follow each other under a lock: what follows one
   * that was begun later was not there either, whatever its time.
   */
  async revisionAsOf(moment: Date): Promise<number> {
    const { rows } = await this.database.pool.query<{ readonly revision: number }>(
      `with acts as (
         select revision, at from waivers union all select revision, at from waiver_approvals
         union all select revision, at from waiver_revocations)
       select coalesce(max(revision), 0)::float8 as revision from acts
       where revision < coalesce((select min(revision) from acts where date_trunc('milliseconds', at) > $1), 'infinity'::float8)`,
      [moment],
    );
    return rows[0]?.revision ?? 0;
  }

  /**
   * The waivers that hold at a moment, of whatever policy, for this image or for a repository; by id.
   *
   * @param revision the waiver revision as of which it is asked; null: the present one.
   */
  async inForceAbout(
    { digest, repositories }: { readonly digest: Sha256Digest; readonly repositories: readonly string[] },
    revision: number | null,
    moment: Date,
  ): Promise<readonly RecordedWaiver[]> {
    const { rows } = await this.database.pool.query<RecordedWaiverRow>(
      `${RECORDED_WAIVERS} and (w.digest = $2 or w.repository = any($3::text[])) and w.until > $4 order by w.id`,
      [revision, digest, repositories, moment],
    );
    return rows.map(recordedWaiverOf).filter((waiver) => waiverStateAt(waiver, moment) === 'active');
  }

  /** The ids of waivers under these policies whose scope is this image or one of these repositories, whatever their state. */
  async idsAbout(
    digest: Sha256Digest,
    repositories: readonly string[],
    policies: readonly string[],
  ): Promise<readonly string[]> {
    const { rows } = await namedQuery<{ id: string }>(this.database.pool, {
      name: 'waiver-ids-about',
      text: `
        select id from waivers
        where policy = any($3::text[]) and (digest = $1 or repository = any($2::text[])) order by revision`,
      values: [digest, repositories, policies],
    });
    return rows.map(({ id }) => id);
  }

  /** Waivers, the last made first, before the revision given; and the clock by which their states are. */
  async list(
    filter: WaiverFilter,
    before: number,
    limit: number,
  ): Promise<{ readonly rows: readonly RecordedWaiver[]; readonly now: Date }> {
    const values: unknown[] = [null];
    const bind = (value: unknown): string => `$${values.push(value)}`;
    const conditions = [`w.revision < ${bind(before)}`];
    if (filter.policy !== null) conditions.push(`w.policy = ${bind(filter.policy)}`);
    if (filter.state !== null) conditions.push(`${STATE} = ${bind(filter.state)}`);
    if (filter.digest !== null) conditions.push(`w.digest = ${bind(filter.digest)}`);
    if (filter.repository !== null) conditions.push(`w.repository = ${bind(filter.repository)}`);
    const { rows } = await this.database.pool.query<ListedRow>(
      `select t.now, p.* from (select statement_timestamp() as now) t
       left join lateral (
         ${RECORDED_WAIVERS} and ${conditions.join(' and ')} order by w.revision desc limit ${limit}
       ) p on true
       order by p.revision desc`,
      values,
    );
    const now = rows[0]?.now;
    if (now === undefined) throw new Error('the clock of the database was not read');
    return { rows: rows.filter(isFound).map(recordedWaiverOf), now };
  }

  /** One waiver, or null; and the clock. */
  async find(id: string): Promise<{ readonly waiver: RecordedWaiver; readonly now: Date } | null> {
    const { rows } = await this.database.pool.query<RecordedWaiverRow & { readonly now: Date }>(
      `select statement_timestamp() as now, p.* from (${RECORDED_WAIVERS} and w.id = $2) p`,
      [null, id],
    );
    const [row] = rows;
    return row === undefined ? null : { waiver: recordedWaiverOf(row), now: row.now };
  }
}

/** The lateral join answers one row of nulls where nothing was found. */
type ListedRow = { readonly now: Date } & (RecordedWaiverRow | { readonly id: null });

function isFound(row: ListedRow): row is { readonly now: Date } & RecordedWaiverRow {
  return row.id !== null;
}
