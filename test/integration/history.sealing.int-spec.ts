import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SealedLog1764000001400 } from '../../migrations/1764000001400-sealed-log.js';
import { entities } from '../../src/data-source.js';
import { logWalks } from '../../src/fsck/log.js';
import type { Reading } from '../../src/fsck/walk.js';
import { openCheckpoint } from '../../src/history/checkpoint.js';
import { HistorySequencer, placeEntries } from '../../src/history/history.sequencer.js';
import { HistoryStore } from '../../src/history/history.store.js';
import { LogService } from '../../src/history/log.service.js';
import { SealingRefused, type SealingSettings } from '../../src/history/log-settings.js';
import { LogStore } from '../../src/history/log.store.js';
import { leafHash, treeRoot, verifyConsistency, verifyInclusion } from '../../src/history/merkle-tree.js';
import { noteSigner, parseNoteKey } from '../../src/history/note-key.js';
import { openLog } from '../../src/history/open-log.sequencer.js';
import { verifyTlogProof } from '../../src/history/tlog-proof.js';
import { openDatabase, type Database } from '../../src/platform/database.js';
import { inTransaction } from '../../src/platform/transaction.js';
import { Faults, FAULTS } from '../support/faults.js';
import { SEALING } from '../support/sealing.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const TABLES = 'history_entries, history_sequence, history_unsequenced, log_tiles, log_checkpoints, log_cosignatures';
const KEY = noteSigner(SEALING.defaultOrigin, SEALING.privateKey).key;

let testDatabase: TestDatabase;
let owner: pg.Client;
let database: Database;
let history: HistoryStore;
let log: LogStore;
let service: LogService;
let running: HistorySequencer[];

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  owner = new pg.Client({ connectionString: testDatabase.ownerUrl });
  await owner.connect();
  database = await openDatabase({ url: testDatabase.url, entities, applicationName: 'assay-test', poolSize: 10 });
  history = new HistoryStore(database);
  log = new LogStore(database);
  service = new LogService(log);
});

afterAll(async () => {
  await database.close();
  await owner.end();
  await testDatabase.drop();
});

beforeEach(async () => {
  await owner.query(`truncate ${TABLES}`);
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map((sequencer) => sequencer.stop()));
});

function append(count: number): Promise<readonly string[]> {
  return inTransaction(database.dataSource, (tx) =>
    history.append(
      tx,
      Array.from({ length: count }, (_, i) => ({
        type: 'token.revoked' as const,
        actor: 'service',
        image: null,
        attestation: null,
        data: { token: String(i), name: 'test' },
      })),
    ),
  );
}

async function withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await database.pool.connect();
  client.on('error', () => undefined);
  try {
    return await work(client);
  } finally {
    client.release(true);
  }
}

/** Seals what waits, as a sequencer that has just taken over does, in batches of so many. */
function sealAll(batch = 1_000, settings: SealingSettings = SEALING): Promise<void> {
  return withClient(async (client) => {
    const opened = await openLog(client, settings, null, 100);
    while ((await opened.seal(0, batch)).count > 0);
  });
}

async function count(table: string): Promise<number> {
  const { rows } = await owner.query<{ count: string }>(`select count(*) as count from ${table}`);
  return Number(rows[0]?.count);
}

/** Every checkpoint is signed and has the root of the leaves that the entries give, and every leaf can be proved. */
async function expectToVerify(): Promise<number> {
  const size = await count('history_sequence');
  const leaves = await log.leaves(0, size);
  expect(leaves).toHaveLength(size);
  const hashes = leaves.map(leafHash);
  const { rows } = await owner.query<{ size: string; note: Buffer }>(
    'select size, note from log_checkpoints order by size',
  );
  for (const { size: at, note } of rows) {
    const opened = openCheckpoint(note, KEY);
    expect(opened).toMatchObject({ size: Number(at), root: treeRoot(hashes.slice(0, Number(at))) });
  }
  const latest = await log.latest();
  expect(latest?.size).toBe(size);
  return size;
}

