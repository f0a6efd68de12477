import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, inject, it } from 'vitest';
import { migrations } from '../../migrations/index.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/platform/embedded-postgres.js';
import { migrate } from '../../src/platform/migrate.js';
import { surviveKills, type KillScenario } from '../support/kill-scenario.js';
import { REDIS_IS_MISSING } from '../support/test-redis.js';

const { redisUrl } = inject('services');
const POSTS = 20_000;
const KILLS = 30;

let dataDir: string;
let postgres: EmbeddedPostgres;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'assay-kill-'));
  execFileSync('chmod', ['755', dataDir]);
  // With fsync: what is acknowledged outlives a crash of the server.
  postgres = await startEmbeddedPostgres({ dataDir, log: () => undefined, settings: { max_connections: '200' } });
  await migrate({
    url: postgres.ownerUrl,
    serviceUrl: postgres.serviceUrl,
    migrations,
    queueInDatabase: true,
    log: () => undefined,
  });
});

afterEach(async () => {
  await postgres.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

type Kill = KillScenario['kills'][number]['kill'];

/** One of the server's processes is killed, upon which it ends all of them and recovers from its log. */
async function crashPostgres(): Promise<void> {
  const client = new pg.Client({ connectionString: postgres.ownerUrl });
  client.on('error', () => undefined);
  await client.connect();
  const { rows } = await client.query<{ pid: number }>(
    `select pid from pg_stat_activity where application_name like 'assay-%' order by random() limit 1`,
  );
  if (rows[0] !== undefined) process.kill(rows[0].pid, 'SIGKILL');
  await client.end().catch(() => undefined);
}

/** As many kills as there are, spread over the posts, of everything in turn. */
function inTurn(kinds: readonly Kill[]): KillScenario['kills'] {
  return Array.from({ length: KILLS }, (_, index) => ({
    after: Math.floor((POSTS * (index + 1)) / (KILLS + 2)),
    kill: kinds[index % kinds.length]!,
  }));
}

const PROCESSES: readonly Kill[] = [
  ({ api }) => api(),
  ({ worker }) => worker(0),
  crashPostgres,
  ({ worker }) => worker(1),
  async ({ worker }) => {
    await Promise.all([worker(0), worker(1)]);
  },
];

describe('nothing is lost and nothing is examined twice when everything is killed again and again under load', () => {
  it('with the queue in Redis', async ({ skip }) => {
    skip(redisUrl === null, REDIS_IS_MISSING);
    const { serviceUrl: url, ownerUrl } = postgres;
    const kills = inTurn([...PROCESSES, ({ redis }) => redis()]);
    await surviveKills({ url, ownerUrl, queue: 'redis', posts: POSTS, kills });
  });

  it('with the queue in the database', async () => {
    const { serviceUrl: url, ownerUrl } = postgres;
    await surviveKills({ url, ownerUrl, queue: 'postgres', posts: POSTS, kills: inTurn(PROCESSES) });
  });
});
