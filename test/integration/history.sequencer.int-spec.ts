import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { HistorySequencer } from '../../src/history/history.sequencer.js';
import { HistoryStore } from '../../src/history/history.store.js';
import { placeWithin, within } from '../../src/history/seal.store.js';
import { openDatabase, type Database } from '../../src/platform/database.js';
import { sqlStateOf } from '../../src/platform/sql-state.js';
import { inTransaction } from '../../src/platform/transaction.js';
import { SEALING } from '../support/sealing.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let testDatabase: TestDatabase;
let owner: pg.Client;
let database: Database;
let store: HistoryStore;
let running: HistorySequencer[];
let failures: unknown[];

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  owner = new pg.Client({ connectionString: testDatabase.ownerUrl });
  await owner.connect();
  database = await openDatabase({
    url: testDatabase.url,
    entities: [],
    applicationName: 'assay-test',
    poolSize: 10,
  });
  store = new HistoryStore(database);
});

afterAll(async () => {
  await database.close();
  await owner.end();
  await testDatabase.drop();
});

beforeEach(async () => {
  await owner.query('truncate history_entries, history_sequence, history_unsequenced, log_tiles, log_checkpoints');
  running = [];
  failures = [];
});

afterEach(async () => {
  await Promise.all(running.map((sequencer) => sequencer.stop()));
});

function sequencer(on = database): HistorySequencer {
  const made = new HistorySequencer(on, SEALING, { onFailure: (error) => failures.push(error) });
  running.push(made);
  made.start();
  return made;
}

/** Appends so many entries in one transaction and answers their ids. */
function append(count: number): Promise<readonly number[]> {
  return inTransaction(database.dataSource, async (tx) => {
    const entries = Array.from({ length: count }, (_, i) => ({
      type: 'token.revoked' as const,
      actor: 'service',
      image: null,
      attestation: null,
      data: { token: String(i), name: 'test' },
    }));
    return (await store.append(tx, entries)).map(Number);
  });
}

/** A transaction that has appended one entry and not ended yet. */
async function openAppend(): Promise<{ entry: number; client: pg.PoolClient }> {
  const client = await database.pool.connect();
  await client.query('begin');
  const { rows } = await client.query<{ id: string }>(
    `insert into history_entries (actor, type, data, nonce) values ('service', 'token.revoked', '{}', gen_random_uuid())
     returning id::text`,
  );
  const entry = Number(rows[0]!.id);
  await client.query('insert into history_unsequenced values ($1)', [entry]);
  return { entry, client };
}

/** The entries in their order, read as often as it takes until so many are placed. */
async function placed(count: number): Promise<readonly number[]> {
  for (const deadline = Date.now() + 20_000; ;) {
    const { rows } = await owner.query<{ sequence: string; entry: string }>(
      'select sequence, entry from history_sequence order by sequence',
    );
    expect(rows.map((row) => Number(row.sequence))).toEqual(rows.map((_, index) => index + 1));
    if (rows.length >= count || Date.now() > deadline) {
      expect(rows).toHaveLength(count);
      return rows.map((row) => Number(row.entry));
    }
    await sleep(20);
  }
}

async function lockHolders(): Promise<readonly number[]> {
  const { rows } = await owner.query<{ pid: number }>(
    `select l.pid from pg_locks l join pg_database d on d.oid = l.database
     where l.locktype = 'advisory' and l.granted and d.datname = current_database()`,
  );
  return rows.map((row) => row.pid);
}

async function lockHolder(): Promise<number> {
  for (;;) {
    const holders = await lockHolders();
    if (holders[0] !== undefined) {
      expect(holders).toHaveLength(1);
      return holders[0];
    }
    await sleep(20);
  }
}

