import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/platform/embedded-postgres.js';

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
    await query(first.url, 'create table t as select 42 as answer');
    const settings = await query(
      first.url,
      `select current_setting('fsync') as fsync, current_setting('server_encoding') as encoding,
              current_setting('listen_addresses') as addresses, pg_postmaster_start_time() is not null as up`,
    );
    expect(settings).toEqual([{ fsync: 'on', encoding: 'UTF8', addresses: '', up: true }]);
    await first.stop();
    const second = await start();
    expect(await query(second.url, 'select answer from t')).toEqual([{ answer: 42 }]);
    await second.stop();
  });

  it('leaves nothing running when it is stopped', async () => {
    const postgres = await start();
    const [row] = await query(postgres.url, "select pg_read_file('postmaster.pid') as file");
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
    expect(await query(next.url, 'select answer from t')).toEqual([{ answer: 42 }]);
    await next.stop();
  });

  it('runs in a directory whose path is too long for a socket', async () => {
    const postgres = await start(join(dataDir, 'long'.repeat(20), 'path'.repeat(10)));
    expect(await query(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await postgres.stop();
  });

  it('tells when the server ends by itself', async () => {
    const postgres = await start();
    const [row] = await query(postgres.url, "select pg_read_file('postmaster.pid') as file");
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
        await query(postgres.url, 'create table t as select 42 as answer');
        await postgres.stop();
        const again = await start();
        expect(await query(again.url, 'select answer from t')).toEqual([{ answer: 42 }]);
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
