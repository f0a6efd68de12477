import type pg from 'pg';
import { isLostRace } from '../platform/sql-state.js';
import {
  countEnvelopes,
  dropEnvelopes,
  FIRST_PLACE,
  lockExamination,
  lockRetention,
  readCandidates,
  readEnvelopes,
  type EnvelopePlace,
  type ReadCandidate,
  type StoredEnvelope,
} from './drop-envelopes.store.js';
import { whyKept, type Keeping } from './may-be-dropped.js';
import { ruleFor, type RetentionRule } from './retention-rule.js';

/** Looked at in one statement. */
const PAGE_SIZE = 1_000;
/** Dropped in one transaction at most: who places a hold waits for one of them. */
const BATCH_ENVELOPES = 200;
const BATCH_BYTES = 16 * 1024 * 1024;
const ATTEMPTS = 5;

/** An envelope that a rule is about. */
export interface DueEnvelope extends StoredEnvelope {
  readonly rule: RetentionRule;
}

export interface RetentionReports {
  /** Told of each envelope that was dropped, or under a dry run would be, once that is durable. */
  readonly onDropped: (envelope: DueEnvelope) => void;
  /** Told of each that stays although a rule is about it, and why. */
  readonly onKept: (envelope: DueEnvelope, keeping: Keeping) => void;
  /** Told after each page how many envelopes were looked at, of about how many. */
  readonly onProgress: (looked: number, of: number) => void;
}

export interface RetentionOptions extends RetentionReports {
  readonly rules: readonly RetentionRule[];
  /** By which ages are reckoned. */
  readonly now: Date;
  /** Changes nothing, takes no lock, and tells what would be. */
  readonly dryRun: boolean;
}

/**
 * Drops every envelope that a rule is about and nothing keeps, oldest first, in small transactions: each is dropped together with
 * the entry that tells of it, or not at all. Ended anywhere and run again it goes on. Any number may run at once, beside the service.
 *
 * @param on a session of the owner of the tables.
 */
export async function applyRetention(on: pg.ClientBase, options: RetentionOptions): Promise<void> {
  const { rules, now, onProgress } = options;
  const before = new Date(now.getTime() - Math.min(...rules.map(({ age }) => age)));
  const total = await countEnvelopes(on, before);
  let looked = 0;
  for (let place: EnvelopePlace | null = FIRST_PLACE; place !== null;) {
    const { envelopes, next } = await readEnvelopes(on, place, before, PAGE_SIZE);
    const due = envelopes.flatMap((envelope): readonly DueEnvelope[] => {
      const rule = ruleFor(rules, envelope, now);
      return rule === null ? [] : [{ ...envelope, rule }];
    });
    for (const batch of batchesOf(due)) await dropBatch(on, batch, options);
    looked += envelopes.length;
    onProgress(looked, Math.max(total, looked));
    place = next;
  }
}

interface Judged {
  readonly envelope: DueEnvelope;
  readonly candidate: ReadCandidate;
  readonly keeping: Keeping | null;
}

async function dropBatch(on: pg.ClientBase, batch: readonly DueEnvelope[], options: RetentionOptions): Promise<void> {
  const { dryRun, onDropped, onKept } = options;
  const judged = dryRun ? await judge(on, batch) : await inRetries(() => dropWithin(on, batch));
  for (const { envelope, keeping } of judged) {
    if (keeping === null) onDropped(envelope);
    else onKept(envelope, keeping);
  }
}

/** What was decided under the locks is done under them. */
async function dropWithin(on: pg.ClientBase, batch: readonly DueEnvelope[]): Promise<readonly Judged[]> {
  await on.query('begin');
  try {
    await lockRetention(on);
    await lockExamination(
      on,
      batch.map(({ id }) => id),
    );
    const judged = await judge(on, batch);
    const dropped = judged.flatMap(({ envelope: { rule }, candidate: { id, subjects, record }, keeping }) =>
      keeping === null ? [{ id, rule: rule.text, subjects, record }] : [],
    );
    if (dropped.length > 0) await dropEnvelopes(on, dropped);
    await on.query('commit');
    return judged;
  } catch (error) {
    // What broke the transaction is what is told; a lost connection undoes it by itself.
    await on.query('rollback').catch(() => undefined);
    throw error;
  }
}

/** What is no longer stored is left out: somebody else has dropped it. */
async function judge(on: pg.ClientBase, batch: readonly DueEnvelope[]): Promise<readonly Judged[]> {
  const read = await readCandidates(
    on,
    batch.map(({ id }) => id),
  );
  const candidates = new Map(read.map((candidate) => [candidate.id, candidate]));
  return batch.flatMap((envelope): readonly Judged[] => {
    const candidate = candidates.get(envelope.id);
    return candidate === undefined ? [] : [{ envelope, candidate, keeping: whyKept(candidate) }];
  });
}

/** A deadlock, or a wait for a lock that was too long, leaves nothing behind. */
async function inRetries<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === ATTEMPTS || !isLostRace(error)) throw error;
    }
  }
}

function batchesOf(due: readonly DueEnvelope[]): readonly (readonly DueEnvelope[])[] {
  const batches: DueEnvelope[][] = [];
  let bytes = 0;
  for (const envelope of due) {
    const batch = batches.at(-1);
    bytes += envelope.size;
    if (batch !== undefined && batch.length < BATCH_ENVELOPES && bytes <= BATCH_BYTES) batch.push(envelope);
    else {
      batches.push([envelope]);
      bytes = envelope.size;
    }
  }
  return batches;
}
