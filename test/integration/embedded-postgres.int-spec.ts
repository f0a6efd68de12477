import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { migrations } from '../../migrations/index.js';
import { openDatabase } from '../../src/platform/database.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/platform/embedded-postgres.js';
import { migrate } from '../../src/platform/migrate.js';

let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'assay-embedded-'));
  chmodSync(dataDir, 0o755);
});

afterEach(() => {
  rmSync(dataDir, { recursive: true, force: true });
});

const start = (at = dataDir): Promise<EmbeddedPostgres> => startEmbeddedPostgres({ dataDir: at, log: () => undefined });

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

/** Another process that runs the database of the same directory, and its URL. */
async function startOwner(): Promise<{ owner: ChildProcess; url: string }> {
  const script = join(inject('services').buildDir, 'test/support/embedded-owner.js');
  const owner = spawn(process.execPath, [script, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: owner.stdout })) return { owner, url: line };
  throw new Error('the owner ended');
}

async function kill(owner: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => owner.once('exit', resolve));
  owner.kill('SIGKILL');
  await ended;
}

/** A process that has ended and that nobody has asked about yet counts as ended. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('the embedded database', () => {
  it('is made on first start and finds its data again on the next', async () => {
    const first = await start();
    await query(first.ownerUrl, 'create table t as select 42 as answer');
    const settings = await query(
      first.ownerUrl,
      `select current_setting('fsync') as fsync, current_setting('server_encoding') as encoding,
              current_setting('listen_addresses') as addresses, pg_postmaster_start_time() is not null as up`,
    );
    expect(settings).toEqual([{ fsync: 'on', encoding: 'UTF8', addresses: '', up: true }]);
    await first.stop();
    const second = await start();
    expect(await query(second.ownerUrl, 'select answer from t')).toEqual([{ answer: 42 }]);
    await second.stop();
  });

  it('leaves nothing running when it is stopped', async () => {
    const postgres = await start();
    const [row] = await query(postgres.ownerUrl, "select pg_read_file('postmaster.pid') as file");
    const pid = Number((row as { file: string }).file.split('\n')[0]);
    expect(isRunning(pid)).toBe(true);
    await postgres.stop();
    expect(isRunning(pid)).toBe(false);
    expect(existsSync(join(dataDir, 'owner.pid'))).toBe(false);
  });

  it('refuses a second process and names the first', async () => {
    const { owner } = await startOwner();
    await expect(start()).rejects.toThrow(`is in use by process ${owner.pid}`);
    await kill(owner);
    await (await start()).stop();
  });

  it('takes over from a process that was killed, with everything committed', async () => {
    const { owner, url } = await startOwner();
    await query(url, 'create table t as select 42 as answer');
    const [row] = await query(url, "select pg_read_file('postmaster.pid') as file");
    const orphan = Number((row as { file: string }).file.split('\n')[0]);
    await kill(owner);
    expect(isRunning(orphan)).toBe(true);
    const next = await start();
    expect(isRunning(orphan)).toBe(false);
    expect(await query(next.ownerUrl, 'select answer from t')).toEqual([{ answer: 42 }]);
    await next.stop();
  });

  it('runs in a directory whose path is too long for a socket', async () => {
    const postgres = await start(join(dataDir, 'long'.repeat(20), 'path'.repeat(10)));
    expect(await query(postgres.ownerUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
    await postgres.stop();
  });

  it('tells when the server ends by itself', async () => {
    const postgres = await start();
    const [row] = await query(postgres.ownerUrl, "select pg_read_file('postmaster.pid') as file");
    process.kill(Number((row as { file: string }).file.split('\n')[0]), 'SIGQUIT');
    await expect(postgres.died).resolves.toBeInstanceOf(Error);
    await postgres.stop();
  });

  it.runIf(process.getuid?.() === 0)(
    'keeps its files where the unprivileged account can reach them when root’s directory is closed',
    async () => {
      chmodSync(dataDir, 0o700);
      const postgres = await start();
      const files = readlinkSync(join(dataDir, 'postgres'));
      try {
        await query(postgres.ownerUrl, 'create table t as select 42 as answer');
        await postgres.stop();
        const again = await start();
        expect(await query(again.ownerUrl, 'select answer from t')).toEqual([{ answer: 42 }]);
        await again.stop();
      } finally {
        rmSync(files, { recursive: true, force: true });
      }
    },
  );

  it('says that its directory cannot be made', async () => {
    writeFileSync(join(dataDir, 'file'), '');
    await expect(start(join(dataDir, 'file', 'data'))).rejects.toThrow(/data directory .*file\/data cannot be made/);
  });
});

/** What would change or remove history, or make somebody of the session who can. */
const FORBIDDEN: readonly string[] = [
  `update history_entries set actor = 'nobody'`,
  'delete from history_entries',
  'truncate history_entries',
  'alter table history_entries owner to current_user',
  'alter table history_entries disable trigger all',
  'set role assay',
  'set local role assay',
  'set session authorization assay',
  'grant assay to current_user',
  'create role other superuser',
  'alter role current_user superuser',
  'create extension dblink',
  `copy revisions to program 'true'`,
];

