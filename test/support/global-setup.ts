import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrations } from '../../migrations/index.js';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres.js';
import { migrate } from '../../src/platform/migrate.js';
import { databaseUrl, SERVICE_LOGIN, TEMPLATE } from './test-database.js';
import { REDIS_IS_MISSING, startTestRedis } from './test-redis.js';

/** What the tests of one run share. */
export interface TestServices {
  /** A PostgreSQL server, as its owner. */
  readonly postgresUrl: string;
  /** null where the machine has no Redis. */
  readonly redisUrl: string | null;
  /** The compiled sources, for tests that need processes of their own. */
  readonly buildDir: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    services: TestServices;
  }
}

interface Running {
  readonly services: TestServices;
  stop(): Promise<void>;
}

/** Several test projects of one run share one set of servers. */
const shared = globalThis as { assayTestServices?: { users: number; running: Promise<Running> } };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const current = (shared.assayTestServices ??= { users: 0, running: start() });
  current.users += 1;
  const { services } = await current.running;
  project.provide('services', services);
  return async () => {
    current.users -= 1;
    if (current.users > 0) return;
    delete shared.assayTestServices;
    await (await current.running).stop();
  };
}

async function start(): Promise<Running> {
  const root = join(import.meta.dirname, '../..');
  const buildDir = join(root, 'node_modules/.cache', `assay-tests-${process.pid}`);
  mkdirSync(buildDir, { recursive: true });
  writeFileSync(join(buildDir, 'package.json'), '{"type":"module"}');
  execFileSync(join(root, 'node_modules/.bin/swc'), ['src', 'migrations', 'test/support', '-d', buildDir, '-q'], {
    cwd: root,
  });

  const dataDir = mkdtempSync(join(tmpdir(), 'assay-test-'));
  // Entered by the account PostgreSQL runs as when the tests are run by root.
  execFileSync('chmod', ['755', dataDir]);
  const postgres = await startEmbeddedPostgres({
    dataDir,
    log: () => undefined,
    // Nothing outlives the run, so nothing has to reach the disk.
    settings: { fsync: 'off', max_connections: '300' },
  });
  const redis = await startTestRedis();
  if (redis === null) console.warn(REDIS_IS_MISSING);
  await makeTemplate(postgres.ownerUrl);
  return {
    services: { postgresUrl: postgres.ownerUrl, redisUrl: redis?.url ?? null, buildDir },
    async stop() {
      await redis?.stop();
      await postgres.stop();
      rmSync(dataDir, { recursive: true, force: true });
      rmSync(buildDir, { recursive: true, force: true });
    },
  };
}

async function makeTemplate(postgresUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  try {
    await client.query(`create role ${SERVICE_LOGIN} login`);
    await client.query(`create database ${TEMPLATE}`);
  } finally {
    await client.end();
  }
  await migrate({
    url: databaseUrl(postgresUrl, TEMPLATE),
    serviceUrl: databaseUrl(postgresUrl, TEMPLATE, SERVICE_LOGIN),
    migrations,
    queueInDatabase: true,
    log: () => undefined,
  });
}
