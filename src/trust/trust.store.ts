import { Inject, Injectable } from '@nestjs/common';
import { HistoryStore } from '../history/history.store.js';
import { Database } from '../platform/database.js';
import { inTransaction } from '../platform/transaction.js';
import type { TrustChange } from './trust-change.js';
import { historyEntryOf } from './trust-history.js';
import { gainsOf, insertRecords, LOAD_RECORDS, recordsOf, TRUST_TABLES } from './trust-records.store.js';
import { TRUST_ROOT_FORMATS, type TrustRootFormats } from './trust-root-formats.js';
import { emptyTrust, extendTrust, type TrustRecords, type TrustSnapshot } from './trust-snapshot.js';

/** What a change of trust came to. */
export interface TrustChanged {
  /** null where nothing had to change. */
  readonly change: TrustChange | null;
  /** Trust with the change in it. */
  readonly trust: TrustSnapshot;
  /** The moment by which it was decided: the database's clock. */
  readonly now: string;
}

/** Trust as it is and as it was. Records are only ever added, each under a revision of its own. */
@Injectable()
export class TrustStore {
  readonly #empty: TrustSnapshot;
  #latest: TrustSnapshot;
  readonly #loading = new Map<number, Promise<TrustSnapshot>>();

  constructor(
    private readonly database: Database,
    private readonly history: HistoryStore,
    @Inject(TRUST_ROOT_FORMATS) { publicGood }: Pick<TrustRootFormats, 'publicGood'>,
  ) {
    this.#empty = emptyTrust(publicGood);
    this.#latest = this.#empty;
  }

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
         ${TRUST_TABLES.map((table) => `select trust_revision, at from ${table}`).join(' union all ')}
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
      const gains = gainsOf(change);
      await insertRecords(tx, actor, records, gains, revision);
      await tx.query('update revisions set value = $1 where name = any($2)', [
        revision,
        gains.length > 0 ? ['trust', 'trust_gain'] : ['trust'],
      ]);
      await this.history.append(tx, [historyEntryOf(actor, change, revision)]);
      return { change, trust: extendTrust(trust, revision, records), now };
    });
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
    const base = this.#latest.revision <= revision ? this.#latest : this.#empty;
    const { current, clock, ...records } = theRow(await query(LOAD_RECORDS, [base.revision, revision]));
    if (Number(current) < revision) throw new Error(`trust revision ${revision} has not been committed`);
    return { trust: extendTrust(base, revision, records), clock };
  }
}

interface LoadedRow extends TrustRecords {
  readonly current: number | string;
  readonly clock: Date;
}

type Query = (text: string, values: unknown[]) => Promise<readonly LoadedRow[]>;

function theRow<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new Error('the database holds no trust revision');
  return row;
}
