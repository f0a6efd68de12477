import { PRODUCER_PATIENCE_MS } from './queue-backend.js';
import { openPostgresBackend } from './queue-postgres.js';
import { openProducer, type Producer } from './queue-producer.js';
import { openRedisBackend } from './queue-redis.js';
import { openWorker, type Job, type QueueWorker, type WorkerSettings } from './queue-worker.js';
import { within } from './within.js';

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
