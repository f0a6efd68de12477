import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Job } from '../../src/platform/queue-worker.js';
import { openQueues, type Queues } from '../../src/platform/queue.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { freePort, REDIS_IS_MISSING, startTestRedis } from '../support/test-redis.js';

const withRedis = inject('services').redisUrl !== null;
const backends = withRedis ? (['postgres', 'redis'] as const) : (['postgres'] as const);

let database: TestDatabase;
let opened: Queues[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});

afterEach(async () => {
  await Promise.all(opened.map((queues) => queues.close()));
  opened = [];
});

afterAll(async () => {
  await database.drop();
});

async function open(
  redisUrl: string | null,
  { onError = () => undefined, ...settings }: Partial<Parameters<typeof openQueues>[0]> = {},
): Promise<Queues> {
  const queues = await openQueues({ redisUrl, databaseUrl: database.url, onError, ...settings });
  opened.push(queues);
  return queues;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(10);
}

describe.each(backends)('queues on %s', (backend) => {
  const redisUrl = backend === 'redis' ? inject('services').redisUrl : null;
  const openHere = (settings: Parameters<typeof open>[1] = {}): Promise<Queues> => open(redisUrl, settings);

  it('hands each job to a worker, with its data', async () => {
    const queues = await openHere();
    expect(queues.backend).toBe(backend);
    const name = `q-${randomUUID()}`;
    const handled: Job[] = [];
    const worker = queues.worker(
      name,
      (job) => {
        handled.push(job);
        return Promise.resolve();
      },
      { concurrency: 2 },
    );
    await queues.producer(name).add([1, 2, 3].map((n) => ({ name: 'count', data: { n }, opts: { attempts: 5 } })));
    await until(() => handled.length === 3);
    expect(handled.map(({ data }) => data).toSorted()).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(handled[0]).toMatchObject({ name: 'count', attemptsMade: 0, attempts: 5 });
    expect(worker.isRunning()).toBe(true);
    await worker.close();
    expect(worker.isRunning()).toBe(false);
  });

  it('tries a failing job again until its attempts are used up, reports each failure, and leaves nothing behind', async () => {
    const errors: Error[] = [];
    const queues = await openHere({ onError: (error) => errors.push(error) });
    const name = `q-${randomUUID()}`;
    const tries: number[] = [];
    queues.worker(
      name,
      ({ attemptsMade }) => {
        tries.push(attemptsMade);
        return Promise.reject(new Error('could not find out'));
      },
      { concurrency: 1 },
    );
    const producer = queues.producer(name);
    const job = {
      name: 'fail',
      data: null,
      opts: { jobId: 'the-same', attempts: 3, backoff: { type: 'fixed', delay: 10 } },
    };
    await producer.add([job]);
    await until(() => tries.length === 3);
    await until(async () => {
      const { waiting, active, delayed } = await producer.counts();
      return waiting + active + delayed === 0;
    });
    expect(tries).toEqual([0, 1, 2]);
    expect(errors.map(({ message }) => message)).toEqual(
      [1, 2, 3].map((n) => expect.stringContaining(`try ${n} of 3`)),
    );
    expect(errors[0]?.cause).toMatchObject({ message: 'could not find out' });
    // A finished job that was kept would swallow this one.
    await producer.add([job]);
    await until(() => tries.length === 6);
  });

  it('counts what waits', async () => {
    const queues = await openHere();
    const producer = queues.producer(`q-${randomUUID()}`);
    await producer.add([
      { name: 'a', data: null },
      { name: 'b', data: null },
      { name: 'c', data: null, opts: { delay: 60_000 } },
    ]);
    await expect(producer.counts()).resolves.toEqual({ waiting: 2, active: 0, delayed: 1 });
  });

  it('refuses a job id that the store would misread', async () => {
    const queues = await openHere();
    const adding = queues.producer(`q-${randomUUID()}`).add([{ name: 'a', data: null, opts: { jobId: 'sha256:00' } }]);
    await expect(adding).rejects.toThrow('holds a colon');
  });

  it('finishes the job under way before it closes', async () => {
    const queues = await openHere();
    const name = `q-${randomUUID()}`;
    let started = false;
    let finished = false;
    const worker = queues.worker(
      name,
      async () => {
        started = true;
        await sleep(300);
        finished = true;
      },
      { concurrency: 1 },
    );
    await queues.producer(name).add([{ name: 'slow', data: null }]);
    await until(() => started);
    await worker.close();
    expect(finished).toBe(true);
  });

  it('delivers the job of a killed worker process again', async () => {
    const queues = await openHere({ stalledAfterMs: 1_000 });
    const name = `q-${randomUUID()}`;
    await queues.producer(name).add([{ name: 'precious', data: { n: 1 }, opts: { attempts: 3 } }]);
    const script = join(inject('services').buildDir, 'test/support/stuck-worker.js');
    const stuck = spawn(process.execPath, [script, name, database.url, redisUrl ?? ''], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const _line of createInterface({ input: stuck.stdout })) break;
    stuck.kill('SIGKILL');
    const handled: Job[] = [];
    queues.worker(
      name,
      (job) => {
        handled.push(job);
        return Promise.resolve();
      },
      { concurrency: 1 },
    );
    await until(() => handled.length > 0);
    expect(handled).toMatchObject([{ name: 'precious', data: { n: 1 } }]);
  });
});

