import { afterEach, beforeEach, describe, inject, it } from 'vitest';
import { surviveKills } from '../support/kill-scenario.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { REDIS_IS_MISSING } from '../support/test-redis.js';

const { redisUrl } = inject('services');
const POSTS = 2_000;
/** Half a minute alone; a machine that runs other tests beside it takes longer. */
const TIMEOUT_MS = 240_000;

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase();
});

afterEach(async () => {
  await database.drop();
});

describe(
  'nothing is lost and nothing is examined twice when processes are killed under load',
  { timeout: TIMEOUT_MS },
  () => {
    it('with the queue in Redis, which is killed as well and comes back empty', async ({ skip }) => {
      skip(redisUrl === null, REDIS_IS_MISSING);
      await surviveKills({
        ...database,
        queue: 'redis',
        posts: POSTS,
        kills: [
          { after: POSTS * 0.2, kill: ({ api }) => api() },
          { after: POSTS * 0.4, kill: ({ worker }) => worker(0) },
          { after: POSTS * 0.6, kill: ({ redis }) => redis() },
        ],
      });
    });

    it('with the queue in the database', async () => {
      await surviveKills({
        ...database,
        queue: 'postgres',
        posts: POSTS,
        kills: [
          { after: POSTS * 0.3, kill: ({ api }) => api() },
          { after: POSTS * 0.6, kill: ({ worker }) => worker(1) },
        ],
      });
    });
  },
);
