import type { JobsOptions } from 'bullmq';

/** The parts of BullMQ's Queue and Worker that are used, whichever store they run on. */
export interface BullQueue {
  addBulk(jobs: { name: string; data: unknown; opts: JobsOptions }[]): Promise<unknown>;
  getJobCounts(...states: ('wait' | 'active' | 'delayed' | 'prioritized')[]): Promise<Record<string, number>>;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

export interface BullWorker {
  isRunning(): boolean;
  waitUntilReady(): Promise<unknown>;
  close(force?: boolean): Promise<void>;
}

export interface BullJob {
  readonly id?: string | undefined;
  readonly name: string;
  readonly data: unknown;
  readonly attemptsMade: number;
  readonly opts: { readonly attempts?: number | undefined };
}

/** A store of jobs; the queue's own behaviour on top of it is the same for all. */
export interface QueueBackend {
  readonly name: 'redis' | 'postgres';
  openQueue(name: string): BullQueue;
  openWorker(name: string, process: (job: BullJob) => Promise<void>, concurrency: number): BullWorker;
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** How long a producer waits for the store, in milliseconds. */
export const PRODUCER_PATIENCE_MS = 1_000;