describe('the sequencer', () => {
  it('places what is committed, in order, and leaves nothing behind', async () => {
    sequencer();
    const first = await append(3);
    const second = await append(2);
    expect(await placed(5)).toEqual([...first, ...second]);
    const { rows } = await owner.query('select entry from history_unsequenced');
    expect(rows).toEqual([]);
  });

  it('gives an entry that commits late a later number', async () => {
    sequencer();
    const late = await openAppend();
    const [early] = await append(1);
    expect(early).toBeGreaterThan(late.entry);
    expect(await placed(1)).toEqual([early]);
    await late.client.query('commit');
    late.client.release();
    expect(await placed(2)).toEqual([early, late.entry]);
  });

  it('leaves no gap where a transaction is undone', async () => {
    sequencer();
    const [before] = await append(1);
    const undone = await openAppend();
    await undone.client.query('rollback');
    undone.client.release();
    const [after] = await append(1);
    expect(await placed(2)).toEqual([before, after]);
  });

  it('finds an entry that commits behind many others', async () => {
    sequencer();
    const late = await openAppend();
    await append(25_000);
    await placed(25_000);
    await late.client.query('commit');
    late.client.release();
    expect((await placed(25_001)).at(-1)).toBe(late.entry);
  });

  it('places each entry once when several run', async () => {
    for (let i = 0; i < 3; i += 1) sequencer();
    const appended = await Promise.all(Array.from({ length: 40 }, () => append(5)));
    expect([...(await placed(200))].sort((a, b) => a - b)).toEqual(appended.flat().sort((a, b) => a - b));
    expect(failures).toEqual([]);
  });

  it('places each entry once even when several work at the same time, lock or not', async () => {
    const expected = (await Promise.all(Array.from({ length: 30 }, () => append(7)))).flat();
    const clients = await Promise.all([database.pool.connect(), database.pool.connect(), database.pool.connect()]);
    const work = async (client: pg.PoolClient): Promise<void> => {
      for (;;) {
        const { rows } = await client.query('select from history_unsequenced limit 1');
        if (rows.length === 0) return;
        const limit = 1 + Math.floor(Math.random() * 8);
        await within(client, () => placeWithin(client, 0, limit)).catch((error: unknown) => {
          // Unique key or deadlock: this one has placed nothing and looks again.
          expect(['23505', '40P01']).toContain(sqlStateOf(error));
        });
      }
    };
    await Promise.all(clients.map(work));
    for (const client of clients) client.release();
    expect([...(await placed(expected.length))].sort((x, y) => x - y)).toEqual(expected.sort((x, y) => x - y));
  });

  it.each([
    { end: 'commit', refused: '23505' },
    { end: 'rollback', refused: null },
  ])('hands out a number of one that has not ended only after its $end', async ({ end, refused }) => {
    const entries = await append(4);
    const [slow, fast] = await Promise.all([database.pool.connect(), database.pool.connect()]);
    await slow.query('begin');
    expect(await placeWithin(slow, 0, 2)).toMatchObject({ count: 2, highest: entries[1], first: 1 });
    const second = within(fast, () => placeWithin(fast, entries[1]!, 2)).then(
      () => null,
      (error: unknown) => sqlStateOf(error),
    );
    await sleep(50);
    await slow.query(end);
    expect(await second).toBe(refused);
    while ((await within(fast, () => placeWithin(fast, 0, 2))).count > 0);
    slow.release();
    fast.release();
    expect(await placed(4)).toEqual(end === 'commit' ? entries : [...entries.slice(2), ...entries.slice(0, 2)]);
  });

  it('goes on after its session was ended in the middle of a batch, and has lost and doubled nothing', async () => {
    sequencer();
    const first = await append(2);
    await placed(2);
    const pid = await lockHolder();
    const blocker = new pg.Client({ connectionString: testDatabase.ownerUrl });
    await blocker.connect();
    await blocker.query('begin');
    await blocker.query('lock table history_sequence in share row exclusive mode');
    const second = await append(3);
    for (;;) {
      const { rows } = await owner.query(`select from pg_locks where pid = $1 and not granted`, [pid]);
      if (rows.length > 0) break;
      await sleep(10);
    }
    await owner.query('select pg_terminate_backend($1)', [pid]);
    await blocker.query('commit');
    await blocker.end();
    expect(await placed(5)).toEqual([...first, ...second]);
    expect(failures.length).toBeGreaterThan(0);
  });

  it('is succeeded by another process when it stops or its session ends', async () => {
    const other = await openDatabase({
      url: testDatabase.url,
      entities: [],
      applicationName: 'assay-test-other',
      poolSize: 2,
    });
    try {
      const first = sequencer();
      const firstHolder = await lockHolder();
      sequencer(other);
      await first.stop();
      await append(1);
      await placed(1);
      const secondHolder = await lockHolder();
      expect(secondHolder).not.toBe(firstHolder);
      sequencer();
      await sleep(300);
      await owner.query('select pg_terminate_backend($1)', [secondHolder]);
      await append(1);
      await placed(2);
      expect(await lockHolder()).not.toBe(secondHolder);
      await Promise.all(running.map((one) => one.stop()));
    } finally {
      await other.close();
    }
  });

  it.each(['SIGKILL', 'SIGSTOP'] as const)('is succeeded when its process is hit by %s', async (signal) => {
    const script = join(inject('services').buildDir, 'test/support/sequencer-process.js');
    const child = spawn(process.execPath, [script, testDatabase.url], { stdio: 'inherit' });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    try {
      const holder = await lockHolder();
      sequencer();
      child.kill(signal);
      const appended = await append(2);
      expect(await placed(2)).toEqual(appended);
      expect(await lockHolder()).not.toBe(holder);
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
  });

  it('frees the lock and closes its connection when it is stopped', async () => {
    const stopped = sequencer();
    const pid = await lockHolder();
    await stopped.stop();
    stopped.start();
    await sleep(100);
    const { rows } = await owner.query('select from pg_stat_activity where pid = $1', [pid]);
    expect(rows).toEqual([]);
    expect(await lockHolders()).toEqual([]);
  });
});
