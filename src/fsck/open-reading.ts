import pg from 'pg';
import { migrations } from '../../migrations/index.js';
import type { Config } from '../platform/config.js';
import { poolOptions, serviceUrl } from '../platform/database.js';
import { runningPostgresUrls } from '../platform/embedded-postgres.js';
import { openStoredDatabase } from '../stored-database.js';
import type { Reading } from './walk.js';

type Closing = () => Promise<void>;

export interface OpenReading {
  readonly reading: Reading;
  readonly close: () => Promise<void>;
}

/**
 * Opens the database of the configuration for reading alone. An embedded one is started for the time, or read beside the
 * service that runs it. Rejects where there is none, where it cannot be opened or is not of this release.
 *
 * @param name shown in pg_stat_activity.
 * @param say told what becomes of an embedded database.
 */
export async function openReading(
  config: Pick<Config, 'database' | 'dataDir'>,
  name: string,
  say: (message: string) => void,
): Promise<OpenReading> {
  const opened: Closing[] = [];
  const close = async (): Promise<void> => {
    for (let next = opened.pop(); next !== undefined; next = opened.pop()) await next();
  };
  try {
    const client = new pg.Client({
      ...poolOptions(name),
      connectionString: serviceUrl(await databaseOf(config, opened, say)),
    });
    // The failure of a lost connection is thrown by the next statement on it.
    client.on('error', () => undefined);
    await client.connect();
    opened.push(() => client.end());
    // A look at millions of rows takes longer than a request may, and writes nothing.
    await client.query('set statement_timeout = 0');
    await client.query('set default_transaction_read_only = on');
    const reading: Reading = {
      query: async <Row>(text: string, values: readonly unknown[]) =>
        (await client.query<Row & pg.QueryResultRow>(text, [...values])).rows,
    };
    await assertMigrated(reading);
    return { reading, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function databaseOf(
  config: Pick<Config, 'database' | 'dataDir'>,
  opened: Closing[],
  say: (message: string) => void,
): Promise<string> {
  try {
    return (await openStoredDatabase(config, opened, say)).url;
  } catch (cause) {
    // A service that uses the directory has its server running; anything else is what it says.
    const running = config.database === null ? runningPostgresUrls(config.dataDir) : null;
    if (running !== null) return running.serviceUrl;
    throw cause;
  }
}

async function assertMigrated(reading: Reading): Promise<void> {
  const [table] = await reading.query<{ made: boolean }>(
    `select to_regclass('public.migrations') is not null as made`,
    [],
  );
  const ran = table?.made === true ? await reading.query<{ name: string }>('select name from migrations', []) : [];
  const missing = migrations.filter(({ name }) => !ran.some((migration) => migration.name === name));
  if (missing.length === 0) return;
  throw new Error('the schema is not that of this release; `npm run migrate` brings it up to date');
}
