import type { JobsOptions } from 'bullmq';
import { PRODUCER_PATIENCE_MS, type BullQueue, type QueueBackend } from './queue-backend.js';
import { within } from './within.js';

export interface NewJob {
  readonly name: string;
  readonly data: unknown;
  /** `jobId` (without a colon) makes a job that is already waiting swallow this one; `attempts`, `backoff`, `delay`. */
  readonly opts?: Pick<JobsOptions, 'jobId' | 'attempts' | 'backoff' | 'delay' | 'priority'>;
}

export interface JobCounts {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
}

export interface Producer {
  /**
   * Adds the jobs, or rejects within about a second when the queue's store is away. After a rejection it is unknown
   * whether they were added. They are kept in the store only: what must not be lost is found again from the database.
   */
  add(jobs: readonly NewJob[]): Promise<void>;
  counts(): Promise<JobCounts>;
  close(): Promise<void>;
}

/** Opens the queue of this name with its first use. */
export function openProducer(backend: QueueBackend, name: string): Producer {
  let queue: BullQueue | null = null;

  /** A queue whose first connection failed stays broken, so it is opened again by the next use. */
  async function ready(): Promise<BullQueue> {
    const opened = (queue ??= backend.openQueue(name));
    try {
      await opened.waitUntilReady();
    } catch (error) {
      if (queue === opened) queue = null;
      throw error;
    }
    return opened;
  }

  const bounded = <T>(work: Promise<T>): Promise<T> =>
    within(PRODUCER_PATIENCE_MS, work, `the queue's store (${backend.name}) did not answer`);

  return {
    async add(jobs) {
      if (jobs.length === 0) return;
      const bulk = jobs.map((job) => {
        if (job.opts?.jobId?.includes(':') === true) throw new Error(`a job id holds a colon: ${job.opts.jobId}`);
        return { name: job.name, data: job.data, opts: { ...job.opts, removeOnComplete: true, removeOnFail: true } };
      });
      await bounded(ready().then((opened) => opened.addBulk(bulk)));
    },
    async counts() {
      const counts = await bounded(
        ready().then((opened) => opened.getJobCounts('wait', 'active', 'delayed', 'prioritized')),
      );
      return {
        waiting: (counts.wait ?? 0) + (counts.prioritized ?? 0),
        active: counts.active ?? 0,
        delayed: counts.delayed ?? 0,
      };
    },
    async close() {
      const opened = queue;
      queue = null;
      await opened?.close();
    },
  };
}
