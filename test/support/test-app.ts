import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { readConfig } from '../../src/platform/config.js';
import { createLogger } from '../../src/platform/logger.js';
import { startService } from '../../src/service.js';
import { sealingKeyFile } from './sealing.js';
import type { TestDatabase } from './test-database.js';
import { REDIS_DATABASES } from './test-redis.js';

export interface TestApp {
  readonly url: string;
  /** May do everything. */
  readonly adminToken: string;
  /** A request under the admin token, or under another; `token: null` sends none. */
  request(path: string, init?: RequestInit & { readonly token?: string | null }): Promise<Response>;
  readonly stop: () => Promise<void>;
}

export interface TestAppOptions {
  readonly database: TestDatabase;
  /** Where its queue is kept; `redis` needs a machine that has it. */
  readonly backend?: 'postgres' | 'redis';
  readonly role?: 'all' | 'api' | 'worker';
  /** Further variables of the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The real service in this process, API and workers, listening on a port of its own. */
export async function startTestApp({
  database,
  backend = 'postgres',
  role = 'all',
  env = {},
}: TestAppOptions): Promise<TestApp> {
  const adminToken = randomBytes(32).toString('base64url');
  const config = readConfig({
    PORT: '0',
    ASSAY_ROLE: role,
    ASSAY_ADMIN_TOKEN: adminToken,
    DATABASE_URL: database.url,
    ASSAY_MIGRATE_DATABASE_URL: database.ownerUrl,
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'silent',
    ASSAY_LOG_KEY_FILE: sealingKeyFile(),
    ...(backend === 'redis' ? { REDIS_URL: testRedisUrl(database) } : {}),
    ...env,
  });
  const service = await startService(config, createLogger(config.logLevel));
  const { url } = service;
  return {
    url,
    adminToken,
    request(path, { token = adminToken, ...init } = {}) {
      const headers = new Headers(init.headers);
      if (token !== null) headers.set('authorization', `Bearer ${token}`);
      return fetch(new URL(path, url), { ...init, headers });
    },
    stop: () => service.stop(),
  };
}

/** One of Redis' databases, so that services on different databases share no queue. */
function testRedisUrl(database: TestDatabase): string {
  const { redisUrl } = inject('services');
  if (redisUrl === null) throw new Error('this machine has no Redis');
  const number = Buffer.from(database.url).reduce((sum, byte) => (sum * 31 + byte) % (REDIS_DATABASES - 1), 7);
  // The first is for those that keep to queues of their own.
  return `${redisUrl}/${1 + number}`;
}
