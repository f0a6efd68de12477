import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Account } from './postgres-account.js';
import { SHARED_STATE_DIR } from './postgres-binaries.js';

/** The longest path of a unix socket's file is 107 bytes (unix(7)), of which `/.s.PGSQL.5432` takes 14. */
const LONGEST_SOCKET_DIR = 107 - 14;

/** The directory that holds the server's files: `postgres` in the data directory, or what that links to. */
export function postgresHome(dataDir: string, account: Account | null, log: (message: string) => void): string {
  const home = join(dataDir, 'postgres');
  if (!existsSync(home)) {
    if (account === null || canEnter(account, dataDir)) {
      makeDirectory(home, account);
    } else {
      // Root's home is closed to every other account, so the files live where theirs do, one link away.
      const elsewhere = makeSharedHome(dataDir, account);
      rmSync(home, { force: true });
      symlinkSync(elsewhere, home);
      log(`account ${account.name} cannot reach ${dataDir}; the database is kept in ${elsewhere}`);
    }
  }
  const real = realpathSync(home);
  if (account !== null && !canEnter(account, real)) throw unreachable(real, account);
  try {
    accessSync(real, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new Error(`${real} is closed to this user; start the service as the user who first started it`, { cause });
  }
  return real;
}

function makeSharedHome(dataDir: string, account: Account): string {
  try {
    mkdirSync(SHARED_STATE_DIR, { recursive: true, mode: 0o755 });
    const home = mkdtempSync(join(SHARED_STATE_DIR, 'database-'));
    chownSync(home, account.uid, account.gid);
    return home;
  } catch (cause) {
    throw unreachable(dataDir, account, cause);
  }
}

function unreachable(directory: string, account: Account, cause?: unknown): Error {
  return new Error(
    `${directory} cannot be reached by account ${account.name}, as which PostgreSQL runs when this service is started by ` +
      'root; set ASSAY_DATA_DIR to a directory it can enter, start the service as another user, or set DATABASE_URL',
    { cause },
  );
}

function makeDirectory(directory: string, account: Account | null): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
    if (account !== null) chownSync(directory, account.uid, account.gid);
  } catch (cause) {
    throw new Error(`${directory} cannot be made: ${messageOf(cause)}`, { cause });
  }
}

/** Asked of the system rather than read from mode bits: groups and access lists count too. */
function canEnter({ uid, gid }: Account, directory: string): boolean {
  return spawnSync('/bin/sh', ['-c', 'test -x "$0"', directory], { uid, gid, cwd: '/' }).status === 0;
}

/** A fresh directory for the server's socket, near its data where the path is short enough. */
export function makeSocketDir(home: string, account: Account | null): string {
  const near = join(home, 'socket');
  // The setting is a list: characters that would need quoting in it are avoided.
  if (Buffer.byteLength(near) <= LONGEST_SOCKET_DIR && /^[\w./-]+$/.test(near)) {
    rmSync(near, { recursive: true, force: true });
    makeDirectory(near, account);
    return near;
  }
  const short = mkdtempSync(join(tmpdir(), 'assay-'));
  if (account !== null) chownSync(short, account.uid, account.gid);
  return short;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
