import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Sha256Digest } from '../intoto/digest.js';
import { Database, namedQuery } from '../platform/database.js';

/** One immutable revision of a named policy. */
export interface PolicyRevision {
  readonly name: string;
  /** 1, 2, 3 … within the name. */
  readonly revision: number;
  /** Over the document's meaning, not its layout. */
  readonly digest: Sha256Digest;
  readonly format: 'yaml' | 'json';
  readonly source: string;
  readonly at: Date;
  readonly actor: string;
}

/** A revision without its source, for lists. */
export type PolicyRevisionSummary = Omit<PolicyRevision, 'source' | 'format'>;

const COLUMNS = 'name, revision, digest, format, source, at, actor';

/** Policies as numbered revisions that are only ever added. */
@Injectable()
export class PolicyStore {
  constructor(private readonly database: Database) {}

  /** Takes the lock under which policies change: two changes go one after the other, the second reads the first. */
  async lock(tx: EntityManager): Promise<void> {
    await tx.query(`select from revisions where name = 'policy' for update`);
  }

  /** The current revision within the transaction that holds the lock, or null where the name is unknown. */
  async findCurrentWithin(tx: EntityManager, name: string): Promise<PolicyRevision | null> {
    const rows: readonly PolicyRevision[] = await tx.query(
      `select ${COLUMNS} from policy_revisions where name = $1 order by revision desc limit 1`,
      [name],
    );
    return rows[0] ?? null;
  }

  /** Adds a revision and bumps what every verdict reads; the caller holds the lock and gives the next number. */
  async insert(tx: EntityManager, revision: Omit<PolicyRevision, 'at'>): Promise<PolicyRevision> {
    await tx.query(`update revisions set value = value + 1 where name = 'policy'`);
    const rows: readonly PolicyRevision[] = await tx.query(
      `insert into policy_revisions (name, revision, digest, format, source, actor)
       values ($1, $2, $3, $4, $5, $6) returning ${COLUMNS}`,
      [revision.name, revision.revision, revision.digest, revision.format, revision.source, revision.actor],
    );
    const row = rows[0];
    if (row === undefined) throw new Error('an inserted policy revision was not returned');
    return row;
  }

  /** The current revision, or null where the name is unknown. */
  async findCurrent(name: string): Promise<PolicyRevision | null> {
    const { rows } = await namedQuery<PolicyRevision>(this.database.pool, {
      name: 'policy-current',
      text: `select ${COLUMNS} from policy_revisions where name = $1 order by revision desc limit 1`,
      values: [name],
    });
    return rows[0] ?? null;
  }

  /** The current revision together with the counter that every change of any policy raises, in one snapshot. */
  async loadCurrent(name: string): Promise<{ readonly counter: number; readonly revision: PolicyRevision | null }> {
    const { rows } = await namedQuery<PolicyRevision & { readonly counter: number }>(this.database.hotPool, {
      name: 'policy-load-current',
      text: `
        select r.value as counter, p.* from revisions r
        left join lateral (
          select ${COLUMNS} from policy_revisions where name = $1 order by revision desc limit 1
        ) p on true
        where r.name = 'policy'`,
      values: [name],
    });
    const row = rows[0];
    if (row === undefined) throw new Error('the counter of policies is missing');
    const { counter, ...revision } = row;
    return { counter, revision: (revision.name as string | null) === null ? null : revision };
  }

  /** One revision by number, or null. */
  async findRevision(name: string, revision: number): Promise<PolicyRevision | null> {
    const { rows } = await namedQuery<PolicyRevision>(this.database.pool, {
      name: 'policy-revision',
      text: `select ${COLUMNS} from policy_revisions where name = $1 and revision = $2`,
      values: [name, revision],
    });
    return rows[0] ?? null;
  }

  /**
   * The revision that was in force at the end of a millisecond, or null where the name was unknown by then. Revisions follow
   * each other under a lock: what follows one that was begun later was not there either, whatever its time.
   */
  async findAsOf(name: string, moment: Date): Promise<PolicyRevision | null> {
    const { rows } = await namedQuery<PolicyRevision>(this.database.pool, {
      name: 'policy-as-of',
      text: `
        select ${COLUMNS} from policy_revisions p
        where name = $1 and not exists (
          select from policy_revisions e
          where e.name = $1 and e.revision <= p.revision and date_trunc('milliseconds', e.at) > $2)
        order by revision desc limit 1`,
      values: [name, moment],
    });
    return rows[0] ?? null;
  }

  /** The current revision of each policy, by name, after the name given. */
  async list(after: string, limit: number): Promise<readonly PolicyRevisionSummary[]> {
    const { rows } = await namedQuery<PolicyRevisionSummary>(this.database.pool, {
      name: 'policy-list',
      text: `
        select distinct on (name) name, revision, digest, at, actor from policy_revisions
        where name > $1 order by name, revision desc limit $2`,
      values: [after, limit],
    });
    return rows;
  }

  /** The revisions of one policy, newest first, before the number given. */
  async listRevisions(name: string, before: number, limit: number): Promise<readonly PolicyRevisionSummary[]> {
    const { rows } = await namedQuery<PolicyRevisionSummary>(this.database.pool, {
      name: 'policy-revisions',
      text: `
        select name, revision, digest, at, actor from policy_revisions
        where name = $1 and revision < $2 order by revision desc limit $3`,
      values: [name, before, limit],
    });
    return rows;
  }
}
