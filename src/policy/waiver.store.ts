import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Sha256Digest } from '../intoto/digest.js';
import { Database, namedQuery } from '../platform/database.js';
import {
  toWaiver,
  waiverStateAt,
  type RecordedWaiver,
  type WaiverApproval,
  type WaiverState,
} from './recorded-waiver.js';
import type { Parameters } from './verdict.js';
import type { Waiver, WaiverScope } from './waiver.js';

/** Every table of which a row is one waiver revision. */
export const WAIVER_TABLES = ['waivers', 'waiver_approvals', 'waiver_revocations'] as const;

export interface WaiverFilter {
  readonly policy: string | null;
  readonly state: WaiverState | null;
  readonly digest: Sha256Digest | null;
  readonly repository: string | null;
}

/** The lock under which waivers change, and where that leaves whoever holds it. */
export interface WaiverLock {
  /** For the next act. */
  readonly revision: number;
  /** The database's clock, read behind the lock. */
  readonly now: Date;
}

/** A verdict's clock is read a moment before its waivers are, and is to find those that end in between. */
const ENDED_BEFORE_MS = 60_000;

/** `$1` is the waiver revision up to which acts are read, null for all. */
const RECORDED = `
  select w.id, w.revision::float8 as revision, w.policy, w.requirement, w.vulnerability, w.digest, w.repository, w.parameters,
    w.reason, w.reference, w.until, w.approvals, w.at, w.actor, w.author,
    coalesce((
      select json_agg(json_build_object('approver', a.approver, 'actor', a.actor, 'at', a.at) order by a.revision)
      from waiver_approvals a where a.waiver = w.id and ($1::bigint is null or a.revision <= $1)), '[]') as "approvedBy",
    r.actor as "revokedBy", r.at as "revokedAt", r.reason as "revocationReason"
  from waivers w
  left join waiver_revocations r on r.waiver = w.id and ($1::bigint is null or r.revision <= $1)
  where ($1::bigint is null or w.revision <= $1)`;

const STATE = `
  case when r.waiver is not null then 'revoked' when w.until <= statement_timestamp() then 'expired'
    when (select count(*) from waiver_approvals a where a.waiver = w.id) < w.approvals then 'pending' else 'active' end`;

/** Waivers and what was done about them, in rows that are only ever added, each under a revision of its own. */
@Injectable()
export class WaiverStore {
  constructor(private readonly database: Database) {}

