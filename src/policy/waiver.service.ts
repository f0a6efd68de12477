import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Caller } from '../access/caller.js';
import { HistoryStore } from '../history/history.store.js';
import type { Sha256Digest } from '../intoto/digest.js';
import { AppError } from '../platform/app-error.js';
import { Database } from '../platform/database.js';
import { inTransaction } from '../platform/transaction.js';
import { parsePolicy } from './parse-policy.js';
import { PolicyStore, type PolicyRevision } from './policy.store.js';
import { waiverStateAt, type RecordedWaiver } from './recorded-waiver.js';
import { inMicroseconds, waiverDigest } from './waiver-digest.js';
import { misfitOf } from './waivable-requirements.js';
import { assertEnd, parseWaiverRequest, type WaiverRequest } from './waiver-request.js';
import {
  findLockedWaiver,
  insertWaiver,
  insertWaiverApproval,
  insertWaiverRevocation,
  lockWaivers,
  type WaiverLock,
} from './waiver-acts.store.js';
import { WaiverStore, type WaiverFilter } from './waiver.store.js';

/** Whoever acts, by the token that he holds. */
export type WaiverActor = Pick<Caller, 'id' | 'actor'>;

/** A waiver with what is to be said of it at this moment. */
export interface WaiverSeen {
  readonly waiver: RecordedWaiver;
  readonly now: Date;
  /** Why it can waive nothing under its policy as that stands; null where it can. */
  readonly idle: string | null;
}

/**
 * Exceptions to single requirements. Every act is on record with its history entry, and raises what verdicts read in the
 * same transaction; durable on return.
 */
@Injectable()
export class WaiverService {
  constructor(
    private readonly database: Database,
    private readonly waivers: WaiverStore,
    private readonly policies: PolicyStore,
    private readonly history: HistoryStore,
  ) {}

  /**
   * Makes a waiver, which holds at once unless it needs approvals. Repetition makes another.
   *
   * @throws AppError `policy_not_found`, `waiver_malformed`, `parameter_invalid`, `digest_malformed`,
   * `repository_malformed`
   */
  async create(request: WaiverRequest, { id: author, actor }: WaiverActor): Promise<WaiverSeen> {
    const revision = await this.policies.findCurrent(request.policy);
    if (revision === null) throw new AppError('not_found', 'policy_not_found', `no policy is named ${request.policy}`);
    const requested = parseWaiverRequest(request, parsePolicy(revision.source, revision.format));
    const id = randomUUID();
    return this.act(id, async (tx, lock) => {
      assertEnd(requested.until, lock.now);
      await insertWaiver(tx, lock, { ...requested, id, actor, author });
      const { policy, requirement } = requested;
      const times = { at: inMicroseconds(lock.now), until: inMicroseconds(requested.until) };
      const digest = waiverDigest({ ...requested, ...times, id, actor, author });
      const data = { waiver: id, waiverRevision: lock.revision, policy, requirement, digest };
      await this.history.append(tx, [
        { type: 'waiver.created', actor, image: imageOf(requested), attestation: null, data },
      ]);
    });
  }

  /**
   * Approves a waiver that waits for it; the last approval that it needs makes it hold. By one token once: repetition
   * changes nothing.
   *
   * @throws AppError `waiver_not_found`, `waiver_own`, `waiver_not_pending`
   */
  async approve(id: string, { id: approver, actor }: WaiverActor): Promise<WaiverSeen> {
    return this.act(id, async (tx, lock) => {
      const waiver = await this.getWithin(tx, id);
      if (waiver.approvedBy.some((approval) => approval.approver === approver)) return;
      if (waiver.author === approver) {
        throw new AppError('forbidden', 'waiver_own', 'whoever made a waiver cannot approve it');
      }
      const state = waiverStateAt(waiver, lock.now);
      if (state !== 'pending') {
        throw new AppError('conflict', 'waiver_not_pending', `the waiver waits for no approval: it is ${state}`);
      }
      await insertWaiverApproval(tx, lock, id, { approver, actor });
      const at = inMicroseconds(lock.now);
      const data = { waiver: id, waiverRevision: lock.revision, policy: waiver.policy, approver, at };
      await this.history.append(tx, [
        { type: 'waiver.approved', actor, image: imageOf(waiver), attestation: null, data },
      ]);
    });
  }