describe('a sealed log', () => {
  it.each([0, 1, 3, 255, 256, 257, 1_000])('of %i entries verifies, and so does every proof about it', async (size) => {
    await append(size);
    await sealAll(97);
    expect(await expectToVerify()).toBe(size);
    for (const sequence of [1, 2, 100, 256, 257, 600, size].filter((each) => each >= 1 && each <= size)) {
      const { index, leafHash: leaf, hashes: proof, checkpoint } = await service.proof(sequence, null);
      expect(verifyInclusion({ index, size, leafHash: leaf, proof, root: checkpoint.root })).toBe(true);
      const text = await service.proofText(sequence);
      const [leafBytes] = await log.leaves(sequence - 1, 1);
      expect(verifyTlogProof(text ?? '', leafBytes ?? Buffer.alloc(0), KEY)).toMatchObject({
        outcome: 'included',
        index,
      });
    }
    for (const from of [0, 1, 2, 97, 194, 256, 500, size].filter((each) => each <= size)) {
      const { hashes: proof, ...claim } = await service.consistency(from, null);
      expect(verifyConsistency({ ...claim, proof })).toBe(true);
    }
  });

  it('proves an entry under an earlier checkpoint, and only where there was one', async () => {
    await append(10);
    await sealAll(5);
    const { hashes: proof, leafHash: leaf, index, checkpoint } = await service.proof(4, 5);
    expect(verifyInclusion({ index, size: 5, leafHash: leaf, proof, root: checkpoint.root })).toBe(true);
    await expect(service.proof(4, 6)).rejects.toMatchObject({ code: 'checkpoint_not_found' });
    await expect(service.proof(4, 11)).rejects.toMatchObject({ code: 'size_beyond_log' });
    await expect(service.proof(8, 5)).rejects.toMatchObject({ code: 'entry_not_sealed' });
  });

  it('costs a handful of reads for a proof, at any size', async () => {
    await append(70_000);
    await sealAll(10_000);
    const reads: string[] = [];
    const watched = new LogStore({
      pool: {
        query: (query: { name: string; text: string; values: unknown[] }) => {
          reads.push(query.name);
          return database.pool.query(query);
        },
      },
    } as never);
    const { hashes: proof, leafHash: leaf, index, checkpoint } = await new LogService(watched).proof(65_537, null);
    expect(verifyInclusion({ index, size: 70_000, leafHash: leaf, proof, root: checkpoint.root })).toBe(true);
    expect(reads.sort()).toEqual(['log-latest', 'log-leaves', 'log-tiles']);
  });
});

describe('whatever statement of the sequencer fails, and whether or not it happened', () => {
  it('the log verifies, and the next goes on from there', async () => {
    const faults = new Faults();
    const pooled = await openDatabase({ url: testDatabase.url, entities: [], applicationName: 'faults', poolSize: 1 });
    faults.watch(pooled.pool);
    const session = async (): Promise<void> => {
      const client = await pooled.pool.connect();
      client.on('error', () => undefined);
      try {
        const opened = await openLog(client, SEALING, null, 100);
        while ((await opened.seal(0, 300)).count > 0);
      } finally {
        client.release(true);
      }
    };
    try {
      await append(700);
      const calls = await faults.record(session);
      expect(calls.length).toBeGreaterThan(12);
      for (let index = 0; index < calls.length; index += 1) {
        for (const fault of FAULTS) {
          await owner.query(`truncate ${TABLES}`);
          await append(700);
          faults.failAt(index, fault);
          // A rollback that fails, or the last look, is nobody's loss.
          await session().catch(() => undefined);
          expect(faults.failed).toHaveLength(1);
          faults.letFail(() => null);
          if ((await log.latest()) !== null) await expectToVerify();
          await session();
          expect(await expectToVerify()).toBe(700);
        }
      }
    } finally {
      await pooled.close();
    }
  });
});

describe('several sequencers at once', () => {
  it('make one log, lock or not', async () => {
    await append(900);
    const sessions = Array.from({ length: 4 }, async () => {
      for (let tries = 0; tries < 200 && (await count('history_unsequenced')) > 0; tries += 1) {
        await sealAll(1 + Math.floor(Math.random() * 60)).catch((error: unknown) => {
          expect(error).not.toBeInstanceOf(SealingRefused);
        });
      }
    });
    await Promise.all(sessions);
    expect(await expectToVerify()).toBe(900);
  });
});

describe('a log that was placed and never sealed', () => {
  it('is sealed by the first sequencer', async () => {
    await append(600);
    await withClient(async (client) => {
      while ((await placeEntries(client, 0, 1_000)).count > 0);
    });
    await append(5);
    await sealAll();
    expect(await expectToVerify()).toBe(605);
  });

  it('gets the hashes of its leaves by the migration', async () => {
    await append(300);
    await sealAll();
    const before = await owner.query('select sequence, entry, leaf_hash from history_sequence order by sequence');
    const runner = { query: async (text: string, values?: unknown[]) => (await owner.query(text, values)).rows };
    await owner.query('begin');
    await new SealedLog1764000001400().down(runner as never);
    await new SealedLog1764000001400().up(runner as never);
    await owner.query('commit');
    const after = await owner.query('select sequence, entry, leaf_hash from history_sequence order by sequence');
    expect(after.rows).toEqual(before.rows);
    await sealAll();
    expect(await expectToVerify()).toBe(300);
  });
});

