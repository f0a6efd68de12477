import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrations } from '../../migrations/index.js';
import { migrate } from '../../src/platform/migrate.js';
import { Faults } from '../support/faults.js';
import { openHouse } from '../support/rooms.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** What stays when the process dies right behind it. Whatever else dies with its transaction and leaves what one of these did. */
const STAYS = /^(commit|grant)\b/i;

const faults = new Faults();
let reference: TestDatabase;

beforeAll(async () => {
  reference = await createTestDatabase();
});

afterAll(async () => {
  await reference.drop();
});

const migrateOnce = ({ url, ownerUrl }: TestDatabase): Promise<void> =>
  migrate({ url: ownerUrl, serviceUrl: url, migrations, queueInDatabase: true, log: () => undefined });

/** Every table with its columns and what the service may do with it. */
async function schemaOf({ ownerUrl }: TestDatabase): Promise<unknown> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    const { rows } = await client.query(
      `select c.oid::regclass::text as name, c.relkind as kind, array_to_string(c.relacl, ' ') as grants,
         (select string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attnum)
          from pg_attribute where attrelid = c.oid and attnum > 0) as columns
       from pg_class c where c.relnamespace in ('public'::regnamespace, 'bullmq'::regnamespace) order by 1`,
    );
    return rows;
  } finally {
    await client.end();
  }
}

describe('a migration that was cut off', () => {
  it('behind whatever step is finished by the next', async () => {
    const stop = faults.watchAll();
    const first = await createTestDatabase('empty');
    let calls: readonly string[];
    try {
      calls = await faults.record(() => migrateOnce(first));
    } finally {
      stop();
      await first.drop();
    }
    const points = calls.flatMap((call, index) => (STAYS.test(call) ? [index] : []));
    expect(points.length).toBeGreaterThan(migrations.length);
    for (const index of points) {
      const database = await createTestDatabase('empty');
      const unwatch = faults.watchAll();
      try {
        faults.failAt(index, 'it happened, the answer was lost');
        await expect(migrateOnce(database), calls[index]).rejects.toThrow();
      } finally {
        unwatch();
      }
      await migrateOnce(database);
      expect(await schemaOf(database), `cut off behind ${calls[index]!}`).toEqual(await schemaOf(reference));
      const house = await openHouse(database.url, new Faults());
      await house.settle();
      await house.close();
      await database.drop();
    }
  });
});
