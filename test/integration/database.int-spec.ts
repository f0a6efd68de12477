import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { migrations } from '../../migrations/index.js';
import { entities } from '../../src/data-source.js';
import { byteaArray, textArray } from '../../src/platform/bytea-array.js';
import { namedQuery, openDatabase, serviceUrl, type Database } from '../../src/platform/database.js';
import { migrate } from '../../src/platform/migrate.js';
import { inTransaction } from '../../src/platform/transaction.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const log = (): void => undefined;
const open = (url: string): Promise<Database> =>
  openDatabase({ url, entities, applicationName: 'assay-test', poolSize: 4 });

async function asOwner<T>({ ownerUrl }: TestDatabase, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

describe('the open database', () => {
  let test: TestDatabase;
  let database: Database;

  beforeAll(async () => {
    test = await createTestDatabase();
    database = await open(test.url);
    await asOwner(test, (client) => client.query('create table locked_away as select 1 as n'));
  });

  afterAll(async () => {
    await database.close();
    await test.drop();
  });

  it('runs every connection under the service role, which may not do what it was not granted', async () => {
    const asked = 'select current_user::text as role, session_user::text as login';
    for (const pool of [database.pool, database.hotPool]) {
      await expect(pool.query('select n from locked_away')).rejects.toMatchObject({ code: '42501' });
      const { rows } = await pool.query(asked);
      expect(rows).toEqual([{ role: 'assay_service', login: 'assay_login' }]);
    }
    await expect(database.dataSource.query(asked)).resolves.toMatchObject([{ role: 'assay_service' }]);
    await expect(database.pool.query('delete from history_entries')).rejects.toMatchObject({ code: '42501' });
    await expect(database.pool.query('create table mine (n int)')).rejects.toMatchObject({ code: '42501' });
  });

  it('stays under it whatever the URL asks for, and after a reset', async () => {
    const url = new URL(test.ownerUrl);
    url.searchParams.set('options', '-c role=none -c statement_timeout=0');
    const stubborn = await open(url.href);
    try {
      const client = await stubborn.pool.connect();
      await client.query('reset all');
      const { rows } = await client.query(
        `select current_user::text as role, current_setting('statement_timeout') as timeout`,
      );
      client.release();
      expect(rows).toEqual([{ role: 'assay_service', timeout: '15s' }]);
    } finally {
      await stubborn.close();
    }
  });

  it('is not opened where the login has not been let into the role', async () => {
    await asOwner(test, (client) => client.query(`create role outsider_${process.pid} login`));
    const url = new URL(test.url);
    url.username = `outsider_${process.pid}`;
    await expect(open(url.href)).rejects.toThrow('the database cannot be opened');
  });

  it('reads int8 as a number and refuses to round', async () => {
    const { rows } = await namedQuery<{ n: number; c: number }>(database.hotPool, {
      name: 'int8',
      text: 'select 9007199254740991::int8 as n, count(*) as c from revisions',
      values: [],
    });
    expect(rows[0]?.n).toBe(Number.MAX_SAFE_INTEGER);
    expect(typeof rows[0]?.c).toBe('number');
    await expect(database.pool.query('select 9007199254740993::int8')).rejects.toThrow('beyond 2^53');
  });

  it('takes bytes and texts as arrays in one binary parameter', async () => {
    const bytes = [Buffer.from([0, 255, 92]), Buffer.alloc(0), null, Buffer.alloc(70_000, 7)];
    const texts = ['', 'NULL', null, '{"a,\\ü"}'];
    const { rows } = await database.pool.query<{ b: Buffer | null; t: string | null }>(
      'select * from unnest($1::bytea[], $2::text[]) as x(b, t)',
      [byteaArray(bytes), textArray(texts)],
    );
    expect(rows.map(({ b }) => b)).toEqual(bytes);
    expect(rows.map(({ t }) => t)).toEqual(texts);
    const none = await database.pool.query('select cardinality($1::bytea[]) as n', [byteaArray([])]);
    expect(none.rows).toEqual([{ n: 0 }]);
  });

  it('runs a transaction again that lost a race, and only then', async () => {
    let attempts = 0;
    const result = await inTransaction(database.dataSource, async (tx) => {
      attempts += 1;
      if (attempts < 3) await tx.query(`do $$ begin raise sqlstate '40001'; end $$`);
      return attempts;
    });
    expect(result).toBe(3);
    let others = 0;
    const failing = inTransaction(database.dataSource, async (tx) => {
      others += 1;
      await tx.query('select 1/0');
    });
    await expect(failing).rejects.toMatchObject({ driverError: { code: '22012' } });
    expect(others).toBe(1);
    let endless = 0;
    const losing = inTransaction(database.dataSource, async (tx) => {
      endless += 1;
      await tx.query(`do $$ begin raise sqlstate '40P01'; end $$`);
    });
    await expect(losing).rejects.toMatchObject({ driverError: { code: '40P01' } });
    expect(endless).toBe(4);
  });

  it('has the tables that the entities describe', async () => {
    const owner = await open(test.ownerUrl);
    try {
      const { upQueries } = await owner.dataSource.driver.createSchemaBuilder().log();
      expect(upQueries.map(({ query }) => query).filter((query) => !query.includes('locked_away'))).toEqual([]);
    } finally {
      await owner.close();
    }
  });
});

describe('migrate', () => {
  it('is run by four processes at once, of which one works', async () => {
    const test = await createTestDatabase('empty');
    try {
      const script = join(inject('services').buildDir, 'src/migrate-database.js');
      const env = {
        DATABASE_URL: test.url,
        ASSAY_MIGRATE_DATABASE_URL: test.ownerUrl,
        PATH: process.env.PATH,
      };
      const ran = await Promise.all([1, 2, 3, 4].map(() => promisify(execFile)(process.execPath, [script], { env })));
      const worked = ran.filter(({ stdout }) => stdout.includes('migrated ServiceRole'));
      expect(worked).toHaveLength(1);
      const database = await open(test.url);
      await expect(database.pool.query('select name from revisions')).resolves.toBeDefined();
      await database.close();
    } finally {
      await test.drop();
    }
  });

  it('finds nothing to do with the service’s own rights once the owner has migrated', async () => {
    const test = await createTestDatabase();
    try {
      await migrate({ url: test.url, serviceUrl: test.url, migrations, queueInDatabase: true, log });
    } finally {
      await test.drop();
    }
  });

  it('lets the service’s login in, also where another made the role', async () => {
    const test = await createTestDatabase('empty');
    const login = `login_${process.pid}`;
    try {
      await asOwner(test, (client) => client.query(`create role ${login} login`));
      const url = new URL(test.url);
      url.username = login;
      await migrate({ url: test.ownerUrl, serviceUrl: url.href, migrations, queueInDatabase: false, log });
      const client = new pg.Client({ connectionString: serviceUrl(url.href) });
      await client.connect();
      await client.end();
    } finally {
      await test.drop();
    }
  });
});
