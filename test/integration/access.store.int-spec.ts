import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Authenticator } from '../../src/access/authenticator.js';
import type { Caller } from '../../src/access/caller.js';
import { hashToken, tokenIdOf, tokenOf } from '../../src/access/token.js';
import { TokenStore, type NewToken, type TokenPosition } from '../../src/access/token.store.js';
import { HistoryStore } from '../../src/history/history.store.js';
import { sha256 } from '../../src/intoto/digest.js';
import { AppError } from '../../src/platform/app-error.js';
import { openDatabase, type Database } from '../../src/platform/database.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const ADMIN = 'the-admin-token-of-the-configuration';
const ACTOR = 'token:admin#admin';

let testDatabase: TestDatabase;
let owner: pg.Client;
let database: Database;
let store: TokenStore;
let authenticator: Authenticator;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  owner = new pg.Client({ connectionString: testDatabase.ownerUrl });
  await owner.connect();
  database = await openDatabase({ url: testDatabase.url, entities: [], applicationName: 'assay-test', poolSize: 10 });
  store = new TokenStore(database, new HistoryStore(database));
});

afterAll(async () => {
  await database.close();
  await owner.end();
  await testDatabase.drop();
});

beforeEach(async () => {
  await owner.query('truncate tokens, token_revocations, history_entries, history_unsequenced');
  authenticator = new Authenticator(store, ADMIN);
});

function newToken(changes: Partial<NewToken> = {}): { secret: string; token: NewToken } {
  const secret = tokenOf(randomBytes(32));
  return {
    secret,
    token: {
      id: tokenIdOf(randomBytes(8)),
      name: 'ci',
      hash: hashToken(secret),
      roles: ['attester'],
      policies: null,
      parameters: null,
      expiresAt: null,
      ...changes,
    },
  };
}

async function issue(changes: Partial<NewToken> = {}): Promise<{ id: string; secret: string }> {
  const { secret, token } = newToken(changes);
  expect(await store.create(token, ACTOR)).toBe(true);
  return { id: token.id, secret };
}

const caller = (secret: string, by = authenticator): Promise<Caller> => by.authenticate(`Bearer ${secret}`);

const revision = async (): Promise<number> => (await store.readMoment()).revision;

async function history(): Promise<readonly unknown[]> {
  const { rows } = await owner.query<Record<string, unknown>>(
    'select type, actor, data from history_entries order by id',
  );
  return rows;
}

describe('a token', () => {
  it('lets its holder in from the moment it is on record, in every process', async () => {
    const elsewhere = new Authenticator(new TokenStore(database, new HistoryStore(database)), ADMIN);
    await caller(ADMIN, elsewhere);
    const { id, secret } = await issue({
      name: 'cluster-eu',
      roles: ['gate'],
      policies: ['production'],
      parameters: { region: 'eu-west1', replicas: 3 },
    });
    const expected = {
      id,
      name: 'cluster-eu',
      actor: `token:cluster-eu#${id}`,
      roles: new Set(['gate']),
      policies: ['production'],
      parameters: { region: 'eu-west1', replicas: 3 },
    };
    expect(await caller(secret)).toEqual(expected);
    expect(await caller(secret, elsewhere)).toEqual(expected);
  });

  it('is refused in the very next request after it was revoked, in every process', async () => {
    const elsewhere = new Authenticator(new TokenStore(database, new HistoryStore(database)), ADMIN);
    const { id, secret } = await issue();
    await caller(secret);
    await caller(secret, elsewhere);
    expect(await store.revoke(id, ACTOR)).toBe(true);
    await expect(caller(secret)).rejects.toMatchObject({ kind: 'unauthenticated', code: 'token_invalid' });
    await expect(caller(secret, elsewhere)).rejects.toMatchObject({ code: 'token_invalid' });
  });

  it('is refused as expired by the clock of the database', async () => {
    const { id, secret } = await issue({ expiresAt: new Date(Date.now() + 3_600_000) });
    await caller(secret);
    const now = new Date(Date.now() + 3_600_001);
    const current = await revision();
    expect(() => authenticator.authenticateAt(current, `Bearer ${secret}`, now)).toThrow(/this token expired at/);
    await owner.query(`update tokens set expires_at = now() - interval '1 second' where id = $1`, [id]);
    await expect(caller(secret, new Authenticator(store, null))).rejects.toMatchObject({ code: 'token_expired' });
    await owner.query(`update tokens set expires_at = now() - interval '1 year' where id = $1`, [id]);
    await expect(caller(secret, new Authenticator(store, null))).rejects.toMatchObject({ code: 'token_invalid' });
  });

  it('that would have expired already is not issued, and leaves no trace', async () => {
    const before = await revision();
    const { token } = newToken({ expiresAt: new Date(Date.now() - 1_000) });
    expect(await store.create(token, ACTOR)).toBe(false);
    expect(await revision()).toBe(before);
    expect(await history()).toEqual([]);
  });

  it('is told of in the history, by name and never by its secret', async () => {
    const before = await revision();
    const expiresAt = new Date(Date.now() + 3_600_000);
    const { id, secret } = await issue({
      roles: ['gate', 'break-glass'],
      policies: ['release'],
      parameters: { environment: 'staging' },
      expiresAt,
    });
    await store.revoke(id, 'token:boss#2');
    expect(await revision()).toBe(before + 2);
    expect(await history()).toEqual([
      {
        type: 'token.created',
        actor: ACTOR,
        data: {
          token: id,
          name: 'ci',
          roles: ['gate', 'break-glass'],
          hash: sha256(Buffer.from(hashToken(secret))),
          policies: ['release'],
          parameters: { environment: 'staging' },
          expiresAt: expiresAt.toISOString(),
        },
      },
      { type: 'token.revoked', actor: 'token:boss#2', data: { token: id, name: 'ci' } },
    ]);
    const { rows } = await owner.query<{ row: string }>(
      'select t::text as row from tokens t union all select e::text from history_entries e',
    );
    for (const { row } of rows) expect(row).not.toContain(secret);
    const { rows: told } = await owner.query<{ row: string }>('select e::text as row from history_entries e');
    for (const { row } of told) expect(row).not.toContain(hashToken(secret));
  });

  it('is revoked once, however often that is asked, also at the same time', async () => {
    const { id } = await issue();
    const before = await revision();
    expect(await Promise.all(Array.from({ length: 5 }, () => store.revoke(id, ACTOR)))).toEqual(Array(5).fill(true));
    expect(await store.revoke(id, ACTOR)).toBe(true);
    expect(await revision()).toBe(before + 1);
    expect(await history()).toHaveLength(2);
  });

  it('that nobody issued cannot be revoked', async () => {
    const before = await revision();
    expect(await store.revoke('0000000000000000', ACTOR)).toBe(false);
    expect(await revision()).toBe(before);
  });

  it('keeps its place beside others that are made at the same time', async () => {
    const before = await revision();
    const issued = await Promise.all(Array.from({ length: 10 }, () => issue()));
    expect(await revision()).toBe(before + 10);
    const callers = await Promise.all(issued.map(({ secret }) => caller(secret)));
    expect(callers.map(({ id }) => id)).toEqual(issued.map(({ id }) => id));
    expect(await history()).toHaveLength(10);
  });

  it('with a role that this version does not know gives the others', async () => {
    const { id, secret } = await issue({ roles: ['auditor'] });
    await owner.query(`update tokens set roles = array['auditor', 'overlord'] where id = $1`, [id]);
    expect((await caller(secret)).roles).toEqual(new Set(['auditor']));
  });

  it.each([
    'update tokens set roles = $${admin}$$',
    'delete from tokens',
    'truncate tokens',
    'update token_revocations set actor = $$nobody$$',
    'delete from token_revocations',
  ])('cannot be changed by the service: %s', async (statement) => {
    const { id } = await issue();
    await store.revoke(id, ACTOR);
    await expect(database.pool.query(statement)).rejects.toMatchObject({ code: '42501' });
  });
});