describe('what was placed before there was a log', () => {
  it('is sealed all at once: an audit sees no log that is signed in part, however many batches it takes', async () => {
    await append(2_300);
    await withClient((client) => placeEntries(client, 0, 2_300));
    const walk = logWalks({ keys: null, kept: [] }).find(({ table }) => table === 'history_sequence');
    const reading: Reading = {
      query: async <Row>(text: string, values: readonly unknown[]) =>
        (await database.pool.query<Row & pg.QueryResultRow>(text, [...values])).rows,
    };
    const audit = async (): Promise<readonly string[]> => {
      const found: string[] = [];
      for await (const { detail } of walk?.violations(reading, 1_000, () => undefined) ?? []) found.push(detail);
      return found;
    };
    const seen: number[] = [];
    await withClient(async (client) => {
      const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
      Object.assign(client, {
        query: async (...args: unknown[]) => {
          const answer = await query(...args);
          expect(await audit()).toEqual([]);
          seen.push(await count('log_checkpoints'));
          return answer;
        },
      });
      await openLog(client, SEALING, null, 1_000);
    });
    expect([...new Set(seen)]).toEqual([0, 3]);
    expect(await expectToVerify()).toBe(2_300);
    // The same state, made by somebody who took the last checkpoint away.
    await owner.query('delete from log_checkpoints where size > 2000');
    expect(await audit()).toEqual([
      'the log has 2300 leaves, and none of its checkpoints is of more than 2000: what follows is not signed',
    ]);
  });
});

describe('a sequencer refuses to seal', () => {
  const another = generateKeyPairSync('ed25519').privateKey;

  it.each([
    ['by another key', { ...SEALING, privateKey: another }],
    ['under another name', { ...SEALING, origin: 'another.example/log' }],
  ])('%s, unless the one before is retired', async (_what, settings) => {
    await append(3);
    await sealAll();
    await append(3);
    await expect(sealAll(10, settings)).rejects.toThrow(KEY.vkey);
    await expect(sealAll(10, settings)).rejects.toBeInstanceOf(SealingRefused);
    expect(await expectToVerify()).toBe(3);
    await sealAll(10, { ...settings, retired: [KEY] });
    const latest = await log.latest();
    expect(latest?.size).toBe(6);
    expect(latest?.vkey).not.toBe(KEY.vkey);
    expect(openCheckpoint(latest?.note ?? '', parseNoteKey(latest?.vkey ?? ''))).toMatchObject({ size: 6 });
  });

  it('keeps the name that a log has where none was said', async () => {
    await append(1);
    await sealAll();
    await append(1);
    await sealAll(10, { ...SEALING, defaultOrigin: 'moved.example/log' });
    expect(await expectToVerify()).toBe(2);
  });

  it.each([
    ['a leaf at the edge', `update history_sequence set leaf_hash = sha256(leaf_hash) where sequence = 600`],
    ['the root of a tile', `update log_tiles set root = sha256(root) where tile = 1`],
    ['a leaf that is gone', `delete from history_sequence where sequence = 590`],
    ['the end of the log', `delete from history_sequence where sequence > 560`],
    ['a tile that is gone', `delete from log_tiles where tile = 0`],
    ['the root of the checkpoint', `update log_checkpoints set root = sha256(root) where size = 600`],
    [
      'the note',
      `update log_checkpoints set note = replace(encode(note, 'escape'), E'\\n600\\n', E'\\n601\\n')::bytea where size = 600`,
    ],
    ['a checkpoint of another size', `update log_checkpoints set size = 601 where size = 600`],
  ])('over a log in which somebody changed %s', async (_what, statement) => {
    await append(600);
    await sealAll();
    await append(1);
    const { rowCount } = await owner.query(statement);
    expect(rowCount).toBeGreaterThan(0);
    await expect(sealAll()).rejects.toBeInstanceOf(SealingRefused);
    expect(await count('history_unsequenced')).toBe(1);
  });

  it('where it has sealed more than is stored', async () => {
    const refusals: unknown[] = [];
    const sealed: number[] = [];
    await append(20);
    const sequencer = new HistorySequencer(database, SEALING, {
      onFailure: (error) => refusals.push(error),
      onSealed: (size) => sealed.push(size),
    });
    running.push(sequencer);
    sequencer.start();
    while (sealed.at(-1) !== 20) await sleep(20);
    // Put back to how it stood before, as from a backup.
    await owner.query('begin');
    await owner.query(`delete from log_checkpoints where size > 0`);
    await owner.query(`delete from history_sequence`);
    await owner.query('commit');
    await owner.query(
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and pid <> pg_backend_pid()`,
    );
    while (!refusals.some((error) => error instanceof SealingRefused)) await sleep(20);
    expect(String(refusals.at(-1))).toContain('has sealed 20 leaves');
    expect(await count('history_sequence')).toBe(0);
  });
});

describe('what a service may do to its log', () => {
  it.each(['log_tiles', 'log_checkpoints', 'log_cosignatures'])('is to add to %s, and no more', async (table) => {
    for (const statement of [`update ${table} set size = 0`, `delete from ${table}`, `truncate ${table}`]) {
      await expect(database.pool.query(statement)).rejects.toMatchObject({ code: expect.stringMatching(/^42/) });
    }
  });
});
