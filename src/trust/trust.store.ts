import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { HistoryEntry } from '../history/history-entry.js';
import { HistoryStore } from '../history/history.store.js';
import { SIGNATURE_SCHEMES } from '../intoto/signature-scheme.js';
import { Database } from '../platform/database.js';
import { sqlStateOf } from '../platform/sql-state.js';
import { inTransaction } from '../platform/transaction.js';
import type { AttestorRecord, KeyRevocation } from './attestor.js';
import { attestorDigest } from './canonical-attestor.js';
import type { Thumbprint } from './signer.js';
import type { TrustChange } from './trust-change.js';
import { EMPTY_TRUST, extendTrust, type TrustRecords, type TrustSnapshot } from './trust-snapshot.js';

/** What a change of trust came to. */
export interface TrustChanged {
  /** null where nothing had to change. */
  readonly change: TrustChange | null;
  /** Trust with the change in it. */
  readonly trust: TrustSnapshot;
  /** The moment by which it was decided: the database's clock. */
  readonly now: string;
}

/** How long an answer waits to be told how much evidence a revocation touches. */
const COUNT_TIMEOUT_MS = 3_000;

/** Trust as it is and as it was. States and revocations are only ever added, each under a revision of its own. */
@Injectable()
export class TrustStore {
  #latest: TrustSnapshot = EMPTY_TRUST;
  readonly #loading = new Map<number, Promise<TrustSnapshot>>();

  constructor(
    private readonly database: Database,
    private readonly history: HistoryStore,
  ) {}

  /** Trust at the revision that is current when asked. */
  async snapshot(): Promise<TrustSnapshot> {
    return (await this.current()).trust;
  }

  /** Trust at the revision that is current when asked, with the database's clock at that moment. */
  async current(): Promise<{ readonly trust: TrustSnapshot; readonly now: Date }> {
    const { rows } = await this.database.pool.query<{ revision: number; now: Date }>({
      name: 'trust-revision',
      text: `select value as revision, statement_timestamp() as now from revisions where name = 'trust'`,
    });
    const { revision, now } = theRow(rows);
    return { trust: await this.snapshotAt(revision), now };
  }

