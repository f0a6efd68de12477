import { setTimeout as sleep } from 'node:timers/promises';
import type { JobsOptions } from 'bullmq';
import {
  PRODUCER_PATIENCE_MS,
  type BullJob,
  type BullQueue,
  type BullWorker,
  type QueueBackend,
} from './queue-backend.js';
import { openPostgresBackend } from './queue-postgres.js';
import { openRedisBackend } from './queue-redis.js';

/** What a handler is given. Delivered at least once: the same job may come again, also while it is still running. */
export interface Job {
  readonly id: string;
  readonly name: string;
  readonly data: unknown;
  /** Tries before this one that ended in an error. */
  readonly attemptsMade: number;
  /** Tries in all before the job is given up. */
  readonly attempts: number;
}

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

export interface QueueWorker {
  /** Whether it is taking jobs; false while it waits for its store at start. */
  isRunning(): boolean;
  /** Takes no more jobs and waits for those under way, at most `drainMs`; what is then cut off is delivered again. */
  close(): Promise<void>;
}

export interface WorkerSettings {
  /** Jobs handled at once. */
  readonly concurrency: number;
}

export interface Queues {
  readonly backend: 'redis' | 'postgres';
  producer(name: string): Producer;
  /**
   * Handles jobs until closed; waits for the store when it is away. A handler that resolves ends the job; one that
   * rejects makes it come back until its attempts are used up. Finished and given-up jobs leave no trace, because a kept
   * job would silently swallow the next one with its id.
   */
  worker(name: string, handle: (job: Job) => Promise<void>, settings: WorkerSettings): QueueWorker;
  /** Resolves when the store answers; rejects with the reason within about a second when it does not. */
  ping(): Promise<void>;
  /** Closes workers, then producers, then connections. */
  close(): Promise<void>;
}

export interface QueuesOptions {
  /** Redis, where given; else jobs are kept in schema `bullmq` of the database. */
  readonly redisUrl: string | null;
  readonly databaseUrl: string;
  /** Told of every failed attempt and of a store that is away, which workers wait out. */
  readonly onError: (error: Error) => void;
  /** First part of every key in Redis; one prefix, one set of queues. */
  readonly prefix?: string;
  /** How long a job of a worker that died is left alone before it is delivered again. */
  readonly stalledAfterMs?: number;
  readonly drainMs?: number;
}

const READY_RETRY_MS = 1_000;
const STALLED_AFTER_MS = 30_000;
const DRAIN_MS = 20_000;

/**
 * Opens the queues on Redis or on PostgreSQL. A store that is away does not fail it; a Redis that is there but would throw
 * jobs away does.
 */
export async function openQueues(options: QueuesOptions): Promise<Queues> {
  const { redisUrl, databaseUrl, prefix = 'assay', stalledAfterMs = STALLED_AFTER_MS, drainMs = DRAIN_MS } = options;
  const onError = withoutRepetition(options.onError);
  const backend =
    redisUrl === null
      ? openPostgresBackend({ databaseUrl, stalledAfterMs, onError })
      : await openRedisBackend({ redisUrl, prefix, stalledAfterMs, onError });
  const producers: Producer[] = [];
  const workers: QueueWorker[] = [];
  return {
    backend: backend.name,
    producer(name) {
      const producer = openProducer(backend, name);
      producers.push(producer);
      return producer;
    },
    worker(name, handle, { concurrency }) {
      const worker = openWorker(backend, name, handle, { concurrency, drainMs, onError });
      workers.push(worker);
      return worker;
    },
    ping: () => within(PRODUCER_PATIENCE_MS, backend.ping(), `${backend.name} did not answer`),
    async close() {
      await Promise.all(workers.map((worker) => worker.close()));
      await Promise.all(producers.map((producer) => producer.close()));
      await backend.close();
    },
  };
}

function openProducer(backend: QueueBackend, name: string): Producer {
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

function openWorker(
  backend: QueueBackend,
  name: string,
  handle: (job: Job) => Promise<void>,
  { concurrency, drainMs, onError }: { concurrency: number; drainMs: number; onError: (error: Error) => void },
): QueueWorker {
  let closed = false;
  let ready = false;
  let worker = open();

  function open(): BullWorker {
    const opened = backend.openWorker(name, (job) => process(job), concurrency);
    void opened.waitUntilReady().then(
      () => {
        ready = true;
      },
      () => reopen(opened),
    );
    return opened;
  }

  /** A worker whose first connection failed never recovers by itself. */
  async function reopen(broken: BullWorker): Promise<void> {
    await broken.close(true);
    await sleep(READY_RETRY_MS);
    // `close` may have been called meanwhile.
    if (!isClosed()) worker = open();
  }

  const isClosed = (): boolean => closed;

  async function process(job: BullJob): Promise<void> {
    const { id = '', data, attemptsMade } = job;
    const attempts = job.opts.attempts ?? 1;
    try {
      await handle({ id, name: job.name, data, attemptsMade, attempts });
    } catch (cause) {
      onError(new Error(`job ${name}/${id} failed, try ${attemptsMade + 1} of ${attempts}`, { cause }));
      throw cause;
    }
  }

  return {
    isRunning: () => ready && !closed && worker.isRunning(),
    async close() {
      if (closed) return;
      closed = true;
      const drained = worker.close();
      const inTime = await Promise.race([drained.then(() => true), sleep(drainMs, false, { ref: false })]);
      if (!inTime) onError(new Error(`worker ${name} did not finish within ${drainMs} ms; its jobs come back`));
    },
  };
}

/** The answer, or a rejection when it takes longer; the work itself goes on. */
async function within<T>(milliseconds: number, work: Promise<T>, complaint: string): Promise<T> {
  const timer = new AbortController();
  const late = sleep(milliseconds, null, { signal: timer.signal }).then(() => {
    throw new Error(`${complaint} within ${milliseconds} ms`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    late.catch(() => undefined);
    timer.abort();
  }
}

/** A store that is away fails every try to reach it alike; one report in half a minute says as much. */
function withoutRepetition(onError: (error: Error) => void): (error: Error) => void {
  const last = { message: '', at: -Infinity };
  return (error) => {
    const at = performance.now();
    if (error.message === last.message && at - last.at < 30_000) return;
    Object.assign(last, { message: error.message, at });
    onError(error);
  };
}
