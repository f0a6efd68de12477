import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TimelineStore, type Touching } from '../../src/history/timeline.store.js';
import type { Sha256Digest } from '../../src/intoto/digest.js';
import { openDatabase, type Database } from '../../src/platform/database.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const IMAGE = `sha256:${'a'.repeat(64)}` as Sha256Digest;
const ENTRIES = 100_000;
const ANYTHING = { type: null, actor: null, since: null, until: null };
const TOUCHING: Touching = {
  trustRevisions: [3],
  policies: [{ policy: 'p2', from: 5 }],
  waivers: [],
  indexes: [],
  related: [],
};

let testDatabase: TestDatabase;
let owner: pg.Client;
let database: Database;
let store: TimelineStore;

/** An image of a hundred thousand entries among twice as many of others. */
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  owner = new pg.Client({ connectionString: testDatabase.ownerUrl });
  await owner.connect();
  await owner.query(
    `insert into history_entries (actor, type, image, attestation, data, nonce)
     select 'service',
       case when n % 3 = 0 then 'verdict.recorded' when n % 1000 = 1 then 'policy.changed'
         when n % 1000 = 2 then 'attestor.changed' else 'attestation.verified' end,
       case when n % 3 = 0 then $1 else 'sha256:' || lpad(n::text, 64, '0') end,
       null, jsonb_build_object('policy', 'p' || (n / 1000 % 20), 'revision', n / 20000 + 1, 'trustRevision', n / 1000,
         'verdict', gen_random_uuid()), gen_random_uuid()
     from generate_series(1, $2) n`,
    [IMAGE, 3 * ENTRIES],
  );
  await owner.query(
    'insert into history_sequence (sequence, entry, leaf_hash) select id, id, sha256(nonce::text::bytea) from history_entries',
  );
  await owner.query('analyze');
  database = await openDatabase({ url: testDatabase.url, entities: [], applicationName: 'test', poolSize: 4 });
  store = new TimelineStore(database);
});

afterAll(async () => {
  await database.close();
  await owner.end();
  await testDatabase.drop();
});

describe('the timeline of an image of a hundred thousand entries', () => {
  it('is read in pages from wherever one is asked for', async () => {
    const seen: number[] = [];
    for (const after of [0, 150_000, 3 * ENTRIES - 100, 3 * ENTRIES]) {
      const { entries } = await store.list(IMAGE, TOUCHING, ANYTHING, after, 50);
      seen.push(...entries.map(({ sequence }) => sequence));
    }
    expect(seen).toHaveLength(50 + 50 + 34);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it('has the changes of a policy from the revision on under which it was asked about', async () => {
    const whole: number[] = [];
    for (let after = 0; ;) {
      const { entries, more } = await store.list(
        IMAGE,
        TOUCHING,
        { ...ANYTHING, type: 'policy.changed' },
        after,
        1_000,
      );
      whole.push(...entries.map(({ sequence }) => sequence));
      if (!more) break;
      after = whole.at(-1)!;
    }
    const { rows } = await owner.query<{ sequence: string }>(
      `select q.sequence from history_sequence q join history_entries e on e.id = q.entry
       where e.type = 'policy.changed' and e.data->>'policy' = 'p2' and (e.data->>'revision')::int >= 5 order by 1`,
    );
    expect(whole.length).toBeGreaterThan(5);
    expect(whole).toEqual(rows.map(({ sequence }) => Number(sequence)));
  });
});