/** What leads from the role of a session to its login. */
const TO_THE_LOGIN: readonly string[] = ['reset role', 'set role none', 'reset session authorization', 'discard all'];

describe('the service on the embedded database', () => {
  const migrated = async (): Promise<EmbeddedPostgres> => {
    const postgres = await start();
    const { ownerUrl: url, serviceUrl } = postgres;
    await migrate({ url, serviceUrl, migrations, queueInDatabase: true, log: () => undefined });
    return postgres;
  };

  async function expectHarmless({ serviceUrl }: EmbeddedPostgres): Promise<void> {
    const database = await openDatabase({
      url: serviceUrl,
      entities: [],
      applicationName: 'assay-test',
      poolSize: 1,
    });
    const client = await database.pool.connect();
    try {
      for (const act of [null, ...TO_THE_LOGIN]) {
        if (act !== null) await client.query(act);
        const { rows } = await client.query(
          `select session_user::text as login, current_user in ('assay_service', 'assay_app') as known,
                  exists (select from pg_roles where rolname in (session_user, current_user) and rolsuper) as rules`,
        );
        expect(rows, act ?? 'nothing').toEqual([{ login: 'assay_app', known: true, rules: false }]);
        for (const statement of FORBIDDEN) {
          await expect(client.query(statement), `${statement} after ${act ?? 'nothing'}`).rejects.toMatchObject({
            code: '42501',
          });
        }
      }
      await expect(client.query('select count(*) from history_entries')).resolves.toBeDefined();
    } finally {
      client.release();
      await database.close();
    }
  }

  it('can neither change history nor become somebody who can, nor after a restart', async () => {
    const first = await migrated();
    await query(
      first.ownerUrl,
      `insert into history_entries (type, actor, data, nonce) values ('token.created', 'x', '{}', gen_random_uuid())`,
    );
    await expectHarmless(first);
    await first.stop();
    const second = await migrated();
    await expectHarmless(second);
    expect(await query(second.ownerUrl, 'select actor from history_entries')).toEqual([{ actor: 'x' }]);
    await second.stop();
  });

  it('has that login too where an earlier release had none, before anything is migrated', async () => {
    const earlier = await migrated();
    await query(earlier.ownerUrl, 'drop role assay_app');
    await earlier.stop();
    const next = await start();
    await expectHarmless(next);
    await next.stop();
  });

  it('loses at the next start what its login was given besides', async () => {
    const first = await migrated();
    await query(first.ownerUrl, 'alter role assay_app superuser createrole; grant assay to assay_app');
    await first.stop();
    const next = await start();
    await expectHarmless(next);
    await next.stop();
  });
});
