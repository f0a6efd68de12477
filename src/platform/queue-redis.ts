import { Queue, Worker } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import { PRODUCER_PATIENCE_MS, type QueueBackend } from './queue-backend.js';

const OLDEST_REDIS = [6, 2] as const;

/**
 * BullMQ on Redis. Resolves also while Redis is away. Rejects when it is there and cannot be used: too old, or set to
 * evict any key when memory runs short, which tears queues apart.
 */
export async function openRedisBackend(options: {
  readonly redisUrl: string;
  readonly prefix: string;
  readonly stalledAfterMs: number;
  readonly onError: (error: Error) => void;
}): Promise<QueueBackend> {
  const { redisUrl, prefix, stalledAfterMs, onError } = options;
  const connections: Redis[] = [];

  function connect(settings: RedisOptions): Redis {
    const redis = new Redis(redisUrl, settings);
    redis.on('error', onError);
    connections.push(redis);
    return redis;
  }

  const producers = connect({
    connectionName: 'assay-producer',
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: PRODUCER_PATIENCE_MS,
    commandTimeout: PRODUCER_PATIENCE_MS,
  });
  const disconnect = (): void => {
    for (const redis of connections) redis.disconnect();
  };
  const fault = await faultOf(producers);
  if (fault?.fatal === true) {
    disconnect();
    throw new Error(fault.message);
  }
  if (fault !== null) onError(new Error(fault.message));

  return {
    name: 'redis',
    openQueue(name) {
      // The version is checked above; BullMQ's own check breaks a queue for good when Redis goes away in its course.
      const queue = new Queue<unknown>(name, { connection: producers, prefix, skipVersionCheck: true });
      queue.on('error', onError);
      return queue;
    },
    openWorker(name, process, concurrency) {
      const worker = new Worker<unknown>(name, process, {
        connection: connect({ connectionName: 'assay-worker', maxRetriesPerRequest: null }),
        prefix,
        concurrency,
        lockDuration: stalledAfterMs,
        stalledInterval: stalledAfterMs,
        maxStalledCount: 2,
        runRetryDelay: 1_000,
        skipVersionCheck: true,
      });
      worker.on('error', onError);
      return worker;
    },
    async ping() {
      await producers.ping();
    },
    close() {
      disconnect();
      return Promise.resolve();
    },
  };
}

/** What is wrong with this Redis, as far as it can be asked at present. */
async function faultOf(redis: Redis): Promise<{ readonly message: string; readonly fatal: boolean } | null> {
  let info: string;
  try {
    await connected(redis);
    info = await redis.info();
  } catch (error) {
    return { message: `Redis is away: ${error instanceof Error ? error.message : String(error)}`, fatal: false };
  }
  const [major = 0, minor = 0] = (/^redis_version:(\d+)\.(\d+)/m.exec(info) ?? []).slice(1).map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_REDIS;
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    return { message: `Redis ${major}.${minor} is too old; ${OLDEST_REDIS.join('.')} or newer is needed`, fatal: true };
  }
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction';
  if (policy === 'noeviction') return null;
  const message = `Redis evicts keys when memory runs short (maxmemory-policy ${policy}); set it to noeviction`;
  return { message, fatal: policy.startsWith('allkeys') };
}

/** Resolves once commands can be sent; rejects with the first error on the way, or when it takes too long. */
async function connected(redis: Redis): Promise<void> {
  if (redis.status === 'ready') return;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`no connection within ${PRODUCER_PATIENCE_MS} ms`));
    }, PRODUCER_PATIENCE_MS);
    redis.once('ready', () => {
      clearTimeout(timer);
      resolve();
    });
    redis.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
