import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { placeEntries } from '../../src/history/history.sequencer.js';
import type { HistoryEntry } from '../../src/history/history-entry.js';
import { historyCtes } from '../../src/history/history-sql.js';
import { HistoryStore, type HistoryFilter } from '../../src/history/history.store.js';
import type { AttestationId, Sha256Digest, SubjectDigest } from '../../src/intoto/digest.js';
import { openDatabase, type Database } from '../../src/platform/database.js';
import { inTransaction } from '../../src/platform/transaction.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const EVERYTHING: HistoryFilter = { digest: null, type: null, actor: null, since: null, until: null };

let testDatabase: TestDatabase;
let owner: pg.Client;
let database: Database;
let store: HistoryStore;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  owner = new pg.Client({ connectionString: testDatabase.ownerUrl });
  await owner.connect();
  database = await openDatabase({ url: testDatabase.url, entities: [], applicationName: 'assay-test', poolSize: 10 });
  store = new HistoryStore(database);
});

afterAll(async () => {
  await database.close();
  await owner.end();
  await testDatabase.drop();
});

beforeEach(async () => {
  await owner.query(
    'truncate history_entries, history_sequence, history_unsequenced, log_tiles, log_checkpoints, attestation_subjects',
  );
});

const digestOf = (character: string): Sha256Digest => `sha256:${character.repeat(64)}` as Sha256Digest;
const idOf = (character: string): AttestationId => digestOf(character) as string as AttestationId;

function received(attestation: AttestationId, actor = 'token:ci#1'): HistoryEntry {
  return {
    type: 'attestation.received',
    actor,
    image: null,
    attestation,
    data: { format: 'dsse', predicateType: 'https://slsa.dev/provenance/v1', size: 10 },
  };
}

function verdict(image: Sha256Digest, actor = 'token:gate#2'): HistoryEntry {
  return {
    type: 'verdict.recorded',
    actor,
    image,
    attestation: null,
    data: { verdict: 'v', policy: 'production', revision: 1, decision: 'deny', digest: digestOf('f') },
  };
}

function append(...entries: readonly HistoryEntry[]): Promise<readonly string[]> {
  return inTransaction(database.dataSource, (tx) => store.append(tx, entries));
}

async function place(): Promise<void> {
  const client = await database.pool.connect();
  try {
    while ((await placeEntries(client, 0, 1_000)).count > 0);
  } finally {
    client.release();
  }
}

async function entriesOf(filter: Partial<HistoryFilter>): Promise<readonly string[]> {
  const { entries } = await store.list({ ...EVERYTHING, ...filter }, 0, 100);
  return entries.map(({ entry }) => entry);
}