  /**
   * Ends a waiver, from the next verdict on. Repetition for the same reason changes nothing.
   *
   * @throws AppError `waiver_not_found`; `waiver_revoked` where it was revoked for another reason, which stays the one on record.
   */
  async revoke(id: string, reason: string, { actor }: Pick<WaiverActor, 'actor'>): Promise<WaiverSeen> {
    return this.act(id, async (tx, lock) => {
      const waiver = await this.getWithin(tx, id);
      if (waiver.revocation !== null) {
        assertRevokedFor(waiver.revocation, id, reason);
        return;
      }
      await insertWaiverRevocation(tx, lock, id, { reason, actor });
      const at = inMicroseconds(lock.now);
      const data = { waiver: id, waiverRevision: lock.revision, policy: waiver.policy, reason, at };
      await this.history.append(tx, [
        { type: 'waiver.revoked', actor, image: imageOf(waiver), attestation: null, data },
      ]);
    });
  }

  /** Waivers, the last made first, before the revision given. */
  async list(filter: WaiverFilter, before: number, limit: number): Promise<readonly WaiverSeen[]> {
    const { rows, now } = await this.waivers.list(filter, before, limit);
    const names = [...new Set(rows.map(({ policy }) => policy))];
    const current = new Map(
      await Promise.all(names.map(async (name) => [name, await this.policies.findCurrent(name)] as const)),
    );
    return rows.map((waiver) => ({ waiver, now, idle: idleUnder(waiver, current.get(waiver.policy) ?? null) }));
  }

  /** One waiver. Throws AppError `waiver_not_found`. */
  async get(id: string): Promise<WaiverSeen> {
    const found = await this.waivers.find(id);
    if (found === null) throw waiverNotFound(id);
    const { waiver, now } = found;
    return { waiver, now, idle: idleUnder(waiver, await this.policies.findCurrent(waiver.policy)) };
  }

  private async act(id: string, work: (tx: EntityManager, lock: WaiverLock) => Promise<void>): Promise<WaiverSeen> {
    await inTransaction(this.database.dataSource, async (tx) => work(tx, await lockWaivers(tx)));
    return this.get(id);
  }

  private async getWithin(tx: EntityManager, id: string): Promise<RecordedWaiver> {
    const waiver = await findLockedWaiver(tx, id);
    if (waiver === null) throw waiverNotFound(id);
    return waiver;
  }
}

function assertRevokedFor(
  { at, actor, reason: before }: NonNullable<RecordedWaiver['revocation']>,
  id: string,
  reason: string,
): void {
  if (before === reason) return;
  const detail = `waiver ${id} was revoked at ${at.toISOString()} by ${actor}, for another reason, which stays`;
  throw new AppError('conflict', 'waiver_revoked', detail, {
    errors: [{ path: 'reason', message: `expected the reason on record: ${before}` }],
  });
}

function imageOf({ scope }: Pick<RecordedWaiver, 'scope'>): Sha256Digest | null {
  return scope.type === 'digest' ? scope.digest : null;
}

function idleUnder(waiver: RecordedWaiver, revision: PolicyRevision | null): string | null {
  if (revision === null) return 'there is no such policy';
  return misfitOf(waiver, parsePolicy(revision.source, revision.format))?.message ?? null;
}

/** Also what answers an id that is none. */
export function waiverNotFound(id: string): AppError {
  return new AppError('not_found', 'waiver_not_found', `no waiver is on record under ${id}`);
}
