import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { lockDataDir } from './data-dir-lock.js';
import { postgresAccount } from './postgres-account.js';
import { postgresBinaries } from './postgres-binaries.js';
import { makeSocketDir, postgresHome } from './postgres-home.js';
import { endOrphan, endServer, initialise, OWNER, spawnServer, waitUntilReady } from './postgres-server.js';
import { makeServiceLogin, SERVICE_LOGIN } from './service-login.js';

/** How one connects to an embedded database: over a unix socket that nobody else can open. */
export interface EmbeddedUrls {
  /** As the owner of everything in it, who may do anything. */
  readonly ownerUrl: string;
  /** As the login of the service, which owns nothing. */
  readonly serviceUrl: string;
}

export interface EmbeddedPostgres extends EmbeddedUrls {
  /** Resolves when the server ends without having been told to. */
  readonly died: Promise<Error>;
  /** Ends the server after open transactions were broken off, and releases the data directory. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Made where absent. Used by one process at a time. */
  readonly dataDir: string;
  readonly log: (message: string) => void;
  /** Server settings besides the necessary ones. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * Starts the PostgreSQL of the data directory, making its files on first use, and resolves when it takes connections. A
 * server that a killed process left behind is ended first; nothing it committed is lost. Throws with what to do when the
 * directory is in use, cannot be written or cannot be reached by the account PostgreSQL has to run as.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, log, settings = {} } = options;
  const lock = await lockDataDir(dataDir);
  try {
    const account = postgresAccount(join(dataDir, 'postgres'));
    const bin = postgresBinaries(account, log);
    const home = postgresHome(dataDir, account, log);
    const data = join(home, 'data');
    if (existsSync(data)) await endOrphan(data, log);
    else initialise(bin, home, account);
    const socketDir = makeSocketDir(home, account);
    const end = async (): Promise<void> => {
      await endServer(server);
      rmSync(socketDir, { recursive: true, force: true });
    };
    const server = spawnServer({ bin, data, socketDir, account, settings, log });
    const urls = urlsOver(socketDir);
    try {
      await waitUntilReady(server, urls.ownerUrl, log);
      await makeServiceLogin(urls.ownerUrl);
    } catch (error) {
      await end();
      throw error;
    }
    return {
      ...urls,
      died: server.died,
      async stop() {
        await end();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/**
 * The URLs of the server that another process runs on this data directory, for whoever may open its socket: the user who
 * started it. null where none runs.
 */
export function runningPostgresUrls(dataDir: string): EmbeddedUrls | null {
  const file = join(dataDir, 'postgres', 'data', 'postmaster.pid');
  try {
    // Of the lines the fifth is the directory of the socket (PostgreSQL, pidfile.h).
    const [, , , , socketDir = ''] = readFileSync(file, 'utf8').split('\n');
    return socketDir === '' ? null : urlsOver(socketDir);
  } catch {
    return null;
  }
}

function urlsOver(socketDir: string): EmbeddedUrls {
  const urlAs = (user: string): string =>
    `postgres://${user}@localhost:5432/postgres?sslmode=disable&host=${encodeURIComponent(socketDir)}`;
  return { ownerUrl: urlAs(OWNER), serviceUrl: urlAs(SERVICE_LOGIN) };
}
