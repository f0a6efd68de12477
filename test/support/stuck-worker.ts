import { openQueues } from '../../src/platform/queue.js';

/** A worker process that takes one job, says so, and never finishes it. */
const [, , name = '', databaseUrl = '', redisUrl = ''] = process.argv;
const queues = await openQueues({
  redisUrl: redisUrl === '' ? null : redisUrl,
  databaseUrl,
  onError: console.error,
  stalledAfterMs: 1_000,
});
queues.worker(
  name,
  () => {
    console.log('taken');
    return new Promise(() => undefined);
  },
  { concurrency: 1 },
);
