import { readFileSync, statSync } from 'node:fs';

/** An account of this machine. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * The account under which PostgreSQL has to be started, or null for the one of this process. PostgreSQL refuses to run as
 * root; so root starts it as the owner of the data where there is data, else as `postgres`, else as `nobody`.
 */
export function postgresAccount(postgresData: string): Account | null {
  if (process.getuid?.() !== 0) return null;
  const accounts = readAccounts();
  const owner = statSync(postgresData, { throwIfNoEntry: false })?.uid ?? 0;
  const found =
    (owner === 0 ? undefined : accounts.find(({ uid }) => uid === owner)) ??
    accounts.find(({ name }) => name === 'postgres') ??
    accounts.find(({ name }) => name === 'nobody');
  if (found === undefined) {
    throw new Error('PostgreSQL does not run as root, and there is no account postgres or nobody to run it as');
  }
  return found;
}

function readAccounts(): readonly Account[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .flatMap(([name = '', , uid = '', gid = '']) =>
      /^\d+$/.test(uid) && /^\d+$/.test(gid) ? [{ name, uid: Number(uid), gid: Number(gid) }] : [],
    );
}
