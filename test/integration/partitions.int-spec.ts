import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase, type Database } from '../../src/platform/database.js';
import { PartitionKeeper } from '../../src/platform/partition-keeper.js';
import { verdictIdAt } from '../../src/policy/verdict-id.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let place: TestDatabase;
let database: Database;
let owner: pg.Client;
let keeper: PartitionKeeper;

beforeAll(async () => {
  place = await createTestDatabase();
  database = await openDatabase({ url: place.url, entities: [], applicationName: 'test', poolSize: 4 });
  owner = new pg.Client({ connectionString: place.ownerUrl });
  await owner.connect();
  keeper = new PartitionKeeper(database, (error) => {
    throw error;
  });
});

afterAll(async () => {
  await database.close();
  await owner.end();
  await place.drop();
});

async function rangesOf(table: string): Promise<readonly string[]> {
  const { rows } = await owner.query<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = $1::regclass order by name`,
    [table],
  );
  return rows.map(({ name }) => name);
}

async function storedIn(table: string, where: string): Promise<string | undefined> {
  const { rows } = await owner.query<{ name: string }>(
    `select tableoid::regclass::text as name from ${table} where ${where}`,
  );
  return rows[0]?.name;
}

function month(ahead: number): string {
  const now = new Date();
  const at = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead, 1));
  return at.toISOString().slice(0, 7).replace('-', '_');
}

async function recordVerdict(at: Date): Promise<string> {
  const id = verdictIdAt(at, randomBytes(10));
  await owner.query(
    `insert into verdicts (id, at, image, policy, policy_revision, decision, requested_by, verdict, question)
     values ($1, $2, 'sha256:x', 'p', 1, 'deny', 'token:x#1', '{}', 'q')`,
    [id, at],
  );
  return id;
}

describe('what grows for ever', () => {
  it('has a range for this month and three to come, and one for whatever falls into none', async () => {
    const months = [0, 1, 2, 3].map(month);
    expect(await rangesOf('envelopes')).toEqual([...months.map((each) => `envelopes_${each}`), 'envelopes_default']);
    expect(await rangesOf('verdicts')).toEqual([...months.map((each) => `verdicts_${each}`), 'verdicts_default']);
    expect(await rangesOf('history_entries')).toEqual(
      ['history_entries_0', 'history_entries_1', 'history_entries_2', 'history_entries_default'].sort(),
    );
  });

  it('is kept in the range of its time', async () => {
    const id = await recordVerdict(new Date());
    expect(await storedIn('verdicts', `id = '${id}'`)).toBe(`verdicts_${month(0)}`);
    await owner.query(`insert into envelopes (attestation, bytes) values ('sha256:now', '')`);
    expect(await storedIn('envelopes', `attestation = 'sha256:now'`)).toBe(`envelopes_${month(0)}`);
  });

  it('is refused nothing where no range was made in time, and keeps it where it is when one is made', async () => {
    await owner.query(`drop table verdicts_${month(2)}`);
    const id = await recordVerdict(new Date(`${month(2).replace('_', '-')}-03T00:00:00Z`));
    expect(await storedIn('verdicts', `id = '${id}'`)).toBe('verdicts_default');
    await keeper.add();
    await keeper.add();
    expect(await storedIn('verdicts', `id = '${id}'`)).toBe('verdicts_default');
    expect(await rangesOf('verdicts')).not.toContain(`verdicts_${month(2)}`);
  });

  it('gets its next ranges made by the service, which may make nothing else', async () => {
    await owner.query(`drop table envelopes_${month(3)}`);
    await owner.query(`select setval('history_entries_id_seq', 25000000)`);
    await owner.query(
      `insert into history_entries (actor, type, data, nonce) values ('service', 'x', '{}', gen_random_uuid())`,
    );
    await Promise.all([keeper.add(), keeper.add(), keeper.add()]);
    expect(await rangesOf('envelopes')).toContain(`envelopes_${month(3)}`);
    expect(await rangesOf('history_entries')).toContain('history_entries_4');
    for (const statement of [
      `select assay_add_partition('envelopes', 'mine', '2000-01-01', '2001-01-01')`,
      'create table mine ()',
      `drop table envelopes_${month(1)}`,
      `delete from envelopes_${month(1)}`,
    ]) {
      await expect(database.pool.query(statement)).rejects.toMatchObject({ code: '42501' });
    }
  });
});