describe('the admin token', () => {
  it('has the role admin, also where there is no other token', async () => {
    expect(await caller(ADMIN)).toMatchObject({ id: 'admin', actor: ACTOR, roles: new Set(['admin']) });
  });

  it('lets nobody in where none is configured', async () => {
    const without = new Authenticator(store, null);
    for (const secret of [ADMIN, 'null', 'undefined', 'admin'])
      await expect(caller(secret, without)).rejects.toMatchObject({ code: 'token_invalid' });
  });
});

describe('authentication', () => {
  it('answers at once while the tokens in memory are of the revision asked for', async () => {
    const { secret } = await issue();
    await caller(secret);
    const { revision: current, now } = await store.readMoment();
    expect(authenticator.authenticateAt(current, `Bearer ${secret}`, now)).toMatchObject({ name: 'ci' });
    await issue();
    const next = authenticator.authenticateAt(current + 1, `Bearer ${secret}`, now);
    expect(next).toBeInstanceOf(Promise);
    await expect(next).resolves.toMatchObject({ name: 'ci' });
  });

  it('reads nothing for a request without a token, and no tokens for unknown ones', async () => {
    const reads = { moments: 0, tokens: 0 };
    const counted = new Authenticator(
      {
        readMoment: () => ((reads.moments += 1), store.readMoment()),
        readKnown: () => ((reads.tokens += 1), store.readKnown()),
      },
      ADMIN,
    );
    await expect(counted.authenticate(undefined)).rejects.toMatchObject({ code: 'token_missing' });
    expect(reads).toEqual({ moments: 0, tokens: 0 });
    await caller(ADMIN, counted);
    const guesses = Array.from({ length: 100 }, () => caller(tokenOf(randomBytes(32)), counted));
    const outcomes = await Promise.allSettled(guesses);
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(reads.tokens).toBe(1);
    expect(reads.moments).toBeLessThan(10);
  });

  it('fails rather than lets in or refuses when the database is away', async () => {
    const closed = await openDatabase({
      url: testDatabase.url,
      entities: [],
      applicationName: 'assay-test',
      poolSize: 1,
    });
    await closed.close();
    const away = new Authenticator(new TokenStore(closed, new HistoryStore(closed)), ADMIN);
    const outcome = await caller(ADMIN, away).catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(Error);
    expect(outcome).not.toBeInstanceOf(AppError);
  });
});

describe('the list of tokens', () => {
  it('is read in pages, oldest first, and shows who revoked which, and never a hash', async () => {
    const issued: string[] = [];
    for (let i = 0; i < 5; i += 1) issued.push((await issue({ name: `ci-${i}` })).id);
    await store.revoke(issued[1]!, 'token:boss#2');
    const read: unknown[] = [];
    let after: TokenPosition | null = null;
    do {
      const page: Awaited<ReturnType<TokenStore['list']>> = await store.list(after, 2);
      read.push(...page.rows);
      after = page.next;
      if (read.length === 2) issued.push((await issue({ name: 'late' })).id);
    } while (after !== null);
    expect(read.map((row) => (row as { id: string }).id)).toEqual(issued);
    expect(read[1]).toMatchObject({ name: 'ci-1', createdBy: ACTOR, revokedBy: 'token:boss#2' });
    expect((read[1] as { revokedAt: unknown }).revokedAt).toBeInstanceOf(Date);
    expect(read[0]).toMatchObject({ revokedAt: null, revokedBy: null });
    for (const row of read) expect(row).not.toHaveProperty('hash');
  });
});
