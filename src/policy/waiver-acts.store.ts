import type { EntityManager } from 'typeorm';
import type { RecordedWaiver, WaiverApproval } from './recorded-waiver.js';
import { RECORDED_WAIVERS, recordedWaiverOf, type RecordedWaiverRow } from './recorded-waiver-row.js';

/** The lock under which waivers change, and where that leaves whoever holds it. */
export interface WaiverLock {
  /** For the next act. */
  readonly revision: number;
  /** The database's clock, read behind the lock. */
  readonly now: Date;
}

/** Takes the lock under which waivers change: acts go one after the other, and each sees all before it. */
export async function lockWaivers(tx: EntityManager): Promise<WaiverLock> {
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
export async function findLockedWaiver(tx: EntityManager, id: string): Promise<RecordedWaiver | null> {
  const rows: readonly RecordedWaiverRow[] = await tx.query(`${RECORDED_WAIVERS} and w.id = $2`, [null, id]);
  const [row] = rows;
  return row === undefined ? null : recordedWaiverOf(row);
}

/** Adds a waiver; the caller holds the lock. */
export async function insertWaiver(
  tx: EntityManager,
  { revision, now }: WaiverLock,
  waiver: Omit<RecordedWaiver, 'revision' | 'at' | 'approvedBy' | 'revocation'>,
): Promise<void> {
  const { id, policy, requirement, vulnerability, scope, parameters, reason, reference, until, approvals } = waiver;
  await raise(tx, revision);
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
export async function insertWaiverApproval(
  tx: EntityManager,
  { revision, now }: WaiverLock,
  waiver: string,
  { approver, actor }: Omit<WaiverApproval, 'at'>,
): Promise<void> {
  await raise(tx, revision);
  await tx.query('insert into waiver_approvals (waiver, approver, revision, at, actor) values ($1, $2, $3, $4, $5)', [
    waiver,
    approver,
    revision,
    now,
    actor,
  ]);
}

/** Adds a revocation; the caller holds the lock. */
export async function insertWaiverRevocation(
  tx: EntityManager,
  { revision, now }: WaiverLock,
  waiver: string,
  { reason, actor }: { readonly reason: string; readonly actor: string },
): Promise<void> {
  await raise(tx, revision);
  await tx.query('insert into waiver_revocations (waiver, revision, reason, at, actor) values ($1, $2, $3, $4, $5)', [
    waiver,
    revision,
    reason,
    now,
    actor,
  ]);
}

/** Raises what every verdict reads. */
async function raise(tx: EntityManager, revision: number): Promise<void> {
  await tx.query(`update revisions set value = $1 where name = 'waiver'`, [revision]);
}
