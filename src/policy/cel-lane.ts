import type { Worker } from 'node:worker_threads';
import { AppError } from '../platform/app-error.js';
import type { CelBatch } from './cel-batch.js';
import {
  askThread,
  hasEnded,
  startThread,
  type ThreadAnswers,
  type ThreadLimits,
  type ThreadTime,
} from './cel-thread.js';
import { FairQueue } from './fair-queue.js';

export interface LaneLimits extends ThreadLimits, ThreadTime {
  /** How long a batch may wait for those before it. */
  readonly waitMilliseconds: number;
  /** Whether another thread stands ready for when the one is lost. */
  readonly keepsSpare: boolean;
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

const MOVED_OUT: LaneAnswers = { answers: [], lost: 'time', milliseconds: 0 };
const RETRY_AFTER_S = 2;

/**
 * A thread that evaluates CEL, started with the first batch, and the batches that wait for it: one runs at a time, and
 * policies have their turns one after the other, whatever number of batches each has. A thread that is lost to a batch is
 * ended and replaced.
 */
export class CelLane {
  private readonly waiting = new FairQueue<Waiting>();
  private thread: Promise<Worker> | null = null;
  private spare: Promise<Worker> | null = null;
  private working: Promise<void> | null = null;

  constructor(private readonly limits: LaneLimits) {}

  /** @throws AppError `overloaded` where its turn does not come in time, or no thread can be had. */
  run(batch: CelBatch): Promise<LaneAnswers> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.remove(batch.policy, waiting);
        reject(overload('too many expressions of policies are waiting to be evaluated'));
      }, this.limits.waitMilliseconds);
      const waiting: Waiting = { batch, settle: resolve, fail: reject, timer };
      this.waiting.add(batch.policy, waiting);
      this.working ??= this.work();
    });
  }

  /** Takes out what waits under a policy, as if it had had its time. */
  moveOut(policy: string): void {
    for (const { settle, timer } of this.waiting.takeAll(policy)) {
      clearTimeout(timer);
      settle(MOVED_OUT);
    }
  }

  /** Ends its threads once nothing waits for them; a later batch would start others. */
  async close(): Promise<void> {
    await this.working;
    for (const thread of [this.thread, this.spare]) {
      const worker = await thread?.catch(() => null);
      await worker?.terminate();
    }
    this.thread = null;
    this.spare = null;
  }

  private async work(): Promise<void> {
    for (let next = this.waiting.take(); next !== undefined; next = this.waiting.take()) {
      const { batch, settle, fail, timer } = next;
      clearTimeout(timer);
      try {
        const worker = await this.readyThread();
        const started = performance.now();
        const { answers, lost } = await askThread(worker, batch, this.limits);
        if (lost !== null) this.replace(worker);
        settle({ answers, lost, milliseconds: performance.now() - started });
      } catch (cause) {
        this.thread = null;
        fail(overload('the expressions of policies cannot be evaluated now', cause));
      }
    }
    this.working = null;
  }

  private async readyThread(): Promise<Worker> {
    this.thread ??= this.nextThread();
    const worker = await this.thread;
    if (!hasEnded(worker)) return worker;
    this.thread = this.nextThread();
    return this.thread;
  }

  /** Ahead of the next batch, so that it does not wait for all of the start. */
  private replace(worker: Worker): void {
    void worker.terminate();
    this.thread = this.nextThread();
    // Shows when it is waited for.
    this.thread.catch(() => undefined);
  }

  private nextThread(): Promise<Worker> {
    const next = this.spare ?? startThread(this.limits);
    this.spare = null;
    if (this.limits.keepsSpare) {
      const spareAfter = async (): Promise<void> => {
        await next;
        this.spare ??= startThread(this.limits);
        await this.spare;
      };
      spareAfter().catch(() => {
        this.spare = null;
      });
    }
    return next;
  }
}

/** What to tell who asked for what could not be evaluated for want of anything but of its own making. */
export function overload(detail: string, cause?: unknown): AppError {
  return new AppError('overloaded', 'overloaded', detail, { retryAfterSeconds: RETRY_AFTER_S, cause });
}