describe('append', () => {
  it('answers the ids in the order given, and the account has them whole', async () => {
    const given = [verdict(digestOf('a')), received(idOf('b')), verdict(digestOf('c'), 'service')];
    const ids = await append(...given);
    await place();
    const { entries } = await store.list(EVERYTHING, 0, 10);
    expect(entries.map(({ entry }) => entry)).toEqual(ids);
    expect(
      entries.map(({ type, actor, image, attestation, data }) => ({ type, actor, image, attestation, data })),
    ).toEqual(given);
    expect(entries.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });

  it('keeps the order of many', async () => {
    const given = Array.from({ length: 500 }, (_, i) => verdict(digestOf('a'), `token:gate#${i}`));
    const ids = await append(...given);
    const { rows } = await owner.query<{ actor: string }>('select actor from history_entries order by id');
    expect(rows.map(({ actor }) => actor)).toEqual(given.map(({ actor }) => actor));
    expect(new Set(ids).size).toBe(500);
  });

  it('leaves nothing of a transaction that is undone', async () => {
    const undone = inTransaction(database.dataSource, async (tx) => {
      await store.append(tx, [verdict(digestOf('a'))]);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    await place();
    expect(await store.list(EVERYTHING, 0, 10)).toEqual({ entries: [], more: false, completeTo: 0 });
  });

  it('gives each entry a nonce of its own', async () => {
    await append(verdict(digestOf('a')), verdict(digestOf('a')));
    const { rows } = await owner.query('select distinct nonce from history_entries');
    expect(rows).toHaveLength(2);
  });
});

describe('historyCtes', () => {
  it('appends in the statement of the caller and answers the entry of each', async () => {
    const attestations = [idOf('d'), idOf('e')];
    const { rows } = await database.pool.query<{ attestation: string; entry: string }>(
      `with told as (
         select 'service' as actor, 'attestation.received' as type, null::text as image, id as attestation, '{}'::jsonb as data
         from unnest($1::text[]) as t (id)
       ), ${historyCtes('told')}
       select attestation, id::text as entry from history_appended`,
      [attestations],
    );
    await place();
    const { entries } = await store.list(EVERYTHING, 0, 10);
    expect(new Map(entries.map(({ attestation, entry }) => [attestation, entry]))).toEqual(
      new Map(rows.map(({ attestation, entry }) => [attestation, entry])),
    );
    expect(rows.map(({ attestation }) => attestation).sort()).toEqual(attestations);
  });
});

describe('list', () => {
  it('never shows what is not placed yet', async () => {
    await append(verdict(digestOf('a')));
    expect(await store.list(EVERYTHING, 0, 10)).toEqual({ entries: [], more: false, completeTo: 0 });
    await place();
    await append(verdict(digestOf('a')));
    const { entries, completeTo } = await store.list(EVERYTHING, 0, 10);
    expect(entries).toHaveLength(1);
    expect(completeTo).toBe(1);
  });

  it('is read in pages that stay as they are while entries are written', async () => {
    await append(...Array.from({ length: 25 }, (_, i) => verdict(digestOf('a'), `token:gate#${i}`)));
    await place();
    const read: string[] = [];
    for (let after = 0, more = true; more;) {
      const page = await store.list({ ...EVERYTHING, type: 'verdict.recorded' }, after, 10);
      read.push(...page.entries.map(({ actor }) => actor));
      after = page.entries.at(-1)!.sequence;
      ({ more } = page);
      if (read.length === 10) {
        await append(verdict(digestOf('a'), 'token:gate#25'));
        await place();
      }
    }
    expect(read).toEqual(Array.from({ length: 26 }, (_, i) => `token:gate#${i}`));
  });

  it('tells that there is more exactly when there is', async () => {
    await append(verdict(digestOf('a')), verdict(digestOf('b')));
    await place();
    expect((await store.list(EVERYTHING, 0, 1)).more).toBe(true);
    expect((await store.list(EVERYTHING, 0, 2)).more).toBe(false);
    expect(await store.list(EVERYTHING, 2, 2)).toEqual({ entries: [], more: false, completeTo: 2 });
  });

  it('finds the timeline of a digest: what is about the image, and about evidence that claims to be', async () => {
    await owner.query(
      `insert into attestation_subjects (attestation, ordinal, subject) values ($1, 0, $3), ($1, 1, $3), ($2, 0, $4)`,
      [idOf('1'), idOf('2'), digestOf('a'), digestOf('b')],
    );
    const [about, received1, received2] = await append(
      verdict(digestOf('a')),
      received(idOf('1')),
      received(idOf('2')),
      verdict(digestOf('c')),
    );
    const [verified] = await append({
      type: 'attestation.verified',
      actor: 'service',
      image: null,
      attestation: idOf('1'),
      data: { trustRevision: 1, digest: digestOf('f'), signers: [] },
    });
    await place();
    expect(await entriesOf({ digest: digestOf('a') })).toEqual([about, received1, verified]);
    expect(await entriesOf({ digest: digestOf('b') })).toEqual([received2]);
    expect(await entriesOf({ digest: `gitCommit:${'0'.repeat(40)}` as SubjectDigest })).toEqual([]);
    expect(await entriesOf({ digest: digestOf('a'), type: 'attestation.verified' })).toEqual([verified]);
  });

  it('filters by type, actor and time, half open', async () => {
    const [first] = await append(verdict(digestOf('a'), 'token:a#1'));
    const [second] = await append(received(idOf('1'), 'token:b#2'));
    await owner.query(`update history_entries set at = '2026-01-01T00:00:00Z' where id = $1`, [first]);
    await owner.query(`update history_entries set at = '2026-01-02T00:00:00Z' where id = $1`, [second]);
    await place();
    expect(await entriesOf({ type: 'verdict.recorded' })).toEqual([first]);
    expect(await entriesOf({ actor: 'token:b#2' })).toEqual([second]);
    expect(await entriesOf({ since: new Date('2026-01-02T00:00:00Z') })).toEqual([second]);
    expect(await entriesOf({ until: new Date('2026-01-02T00:00:00Z') })).toEqual([first]);
    expect(await entriesOf({ since: new Date('0000-01-01T00:00:00Z') })).toEqual([first, second]);
  });
});

describe('entryOf', () => {
  it('answers the receipt of each attestation, with its place once it has one', async () => {
    const [first] = await append(received(idOf('1')));
    await place();
    const [second] = await append(received(idOf('2')));
    await append({
      type: 'attestation.rejected',
      actor: 'service',
      image: null,
      attestation: idOf('2'),
      data: { trustRevision: 1, digest: digestOf('f'), code: 'untrusted_signer' },
    });
    expect(await Promise.all([idOf('1'), idOf('2'), idOf('3')].map(store.entryOf))).toEqual([
      { entry: first, sequence: 1 },
      { entry: second, sequence: null },
      undefined,
    ]);
  });
});

describe('the account', () => {
  it.each([
    'update history_entries set actor = $$nobody$$',
    'delete from history_entries',
    'truncate history_entries',
    'update history_sequence set entry = 0',
    'delete from history_sequence',
    'truncate history_sequence',
    'update history_unsequenced set entry = 0',
  ])('cannot be changed by the service: %s', async (statement) => {
    await append(verdict(digestOf('a')));
    await place();
    await expect(database.pool.query(statement)).rejects.toMatchObject({ code: '42501' });
    expect((await store.list(EVERYTHING, 0, 10)).entries).toHaveLength(1);
  });
});
