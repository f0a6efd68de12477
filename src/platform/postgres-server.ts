import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Account } from './postgres-account.js';

/** The database user who owns everything in an embedded database. */
export const OWNER = 'assay';
const STOP_TIMEOUT_MS = 30_000;

/** Makes the files of an empty database cluster at `<home>/data`; an interrupted attempt leaves nothing there. */
export function initialise(bin: string, home: string, account: Account | null): void {
  const unfinished = join(home, 'data.unfinished');
  rmSync(unfinished, { recursive: true, force: true });
  const settings = ['--encoding=UTF8', '--locale=C', '--auth=trust', '--no-instructions'];
  const result = spawnSync(join(bin, 'initdb'), ['-D', unfinished, `--username=${OWNER}`, ...settings], {
    ...spawnAs(account, home),
    encoding: 'utf8',
  });
  if (result.status !== 0) {
    throw new Error(`a database cannot be made in ${home}: ${result.error?.message ?? result.stderr.trim()}`);
  }
  // Only a finished directory gets the name that is looked for.
  renameSync(unfinished, join(home, 'data'));
}

/**
 * Ends the server that a killed process of ours left running on this data. Holding the data directory's lock, nobody else
 * can be using it.
 */
export async function endOrphan(data: string, log: (message: string) => void): Promise<void> {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return;
  const [pidLine = '', , , , socketDir = ''] = readFileSync(file, 'utf8').split('\n');
  const pid = Number(pidLine);
  if (isServerOf(pid, data)) {
    log(`ending the database server ${pid} that an earlier process left behind`);
    process.kill(pid, 'SIGINT');
    for (let waited = 0; isServerOf(pid, data); waited += 50) {
      if (waited === STOP_TIMEOUT_MS) process.kill(pid, 'SIGQUIT');
      if (waited > 2 * STOP_TIMEOUT_MS) throw new Error(`database server ${pid} on ${data} does not end`);
      await sleep(50);
    }
  }
  // PostgreSQL would take any process that has got the same number since for a running server.
  rmSync(file, { force: true });
  if (dirname(socketDir) === tmpdir()) rmSync(socketDir, { recursive: true, force: true });
}

/** A server works in its data directory. */
function isServerOf(pid: number, data: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data);
  } catch {
    return false;
  }
}

/** A running server process. */
export interface PostgresServer {
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
  readonly died: Promise<Error>;
  /** The last lines the server wrote. */
  readonly lines: readonly string[];
  stopping: boolean;
}

/** Starts a server that listens on its unix socket alone. */
export function spawnServer(options: {
  readonly bin: string;
  readonly data: string;
  readonly socketDir: string;
  readonly account: Account | null;
  readonly settings: Readonly<Record<string, string>>;
  readonly log: (message: string) => void;
}): PostgresServer {
  const { bin, data, socketDir, account, settings, log } = options;
  const all = {
    ...settings,
    listen_addresses: '',
    port: '5432',
    unix_socket_directories: socketDir,
    unix_socket_permissions: '0700',
    fsync: settings.fsync ?? 'on',
  };
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // A process group of its own: Ctrl-C in a terminal must reach it only after those who use it are done.
  const child = spawn(join(bin, 'postgres'), ['-D', data, ...flags], {
    ...spawnAs(account, data),
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    if (lines.length > 20) lines.shift();
    if (!server.stopping && / (PANIC|WARNING): /.test(line)) log(`postgres: ${line}`);
  });
  const exited = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      lines.push(error.message);
      resolve();
    });
    // Not `exit`: the last words are still to be read then.
    child.once('close', () => {
      resolve();
    });
  });
  const died = new Promise<Error>((resolve) => {
    void exited.then(() => {
      if (!server.stopping) resolve(new Error(`the database server ended: ${lines.slice(-5).join('\n')}`));
    });
  });
  const server: PostgresServer = { child, exited, died, lines, stopping: false };
  return server;
}

/** Resolves when the server takes connections, however long it recovers; throws with its last words when it ends. */
export async function waitUntilReady(
  server: PostgresServer,
  url: string,
  log: (message: string) => void,
): Promise<void> {
  const { child, lines } = server;
  for (let waited = 0; ; waited += 25) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (cause) {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
        await server.exited;
        throw new Error(`PostgreSQL does not start: ${lines.join('\n')}`, { cause });
      }
    }
    if (waited > 0 && waited % 10_000 === 0) log('PostgreSQL is still recovering');
    await sleep(25);
  }
}

/** Ends the server: open transactions are broken off, everything committed is on disk. */
export async function endServer(server: PostgresServer): Promise<void> {
  server.stopping = true;
  server.child.kill('SIGINT');
  const timer = setTimeout(() => server.child.kill('SIGQUIT'), STOP_TIMEOUT_MS);
  await server.exited;
  clearTimeout(timer);
}

/** Of the environment only what cannot change how the server behaves. */
function spawnAs(
  account: Account | null,
  cwd: string,
): { cwd: string; env: NodeJS.ProcessEnv; uid?: number; gid?: number } {
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
  return account === null ? { cwd, env } : { cwd, env, uid: account.uid, gid: account.gid };
}
