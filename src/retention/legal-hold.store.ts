import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { HistoryStore } from '../history/history.store.js';
import { isAttestationId, isSha256Digest } from '../intoto/digest.js';
import { AppError } from '../platform/app-error.js';
import { Database } from '../platform/database.js';
import { inTransaction } from '../platform/transaction.js';
import { RETENTION_LOCK } from './held-sql.js';
import type { HoldScope, LegalHold, RequestedHold } from './legal-hold.js';

/** Which holds are asked for; null: whatever they are. */
export interface HoldFilter {
  readonly inForce: boolean | null;
}

const RECORDED = `
  select h.id, h.number, h.scope, h.target, h.reason, h.reference, h.at, h.actor,
    r.at as "releasedAt", r.actor as "releasedBy", r.reason as "releaseReason"
  from legal_holds h left join legal_hold_releases r on r.hold = h.id`;

interface RecordedRow extends RequestedHold {
  readonly id: string;
  readonly number: string | number;
  readonly at: Date;
  readonly actor: string;
  readonly releasedAt: Date | null;
  readonly releasedBy: string | null;
  readonly releaseReason: string | null;
}

/** Legal holds and their releases, in rows that are only ever added, each with its history entry. */
@Injectable()
export class LegalHoldStore {
  constructor(
    private readonly database: Database,
    private readonly history: HistoryStore,
  ) {}

  /**
   * Places a hold. What is not dropped when this resolves stays until the hold is released. Repetition places another.
   *
   * @throws AppError `attestation_not_found` and `envelope_dropped`, where there is nothing under the id that could be held.
   */
  async place(requested: RequestedHold, actor: string): Promise<LegalHold> {
    const { scope, target, reason, reference } = requested;
    const id = randomUUID();
    return inTransaction(this.database.dataSource, async (tx) => {
      await lockRetention(tx);
      if (scope === 'attestation') await assertStored(tx, target ?? '');
      await tx.query(
        `insert into legal_holds (id, number, scope, target, reason, reference, actor)
         select $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5, $6 from legal_holds`,
        [id, scope, target, reason, reference, actor],
      );
      const data = { hold: id, scope, target, reason, reference };
      await this.history.append(tx, [{ type: 'hold.placed', actor, ...aboutOf(scope, target), data }]);
      return getWithin(tx, id);
    });
  }

  /**
   * Ends a hold. Cannot be taken back; repetition for the same reason changes nothing.
   *
   * @throws AppError `hold_not_found`; `hold_released` where it was released for another reason, which stays the one on record.
   */
  async release(id: string, reason: string, actor: string): Promise<LegalHold> {
    return inTransaction(this.database.dataSource, async (tx) => {
      await lockRetention(tx);
      const hold = await getWithin(tx, id);
      if (hold.released !== null) return releasedFor(hold, hold.released, reason);
      await tx.query('insert into legal_hold_releases (hold, reason, actor) values ($1, $2, $3)', [id, reason, actor]);
      const about = aboutOf(hold.scope, hold.target);
      await this.history.append(tx, [{ type: 'hold.released', actor, ...about, data: { hold: id, reason } }]);
      return getWithin(tx, id);
    });
  }

  /** Holds, the last placed first, before the number given. */
  async list({ inForce }: HoldFilter, before: number, limit: number): Promise<readonly LegalHold[]> {
    const { rows } = await this.database.pool.query<RecordedRow>(
      `${RECORDED} where h.number < $1 and ($2::boolean is null or (r.hold is null) = $2) order by h.number desc limit $3`,
      [before, inForce, limit],
    );
    return rows.map(holdOf);
  }

  /** @throws AppError `hold_not_found` */
  async get(id: string): Promise<LegalHold> {
    const { rows } = await this.database.pool.query<RecordedRow>(`${RECORDED} where h.id = $1`, [id]);
    return found(rows, id);
  }
}

export function holdNotFound(id: string): AppError {
  return new AppError('not_found', 'hold_not_found', `no legal hold is on record under ${id}`);
}

/** The hold, where it was released for this very reason. */
function releasedFor(hold: LegalHold, released: NonNullable<LegalHold['released']>, reason: string): LegalHold {
  if (released.reason === reason) return hold;
  const detail = `legal hold ${hold.id} was released at ${released.at.toISOString()} by ${released.actor}, for another reason, which stays`;
  throw new AppError('conflict', 'hold_released', detail, {
    errors: [{ path: 'reason', message: `expected the reason on record: ${released.reason}` }],
  });
}

/** In a statement of its own: what is read after it is read when no drop is under way. */
async function lockRetention(tx: EntityManager): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1)', [RETENTION_LOCK]);
}

/** A hold on what is gone, or on a slip of the pen, would hold nothing and look as if it did. */
async function assertStored(tx: EntityManager, attestation: string): Promise<void> {
  const [row] = await tx.query<readonly { readonly dropped: boolean }[]>(
    `select exists (select from dropped_envelopes d where d.attestation = a.id) as dropped from attestations a where a.id = $1`,
    [attestation],
  );
  if (row === undefined) {
    throw new AppError('not_found', 'attestation_not_found', `no attestation is stored under ${attestation}`);
  }
  if (row.dropped) throw new AppError('gone', 'envelope_dropped', `the envelope of ${attestation} was dropped already`);
}

async function getWithin(tx: EntityManager, id: string): Promise<LegalHold> {
  return found(await tx.query<RecordedRow[]>(`${RECORDED} where h.id = $1`, [id]), id);
}

function found(rows: readonly RecordedRow[], id: string): LegalHold {
  const [row] = rows;
  if (row === undefined) throw holdNotFound(id);
  return holdOf(row);
}

function holdOf({ releasedAt, releasedBy, releaseReason, number, ...hold }: RecordedRow): LegalHold {
  return {
    ...hold,
    number: Number(number),
    released:
      releasedAt === null || releasedBy === null || releaseReason === null
        ? null
        : { at: releasedAt, actor: releasedBy, reason: releaseReason },
  };
}

/** The image or attestation that an entry about such a hold names. */
function aboutOf(scope: HoldScope, target: string | null): AboutHold {
  return {
    image: scope === 'image' && target !== null && isSha256Digest(target) ? target : null,
    attestation: scope === 'attestation' && target !== null && isAttestationId(target) ? target : null,
  };
}

type AboutHold = Pick<Parameters<HistoryStore['append']>[1][number], 'image' | 'attestation'>;
