import { setTimeout as sleep } from 'node:timers/promises';
import { LATEST_SCHEMA_VERSION, runMigrations as migrateQueue } from 'bullmq';
import pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { SERVICE_ROLE } from './database.js';

export interface MigrateOptions {
  /** The owner's connection. */
  readonly url: string;
  /** The connection the service itself will use; its user is let into the service role. null: nobody is. */
  readonly serviceUrl: string | null;
  readonly migrations: DataSourceOptions['migrations'];
  readonly entities?: DataSourceOptions['entities'];
  /** Whether the queue keeps its jobs in this database. */
  readonly queueInDatabase: boolean;
  readonly log: (message: string) => void;
}

/** Arbitrary, the same in every version: all processes that migrate one database meet at it. */
const MIGRATION_LOCK = 0x61_73_73_61;

/**
 * Brings the schema up to date. Safe to run any number of times and by any number of processes at once: one works, the
 * others wait and then find nothing to do. Each migration is one transaction; a failing one leaves those before it. Where
 * nothing is to be done, the service's own rights suffice.
 */
export async function migrate(options: MigrateOptions): Promise<void> {
  const client = new pg.Client({ connectionString: options.url, application_name: 'assay-migrate' });
  // The failure of a lost connection is thrown by the next statement on it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await lock(client, options.log);
    await migrateSchema(options);
    await grantMigrations(client);
    if (options.queueInDatabase) {
      if (!(await isQueueCurrent(client))) {
        await migrateQueue(client);
        options.log('migrated the queue');
      }
      await grantQueue(client);
    }
    if (options.serviceUrl !== null) await grantServiceRole(client, userOf(options.serviceUrl));
  } finally {
    // Ends the session and with it the lock.
    await client.end();
  }
}

/** Waits by asking again: a session that blocks on the lock holds a snapshot, which would stall concurrent index builds. */
async function lock(client: pg.Client, log: (message: string) => void): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [
      MIGRATION_LOCK,
    ]);
    if (rows[0]?.locked === true) return;
    if (attempt === 0) log('another process is migrating the database; waiting for it');
    await sleep(100);
  }
}

async function migrateSchema({ url, migrations, entities, log }: MigrateOptions): Promise<void> {
  const dataSource = new DataSource({
    type: 'postgres',
    driver: pg,
    url,
    entities: entities ?? [],
    migrations: migrations ?? [],
    migrationsTransactionMode: 'each',
    synchronize: false,
    installExtensions: false,
    poolSize: 1,
    applicationName: 'assay-migrate',
  });
  await dataSource.initialize();
  try {
    const ran = await dataSource.runMigrations();
    for (const migration of ran) log(`migrated ${migration.name}`);
  } finally {
    await dataSource.destroy();
  }
}

async function isQueueCurrent(client: pg.Client): Promise<boolean> {
  const { rows: tables } = await client.query("select 1 where to_regclass('bullmq.migration') is not null");
  if (tables.length === 0) return false;
  const { rows } = await client.query<{ version: number }>(
    'select coalesce(max(version), 0)::int as version from bullmq.migration',
  );
  return (rows[0]?.version ?? 0) >= LATEST_SCHEMA_VERSION;
}

/*
 * What is granted is asked of the database and not concluded from what was just made: an earlier process may have been killed
 * between the two. Asking takes no more than the service's own rights, granting the owner's.
 */

/** So that a process with the service's own rights can see later that nothing is to be done. */
async function grantMigrations(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ granted: boolean }>(
    `select has_table_privilege($1, 'migrations', 'select') as granted`,
    [SERVICE_ROLE],
  );
  if (rows[0]?.granted !== true) await client.query(`grant select on migrations to ${SERVICE_ROLE}`);
}

async function grantQueue(client: pg.Client): Promise<void> {
  // All grants are made at once, so one on every table stands for the others.
  const { rows } = await client.query<{ granted: boolean }>(
    `select bool_and(has_table_privilege($1, c.oid, 'delete')) as granted from pg_class c
     where c.relnamespace = 'bullmq'::regnamespace and c.relkind in ('r', 'p')`,
    [SERVICE_ROLE],
  );
  if (rows[0]?.granted === true) return;
  await client.query(`
    grant usage, create on schema bullmq to ${SERVICE_ROLE};
    grant select, insert, update, delete on all tables in schema bullmq to ${SERVICE_ROLE};
    grant usage, select on all sequences in schema bullmq to ${SERVICE_ROLE};
    grant execute on all functions in schema bullmq to ${SERVICE_ROLE}`);
}

/** Asks first: a database whose administrator made the role and let the user in needs no right to grant it. */
async function grantServiceRole(client: pg.Client, user: string): Promise<void> {
  const { rows } = await client.query<{ member: boolean }>(
    `select pg_has_role($1::text, $2::text,
       case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end) as member`,
    [user, SERVICE_ROLE],
  );
  if (rows[0]?.member === true) return;
  await client.query(`grant ${SERVICE_ROLE} to ${pg.escapeIdentifier(user)}`);
}

/** The user a connection to this URL would log in as, also where the URL names none. */
function userOf(url: string): string {
  return new pg.Client({ connectionString: url }).user ?? '';
}
