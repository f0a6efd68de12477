import { setTimeout as sleep } from 'node:timers/promises';
import type { BullJob, BullWorker, QueueBackend } from './queue-backend.js';

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

const READY_RETRY_MS = 1_000;

/** Handles the jobs of the queue of this name, from the moment its store is there. */
export function openWorker(
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