  /**
   * The waivers of a policy as of a waiver revision that has been committed, by id: those that were approved and not
   * revoked by then. The same whenever it is asked for, but for those that ended well before `now`.
   */
  async ofPolicy(policy: string, revision: number, now: Date): Promise<readonly Waiver[]> {
    const { rows } = await namedQuery<RecordedRow>(this.database.hotPool, {
      name: 'waivers-of-policy',
      text: `${RECORDED} and w.policy = $2 and w.until > $3 order by w.id`,
      values: [revision, policy, new Date(now.getTime() - ENDED_BEFORE_MS)],
    });
    return rows.map(recordedOf).flatMap((recorded) => toWaiver(recorded) ?? []);
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
    const { rows } = await this.database.pool.query<RecordedRow>(
      `${RECORDED} and (w.digest = $2 or w.repository = any($3::text[])) and w.until > $4 order by w.id`,
      [revision, digest, repositories, moment],
    );
    return rows.map(recordedOf).filter((waiver) => waiverStateAt(waiver, moment) === 'active');
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
         ${RECORDED} and ${conditions.join(' and ')} order by w.revision desc limit ${limit}
       ) p on true
       order by p.revision desc`,
      values,
    );
    const now = rows[0]?.now;
    if (now === undefined) throw new Error('the clock of the database was not read');
    return { rows: rows.filter(isFound).map(recordedOf), now };
  }

  /** One waiver, or null; and the clock. */
  async find(id: string): Promise<{ readonly waiver: RecordedWaiver; readonly now: Date } | null> {
    const { rows } = await this.database.pool.query<RecordedRow & { readonly now: Date }>(
      `select statement_timestamp() as now, p.* from (${RECORDED} and w.id = $2) p`,
      [null, id],
    );
    const [row] = rows;
    return row === undefined ? null : { waiver: recordedOf(row), now: row.now };
  }

  /** Takes the lock under which waivers change: acts go one after the other, and each sees all before it. */
  async lock(tx: EntityManager): Promise<WaiverLock> {
    const [locked]: readonly { value: string }[] = await tx.query(
      `select value from revisions where name = 'waiver' for update`,
    );
    // A statement of its own: the clock of the one above may have been read before it waited.
    const [clock]: readonly { now: Date }[] = await tx.query(
      `select date_trunc('milliseconds', clock_timestamp()) as now`,
    );
    if (locked === undefined || clock === undefined) throw new Error('the counter of waivers is missing');
    return { revision: Number(locked.value) + 1, now: clock.now };
  }

  /** The waiver within the transaction that holds the lock, or null. */
  async findWithin(tx: EntityManager, id: string): Promise<RecordedWaiver | null> {
    const rows: readonly RecordedRow[] = await tx.query(`${RECORDED} and w.id = $2`, [null, id]);
    const [row] = rows;
    return row === undefined ? null : recordedOf(row);
  }

  /** Adds a waiver; the caller holds the lock. */
  async insert(
    tx: EntityManager,
    { revision, now }: WaiverLock,
    waiver: Omit<RecordedWaiver, 'revision' | 'at' | 'approvedBy' | 'revocation'>,
  ): Promise<void> {
    const { id, policy, requirement, vulnerability, scope, parameters, reason, reference, until, approvals } = waiver;
    await this.raise(tx, revision);
    await tx.query(
      `insert into waivers (id, revision, policy, requirement, vulnerability, digest, repository, parameters, reason,
         reference, until, approvals, at, actor, author)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
      [
        id,
        revision,
        policy,
        requirement,
        vulnerability,
        scope.type === 'digest' ? scope.digest : null,
        scope.type === 'repository' ? scope.repository : null,
        JSON.stringify(parameters),
        reason,
        reference,
        until,
        approvals,
        now,
        waiver.actor,
        waiver.author,
      ],
    );
  }

  /** Adds an approval; the caller holds the lock. */
  async insertApproval(
    tx: EntityManager,
    { revision, now }: WaiverLock,
    waiver: string,
    { approver, actor }: Omit<WaiverApproval, 'at'>,
  ): Promise<void> {
    await this.raise(tx, revision);
    await tx.query('insert into waiver_approvals (waiver, approver, revision, at, actor) values ($1, $2, $3, $4, $5)', [
      waiver,
      approver,
      revision,
      now,
      actor,
    ]);
  }

  /** Adds a revocation; the caller holds the lock. */
  async insertRevocation(
    tx: EntityManager,
    { revision, now }: WaiverLock,
    waiver: string,
    { reason, actor }: { readonly reason: string; readonly actor: string },
  ): Promise<void> {
    await this.raise(tx, revision);
    await tx.query('insert into waiver_revocations (waiver, revision, reason, at, actor) values ($1, $2, $3, $4, $5)', [
      waiver,
      revision,
      reason,
      now,
      actor,
    ]);
  }

  /** Raises what every verdict reads. */
  private async raise(tx: EntityManager, revision: number): Promise<void> {
    await tx.query(`update revisions set value = $1 where name = 'waiver'`, [revision]);
  }
}

interface RecordedRow {
  readonly id: string;
  readonly revision: number;
  readonly policy: string;
  readonly requirement: string;
  readonly vulnerability: string | null;
  readonly digest: Sha256Digest | null;
  readonly repository: string | null;
  readonly parameters: Parameters;
  readonly reason: string;
  readonly reference: string;
  readonly until: Date;
  readonly approvals: number;
  readonly at: Date;
  readonly actor: string;
  readonly author: string;
  readonly approvedBy: readonly { readonly approver: string; readonly actor: string; readonly at: string }[];
  readonly revokedBy: string | null;
  readonly revokedAt: Date | null;
  readonly revocationReason: string | null;
}

/** The lateral join answers one row of nulls where nothing was found. */
type ListedRow = { readonly now: Date } & (RecordedRow | { readonly id: null });

function isFound(row: ListedRow): row is { readonly now: Date } & RecordedRow {
  return row.id !== null;
}

function recordedOf(row: RecordedRow): RecordedWaiver {
  const { id, revision, policy, requirement, vulnerability, parameters, reason, reference, until, approvals } = row;
  const { at, actor, author, revokedBy, revokedAt, revocationReason } = row;
  return {
    id,
    revision,
    policy,
    requirement,
    vulnerability,
    scope: scopeOf(row),
    parameters,
    reason,
    reference,
    until,
    approvals,
    at,
    actor,
    author,
    approvedBy: row.approvedBy.map((approval) => ({ ...approval, at: new Date(approval.at) })),
    revocation:
      revokedBy === null || revokedAt === null || revocationReason === null
        ? null
        : { actor: revokedBy, at: revokedAt, reason: revocationReason },
  };
}

function scopeOf({ id, digest, repository }: RecordedRow): WaiverScope {
  if (digest !== null) return { type: 'digest', digest };
  if (repository !== null) return { type: 'repository', repository };
  throw new Error(`waiver ${id} has no scope`);
}
