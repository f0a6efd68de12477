import { createPostgresBackend, withBackend } from 'bullmq';
import pg from 'pg';
import { poolOptions, serviceUrl } from './database.js';
import { PRODUCER_PATIENCE_MS, type QueueBackend } from './queue-backend.js';

/** What a crash takes from the queue is found again from the evidence itself, so no commit here waits for the disk. */
const QUEUE_SETTINGS = ['search_path=bullmq', 'synchronous_commit=off'];
const PRODUCER_POOL_SIZE = 4;
/** A worker's connection for LISTEN, and those for its own short statements. */
const WORKER_POOL_SIZE = 6;

/** BullMQ on schema `bullmq` of the database, which `migrate` has made. */
export function openPostgresBackend(options: {
  readonly databaseUrl: string;
  readonly stalledAfterMs: number;
  readonly onError: (error: Error) => void;
}): QueueBackend {
  const { databaseUrl, stalledAfterMs } = options;
  const { Queue, Worker } = withBackend(createPostgresBackend);
  const pools: pg.Pool[] = [];
  let closing = false;
  const onError = (error: Error): void => {
    // A connection that is being closed may still be told that its server ends.
    if (!closing) options.onError(error);
  };

  function openPool(size: number, patienceMs?: number): pg.Pool {
    const pool = new pg.Pool({
      ...poolOptions('assay-queue'),
      connectionString: serviceUrl(databaseUrl, QUEUE_SETTINGS),
      max: size,
      ...(patienceMs === undefined ? {} : { connectionTimeoutMillis: patienceMs }),
    });
    pool.on('error', onError);
    pools.push(pool);
    return pool;
  }

  const producers = openPool(PRODUCER_POOL_SIZE, PRODUCER_PATIENCE_MS);
  return {
    name: 'postgres',
    openQueue(name) {
      const queue = new Queue<unknown>(name, { connection: producers });
      queue.on('error', onError);
      return queue;
    },
    openWorker(name, process, concurrency) {
      const worker = new Worker<unknown>(name, process, {
        connection: openPool(WORKER_POOL_SIZE),
        concurrency,
        lockDuration: stalledAfterMs,
        stalledInterval: stalledAfterMs,
        maxStalledCount: 2,
        runRetryDelay: 1_000,
      });
      worker.on('error', onError);
      return worker;
    },
    async ping() {
      await producers.query('select 1');
    },
    async close() {
      closing = true;
      await Promise.all(pools.map((pool) => pool.end()));
    },
  };
}
