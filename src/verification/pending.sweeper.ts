import { VERIFY_JOB_SIZE, type VerifyJob } from '../attestations/verify-queue.js';
import { readerRevisionOf } from '../facts/reader-of.js';
import type { AttestationId } from '../intoto/digest.js';
import type { DueEvidenceStore } from './due-evidence.store.js';

/** Evidence younger than this is left to the job that its ingest enqueued. */
const GRACE_MS = 3_000;
/** A commit that was under way this long after its receipt is still found. */
const LATE_COMMIT_MS = 10 * 60_000;
/** What was handed to the queue is not handed over again before this, unless the queue has run empty. */
const REMIND_MS = 60_000;
const BATCH = 64 * VERIFY_JOB_SIZE;
/** How often what changes seldom is looked for although nothing tells of a change. */
const SELDOM_MS = 60_000;
const RARELY_MS = 3_600_000;

export interface SweeperOptions {
  readonly store: DueEvidenceStore;
  readonly enqueue: (jobs: readonly VerifyJob[]) => Promise<void>;
  /** How many jobs wait in the queue or are being handled. */
  readonly backlog: () => Promise<number>;
  readonly clock: () => Promise<Date>;
  /** Told by each sweep how much evidence waits, up to a few thousand, and for how many seconds the oldest has. */
  readonly onSwept: (pending: number, oldestSeconds: number) => void;
}

/**
 * Finds what the queue forgot, what a later change of trust could let count, and what is due for another try, and hands it
 * to the workers. The rows themselves are the outbox: emptying the queue's store at any moment delays evidence, no more.
 */
export class PendingSweeper {
  /** No evidence received before this is pending; moves up as evidence is examined. */
  private settledUntil = new Date(0);
  private settledGain = { revision: 0, at: 0 };
  private retriedAt = 0;
  private outdatedAfter = 0;
  private readonly handedOver = new Map<AttestationId, number>();

  constructor(private readonly options: SweeperOptions) {}

  /** One sweep. Safe to run in several processes at once: jobs for what is examined do nothing. */
  async sweep(): Promise<void> {
    const now = await this.options.clock();
    const forgotten = (await this.options.backlog()) === 0;
    for (const [id, at] of this.handedOver) {
      if (forgotten || now.getTime() - at >= REMIND_MS) this.handedOver.delete(id);
    }
    await this.sweepPending(now);
    await this.sweepGaining(now);
    await this.sweepRetriable(now);
    await this.sweepOutdated(now);
  }

  private async sweepPending(now: Date): Promise<void> {
    const before = new Date(now.getTime() - GRACE_MS);
    const pending = await this.options.store.findPending(this.settledUntil, before, BATCH);
    const oldest = pending[0]?.receivedAt ?? before;
    this.options.onSwept(pending.length, pending.length === 0 ? 0 : (now.getTime() - oldest.getTime()) / 1000);
    this.settledUntil = new Date(
      Math.max(this.settledUntil.getTime(), Math.min(oldest.getTime(), now.getTime() - LATE_COMMIT_MS)),
    );
    await this.handOver(
      now,
      pending.map((row) => row.id),
    );
  }

  private async sweepGaining(now: Date): Promise<void> {
    const gain = await this.options.store.gainRevision();
    const moved = this.settledGain.revision !== gain;
    if (!moved && now.getTime() - this.settledGain.at < SELDOM_MS) return;
    // Now and then everything is looked at: what a worker examined at an older revision may have been recorded since.
    const gaining = await this.options.store.findGaining(moved ? this.settledGain.revision : 0, BATCH);
    await this.handOver(now, gaining);
    if (gaining.length === 0) this.settledGain = { revision: gain, at: now.getTime() };
  }

  private async sweepRetriable(now: Date): Promise<void> {
    if (now.getTime() - this.retriedAt < SELDOM_MS) return;
    await this.handOver(now, await this.options.store.findRetriable(BATCH));
    this.retriedAt = now.getTime();
  }

  /** What a release reads differently from the one before it, until nothing of it is left. */
  private async sweepOutdated(now: Date): Promise<void> {
    if (now.getTime() < this.outdatedAfter) return;
    for (const type of await this.options.store.predicateTypes()) {
      const revision = readerRevisionOf(type);
      const outdated = revision === 1 ? [] : await this.options.store.findOutdated(type, revision, BATCH);
      await this.handOver(now, outdated);
      if (outdated.length > 0) return;
    }
    // Workers of the release before may still be at work while this one is rolled out.
    this.outdatedAfter = now.getTime() + RARELY_MS;
  }

  private async handOver(now: Date, ids: readonly AttestationId[]): Promise<void> {
    const fresh = ids.filter((id) => !this.handedOver.has(id));
    const jobs: VerifyJob[] = [];
    for (let start = 0; start < fresh.length; start += VERIFY_JOB_SIZE) {
      jobs.push({ ids: fresh.slice(start, start + VERIFY_JOB_SIZE) });
    }
    if (jobs.length === 0) return;
    await this.options.enqueue(jobs);
    for (const id of fresh) this.handedOver.set(id, now.getTime());
  }
}
