import type { Worker } from 'node:worker_threads';
import { AppError } from '../platform/app-error.js';
import type { CelBatch } from './cel-batch.js';
import { askThread, hasEnded, startThread, type ThreadAnswers, type ThreadLimits } from './cel-thread.js';
import { FairQueue } from './fair-queue.js';

export interface LaneLimits extends ThreadLimits {
  /** How long one batch may take. */
  readonly evaluationMilliseconds: number;
  /** How long a batch may wait for those before it. */
  readonly waitMilliseconds: number;
}

/** What became of a batch, and how long it held the thread. */
export interface LaneAnswers extends ThreadAnswers {
  readonly milliseconds: number;
}

interface Waiting {
  readonly batch: CelBatch;
  readonly settle: (outcome: LaneAnswers) => void;
  readonly fail: (error: AppError) => void;
  readonly timer: NodeJS.Timeout;
}

const MOVED_OUT: LaneAnswers = { answers: [], lost: 'it was moved to another thread', milliseconds: 0 };
const RETRY_AFTER_S = 2;

/**
 * A thread that evaluates CEL, started with the first batch, and the batches that wait for it: one runs at a time, and
 * policies have their turns one after the other, whatever number of batches each has. A thread that is lost to a batch is
 * ended and replaced.
 */
export class CelLane {
  private readonly waiting = new FairQueue<Waiting>();
  private thread: Promise<Worker> | null = null;
  private working: Promise<void> | null = null;

  constructor(private readonly limits: LaneLimits) {}

  /** @throws AppError `overloaded` where its turn does not come in time, or no thread can be had. */
  run(batch: CelBatch): Promise<LaneAnswers> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.remove(batch.policy, waiting);
        reject(tooMany());
      }, this.limits.waitMilliseconds);
      const waiting: Waiting = { batch, settle: resolve, fail: reject, timer };
      this.waiting.add(batch.policy, waiting);
      this.working ??= this.work();
    });
  }

  /** Takes out what waits under a policy; it is lost to this thread. */
  moveOut(policy: string): void {
    for (const { settle, timer } of this.waiting.takeAll(policy)) {
      clearTimeout(timer);
      settle(MOVED_OUT);
    }
  }

  /** Ends the thread once nothing waits for it; a later batch would start another. */
  async close(): Promise<void> {
    await this.working;
    const thread = this.thread;
    this.thread = null;
    const worker = await thread?.catch(() => null);
    await worker?.terminate();
  }

  private async work(): Promise<void> {
    for (let next = this.waiting.take(); next !== undefined; next = this.waiting.take()) {
      const { batch, settle, fail, timer } = next;
      clearTimeout(timer);
      try {
        const worker = await this.readyThread();
        const started = performance.now();
        const { answers, lost } = await askThread(worker, batch, this.limits.evaluationMilliseconds);
        if (lost !== null) this.replace(worker);
        settle({ answers, lost, milliseconds: performance.now() - started });
      } catch (cause) {
        this.thread = null;
        fail(unavailable(cause));
      }
    }
    this.working = null;
  }

  private async readyThread(): Promise<Worker> {
    this.thread ??= startThread(this.limits);
    const worker = await this.thread;
    if (!hasEnded(worker)) return worker;
    this.thread = startThread(this.limits);
    return this.thread;
  }

  /** Started ahead, so that the next batch does not wait for all of it. */
  private replace(worker: Worker): void {
    this.thread = worker.terminate().then(() => startThread(this.limits));
    // Shows when it is waited for.
    this.thread.catch(() => undefined);
  }
}

function tooMany(): AppError {
  return new AppError('overloaded', 'overloaded', 'too many expressions of policies are waiting to be evaluated', {
    retryAfterSeconds: RETRY_AFTER_S,
  });
}

function unavailable(cause: unknown): AppError {
  return new AppError('overloaded', 'overloaded', 'the expressions of policies cannot be evaluated now', {
    retryAfterSeconds: RETRY_AFTER_S,
    cause,
  });
}