describe.skipIf(!withRedis)(withRedis ? 'a Redis that is away' : REDIS_IS_MISSING, () => {
  it('fails producers fast and lets workers wait until it is back', async () => {
    const port = await freePort();
    const errors: Error[] = [];
    const queues = await open(`redis://127.0.0.1:${port}`, { onError: (error) => errors.push(error) });
    const name = `q-${randomUUID()}`;
    const producer = queues.producer(name);
    const handled: Job[] = [];
    const worker = queues.worker(
      name,
      (job) => {
        handled.push(job);
        return Promise.resolve();
      },
      { concurrency: 1 },
    );

    const before = performance.now();
    await expect(producer.add([{ name: 'lost', data: null }])).rejects.toThrow();
    await expect(queues.ping()).rejects.toThrow();
    expect(performance.now() - before).toBeLessThan(5_000);
    expect(worker.isRunning()).toBe(false);
    expect(errors.length).toBeGreaterThan(0);

    const first = await startTestRedis({ port });
    const add = async (job: string): Promise<void> => {
      await until(() =>
        producer.add([{ name: job, data: null }]).then(
          () => true,
          () => false,
        ),
      );
      await until(() => handled.some((done) => done.name === job));
    };
    await add('first');
    await first?.stop();
    await expect(producer.add([{ name: 'lost', data: null }])).rejects.toThrow();
    const second = await startTestRedis({ port });
    await add('second');
    await queues.ping();
    expect(worker.isRunning()).toBe(true);
    await queues.close();
    await second?.stop();
  });

  it('does not keep the service from closing', async () => {
    const queues = await open(`redis://127.0.0.1:${await freePort()}`, { drainMs: 500 });
    queues
      .producer('q')
      .add([{ name: 'a', data: null }])
      .catch(() => undefined);
    queues.worker('q', () => Promise.resolve(), { concurrency: 1 });
    await queues.close();
  });

  it('is refused where it may evict any key', async () => {
    const port = await freePort();
    const redis = await startTestRedis({ port, args: ['--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru'] });
    await expect(open(`redis://127.0.0.1:${port}`)).rejects.toThrow('set it to noeviction');
    await redis?.stop();
  });

  it('is reported where it may evict keys that expire', async () => {
    const port = await freePort();
    const redis = await startTestRedis({ port, args: ['--maxmemory', '50mb', '--maxmemory-policy', 'volatile-lru'] });
    const errors: Error[] = [];
    const queues = await open(`redis://127.0.0.1:${port}`, { onError: (error) => errors.push(error) });
    expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining('volatile-lru')]);
    await queues.close();
    await redis?.stop();
  });

  it('is used with a password and refused with a wrong one', async () => {
    const port = await freePort();
    const redis = await startTestRedis({ port });
    const admin = new Redis(port);
    await admin.call('acl', 'setuser', 'assay', 'on', '>secret/1', '~*', '&*', '+@all');
    admin.disconnect();
    const queues = await open(`redis://assay:${encodeURIComponent('secret/1')}@127.0.0.1:${port}`);
    await queues.producer('q').add([{ name: 'a', data: null }]);
    const wrong = await open(`redis://assay:wrong@127.0.0.1:${port}`);
    await expect(wrong.producer('q').add([{ name: 'a', data: null }])).rejects.toThrow();
    await Promise.all([queues.close(), wrong.close()]);
    await redis?.stop();
  });
});
