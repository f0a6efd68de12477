import { createHash, randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entities } from '../../src/data-source.js';
import { ImageRelationStore, type PostedIndex } from '../../src/images/image-relation.store.js';
import { ImageStore } from '../../src/images/image.store.js';
import type { Sha256Digest } from '../../src/intoto/digest.js';
import { parseImageIndex } from '../../src/intoto/image-index.js';
import { openDatabase, type Database } from '../../src/platform/database.js';
import { inTransaction } from '../../src/platform/transaction.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let testDatabase: TestDatabase;
let database: Database;
let owner: pg.Client;
let relations: ImageRelationStore;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = await openDatabase({ url: testDatabase.url, entities, applicationName: 'relations-test', poolSize: 4 });
  owner = new pg.Client({ connectionString: testDatabase.ownerUrl });
  await owner.connect();
  relations = new ImageRelationStore(database);
});

afterAll(async () => {
  await owner.end();
  await database.close();
  await testDatabase.drop();
});

const newDigest = (): Sha256Digest => `sha256:${randomBytes(32).toString('hex')}` as Sha256Digest;

/** An index that no other is equal to, of this manifest and one more. */
function indexOf(manifest: Sha256Digest): PostedIndex {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const listed = [manifest, newDigest()].map((digest) => ({ mediaType, digest, size: 500 }));
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: listed }));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Sha256Digest;
  return { digest, bytes, index: parseImageIndex(bytes), actor: 'token:test#1' };
}

/** Records an index, pausing in its transaction before it asks for the locks; answers the time it was given. */
function post(
  posted: PostedIndex,
  beforeLocks: () => Promise<unknown> = () => Promise.resolve(),
): Promise<string | null> {
  const concerned = [posted.digest, ...posted.index.manifests.map(({ digest }) => digest)];
  return inTransaction(database.dataSource, async (tx) => {
    await tx.query('select now()');
    await beforeLocks();
    await new ImageStore().lock(tx, concerned);
    return relations.insert(tx, posted);
  });
}

/** The database's clock, at a millisecond of its own. */
async function moment(): Promise<Date> {
  const { rows } = await owner.query<{ now: Date }>(
    `select date_trunc('milliseconds', clock_timestamp()) as now, pg_sleep(0.005)`,
  );
  return rows[0]!.now;
}

describe('relations as of a moment', () => {
  it('are in the order of their numbers, whichever transaction began first', async () => {
    const manifest = newDigest();
    const [slow, quick] = [indexOf(manifest), indexOf(manifest)];
    const moments: Date[] = [];
    await post(slow, async () => {
      moments.push(await moment());
      await post(quick);
      moments.push(await moment());
    });
    moments.push(await moment());
    const known = await Promise.all(moments.map((at) => relations.asOf(manifest, at)));
    expect(known.map(({ revision }) => revision)).toEqual([0, 1, 2]);
    expect(known.map(({ relations: { indexes } }) => indexes)).toEqual([
      [],
      [quick.digest],
      [quick.digest, slow.digest].sort(),
    ]);
  });

  it('are in that order also where the clock was put back', async () => {
    const manifest = newDigest();
    const first = indexOf(manifest);
    await post(first);
    await owner.query(`update image_indexes set received_at = received_at + interval '1 hour' where digest = $1`, [
      first.digest,
    ]);
    const { rows } = await owner.query<{ at: string }>(
      `select to_char(received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at from image_indexes where digest = $1`,
      [first.digest],
    );
    expect(await post(indexOf(manifest))).toBe(rows[0]!.at);
  });

  it('leave out what an earlier release numbered behind what was begun later', async () => {
    const manifest = newDigest();
    const [first, second] = [indexOf(manifest), indexOf(manifest)];
    await post(first);
    await post(second);
    const now = await moment();
    // As the time of its transaction was, which waited for the locks.
    await owner.query(`update image_indexes set received_at = received_at - interval '1 hour' where digest = $1`, [
      second.digest,
    ]);
    const known = await relations.asOf(manifest, new Date(now.getTime() - 60_000));
    expect(known.revision).toBe(0);
    expect((await relations.asOf(manifest, now)).revision).toBe(2);
  });

  it('are told once of an index that is posted again', async () => {
    const posted = indexOf(newDigest());
    expect(await post(posted)).toMatch(/^\d{4}-.*Z$/);
    expect(await post(posted)).toBeNull();
  });
});