  /**
   * Trust at a revision that has been committed: the same, whenever it is asked for. Costs nothing while the revision is
   * the latest asked for, and one read of what came after it when that has moved on.
   */
  async snapshotAt(revision: number): Promise<TrustSnapshot> {
    if (this.#latest.revision === revision) return this.#latest;
    const loading = this.#loading.get(revision) ?? this.loadShared(revision);
    this.#loading.set(revision, loading);
    return loading;
  }

  /** Trust as it was on record at a moment. */
  async snapshotAsOf(moment: Date): Promise<TrustSnapshot> {
    const { rows } = await this.database.pool.query<{ revision: number }>(
      `select coalesce(max(trust_revision), 0) as revision from (
         select trust_revision, at from attestor_states union all select trust_revision, at from key_revocations
       ) recorded where at <= $1`,
      [moment],
    );
    return this.snapshotAt(theRow(rows).revision);
  }

  /**
   * Puts on record what `decide` makes of trust as it is, with its history entry and the counters that verdicts and
   * workers read; durable on return. Changes go one after the other, so `decide` sees every earlier one and its answer
   * holds; it may run more than once. Where it answers null nothing is written; what it throws ends the change.
   */
  async change(
    actor: string,
    decide: (trust: TrustSnapshot, now: string) => TrustChange | null,
  ): Promise<TrustChanged> {
    return inTransaction(this.database.dataSource, async (tx) => {
      const locked: readonly { revision: string }[] = await tx.query(
        `select value as revision from revisions where name = 'trust' for update`,
      );
      const { trust, clock } = await this.load(
        (text, values) => tx.query(text, values),
        Number(theRow(locked).revision),
      );
      // The clock may be set back; the order of revisions may not.
      const now = new Date(Math.max(clock.getTime(), trust.at)).toISOString();
      const change = decide(trust, now);
      if (change === null) return { change, trust, now };
      const revision = trust.revision + 1;
      const records = recordsOf(change, revision, now);
      await insert(tx, actor, records);
      const gains = change.type === 'attestor' && change.gains;
      await tx.query('update revisions set value = $1 where name = any($2)', [
        revision,
        gains ? ['trust', 'trust_gain'] : ['trust'],
      ]);
      await this.history.append(tx, [historyEntry(actor, change, revision)]);
      return { change, trust: extendTrust(trust, revision, records), now };
    });
  }

  /** How many images carry evidence signed by the key, whether or not it counts; null where counting takes too long. */
  async countImages(thumbprint: Thumbprint): Promise<number | null> {
    const signers = SIGNATURE_SCHEMES.map((scheme) => `${thumbprint}|${scheme}`);
    try {
      return await this.database.dataSource.transaction(async (tx) => {
        await tx.query(`set local statement_timeout = ${COUNT_TIMEOUT_MS}`);
        const rows: readonly { images: string }[] = await tx.query(
          `select count(distinct s.subject) as images
           from fact_signers f join attestation_subjects s on s.attestation = f.attestation
           where f.signer = any($1) and s.subject like 'sha256:%'`,
          [signers],
        );
        return Number(theRow(rows).images);
      });
    } catch (error) {
      if (sqlStateOf(error) === QUERY_CANCELED) return null;
      throw error;
    }
  }

  private async loadShared(revision: number): Promise<TrustSnapshot> {
    try {
      const query: Query = async (text, values) => (await this.database.pool.query<LoadedRow>(text, values)).rows;
      const { trust } = await this.load(query, revision);
      if (trust.revision > this.#latest.revision) this.#latest = trust;
      return trust;
    } finally {
      this.#loading.delete(revision);
    }
  }

  /**
   * One statement, so one view of the database; and since rows up to a committed revision never change, the same
   * snapshot whatever is being written meanwhile.
   */
  private async load(query: Query, revision: number): Promise<{ readonly trust: TrustSnapshot; readonly clock: Date }> {
    const base = this.#latest.revision <= revision ? this.#latest : EMPTY_TRUST;
    const { current, clock, states, revocations } = theRow(await query(LOAD, [base.revision, revision]));
    if (Number(current) < revision) throw new Error(`trust revision ${revision} has not been committed`);
    return { trust: extendTrust(base, revision, { states, revocations }), clock };
  }
}

const QUERY_CANCELED = '57014';

interface LoadedRow {
  readonly current: number | string;
  readonly clock: Date;
  readonly states: readonly AttestorRecord[];
  readonly revocations: readonly KeyRevocation[];
}

type Query = (text: string, values: unknown[]) => Promise<readonly LoadedRow[]>;

function rfc3339(column: string): string {
  return `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

const LOAD = `
  select r.value as current, date_trunc('milliseconds', clock_timestamp()) as clock,
    (select coalesce(jsonb_agg(jsonb_build_object(
        'name', s.name, 'trustRevision', s.trust_revision, 'at', ${rfc3339('s.at')}, 'attestor', s.attestor
      ) order by s.trust_revision), '[]')
      from attestor_states s where s.trust_revision > $1 and s.trust_revision <= $2) as states,
    (select coalesce(jsonb_agg(jsonb_build_object(
        'thumbprint', k.thumbprint, 'attestor', k.attestor, 'keyId', k.key_id, 'reason', k.reason,
        'effectiveFrom', ${rfc3339('k.effective_from')}, 'at', ${rfc3339('k.at')}, 'trustRevision', k.trust_revision
      ) order by k.trust_revision), '[]')
      from key_revocations k where k.trust_revision > $1 and k.trust_revision <= $2) as revocations
  from revisions r where r.name = 'trust'`;

function recordsOf(change: TrustChange, trustRevision: number, at: string): TrustRecords {
  switch (change.type) {
    case 'attestor':
      return { states: [{ name: change.name, trustRevision, at, attestor: change.attestor }], revocations: [] };
    case 'revocation':
      return { states: [], revocations: [{ ...change.revocation, at, trustRevision }] };
  }
}

async function insert(tx: EntityManager, actor: string, { states, revocations }: TrustRecords): Promise<void> {
  for (const { name, trustRevision, at, attestor } of states) {
    await tx.query(
      'insert into attestor_states (name, trust_revision, at, actor, attestor) values ($1, $2, $3, $4, $5)',
      [name, trustRevision, at, actor, attestor === null ? null : JSON.stringify(attestor)],
    );
  }
  for (const { trustRevision, thumbprint, attestor, keyId, reason, effectiveFrom, at } of revocations) {
    await tx.query(
      `insert into key_revocations (trust_revision, thumbprint, attestor, key_id, reason, effective_from, at, actor)
       values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [trustRevision, thumbprint, attestor, keyId, reason, effectiveFrom, at, actor],
    );
  }
}

function historyEntry(actor: string, change: TrustChange, trustRevision: number): HistoryEntry {
  const entry = { actor, image: null, attestation: null };
  if (change.type === 'revocation')
    return { ...entry, type: 'key.revoked', data: { ...change.revocation, trustRevision } };
  const { name, previous, attestor } = change;
  if (attestor === null) return { ...entry, type: 'attestor.deleted', data: { attestor: name, trustRevision } };
  const data = { attestor: name, trustRevision, digest: attestorDigest(attestor) };
  return { ...entry, type: previous === null ? 'attestor.created' : 'attestor.changed', data };
}

function theRow<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new Error('the database holds no trust revision');
  return row;
}
