import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from './platform/config.js';
import { startEmbeddedPostgres } from './platform/embedded-postgres.js';

/** How the service and the owner of the schema connect. */
export interface StoredDatabase {
  readonly url: string;
  readonly migrateUrl: string;
}

/**
 * The database of the configuration, for a command that looks at it or works on it. The embedded one is started for the time,
 * which a running service does not let happen; how it is stopped is added to `opened`.
 */
export async function openStoredDatabase(
  { database, dataDir }: Pick<Config, 'database' | 'dataDir'>,
  opened: (() => Promise<void>)[],
  log: (message: string) => void,
): Promise<StoredDatabase> {
  if (database !== null) return database;
  if (!existsSync(join(dataDir, 'postgres'))) {
    throw new Error(`there is no database in ${dataDir}; set ASSAY_DATA_DIR, or DATABASE_URL where it is elsewhere`);
  }
  try {
    const postgres = await startEmbeddedPostgres({ dataDir, log });
    opened.push(() => postgres.stop());
    return { url: postgres.serviceUrl, migrateUrl: postgres.ownerUrl };
  } catch (cause) {
    const advice = 'stop the service, or set DATABASE_URL for a database in use';
    throw new Error(`${cause instanceof Error ? cause.message : String(cause)}; ${advice}`, { cause });
  }
}
