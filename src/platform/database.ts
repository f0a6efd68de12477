import pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';

/** The role under which every pooled connection runs; made and granted by the migrations. */
export const SERVICE_ROLE = 'assay_service';

const STATEMENT_TIMEOUT_MS = 15_000;
const LOCK_TIMEOUT_MS = 10_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000;
/** Also bounds how long a caller waits for a connection of a busy pool. */
const CONNECTION_TIMEOUT_MS = 5_000;
const HOT_POOL_SIZE = 4;

export interface DatabaseOptions {
  readonly url: string;
  readonly entities: DataSourceOptions['entities'];
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** Connections for everyday reads and writes; the hot reads have a few of their own. */
  readonly poolSize: number;
}

/** The open database: TypeORM over `pool`, and the pools for statements of our own. All run under SERVICE_ROLE. */
export class Database {
  constructor(
    readonly dataSource: DataSource,
    /** The pool TypeORM itself uses: group-committed writes and everyday reads. */
    readonly pool: pg.Pool,
    /** Coalesced reads of a verdict, so that they never queue behind writes and lists. */
    readonly hotPool: pg.Pool,
  ) {}

  /** Resolves when every connection is closed; waits for statements under way. */
  async close(): Promise<void> {
    await Promise.all([this.hotPool.end(), this.dataSource.destroy()]);
  }

  /** Resolves when the database answers; throws the reason why it does not. */
  async ping(): Promise<void> {
    await this.hotPool.query('select 1');
  }
}

/** Opens the database and checks that its connections run under SERVICE_ROLE. Throws when they do not. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const url = serviceUrl(options.url);
  const extra = poolOptions(options.applicationName);
  const dataSource = new DataSource({
    type: 'postgres',
    driver: pg,
    url,
    entities: options.entities ?? [],
    migrationsRun: false,
    synchronize: false,
    installExtensions: false,
    poolSize: options.poolSize,
    applicationName: options.applicationName,
    extra,
  });
  try {
    await dataSource.initialize();
  } catch (error) {
    throw new Error(`the database cannot be opened: ${messageOf(error)}`, { cause: error });
  }
  const pool = poolOf(dataSource);
  const hotPool = new pg.Pool({ ...extra, connectionString: url, max: HOT_POOL_SIZE });
  // An idle connection that breaks is replaced at its next use; without a listener it would end the process.
  hotPool.on('error', () => undefined);
  const database = new Database(dataSource, pool, hotPool);
  try {
    await assertServiceRole(hotPool);
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

/**
 * The URL with our session settings appended to its `options`. They travel in the URL because `pg` lets a URL override
 * what is given beside it, and they come last because the server lets the last setting win: no URL can name another role.
 *
 * @param further settings of one pool's own, as `name=value`.
 */
export function serviceUrl(url: string, further: readonly string[] = []): string {
  const settings = [
    `role=${SERVICE_ROLE}`,
    `statement_timeout=${STATEMENT_TIMEOUT_MS}`,
    `lock_timeout=${LOCK_TIMEOUT_MS}`,
    `idle_in_transaction_session_timeout=${IDLE_IN_TRANSACTION_TIMEOUT_MS}`,
    'timezone=UTC',
    'jit=off',
    ...further,
  ];
  const result = new URL(url);
  const given = result.searchParams.get('options');
  result.searchParams.set('options', [given ?? '', ...settings.map((setting) => `-c ${setting}`)].join(' ').trim());
  // pg decodes %20 but not the + that URLSearchParams writes for a space.
  result.search = result.search.replaceAll('+', '%20');
  return result.href;
}

/** What every pool of this service is opened with, besides its URL and size. */
export function poolOptions(applicationName: string): pg.PoolConfig {
  return {
    application_name: applicationName,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    types: valueTypes(),
  };
}

const INT8 = 20;

/** As `pg` reads values, but int8 (revisions, counts) as a number, not in arrays. */
function valueTypes(): pg.CustomTypesConfig {
  const types = new pg.TypeOverrides();
  types.setTypeParser(INT8, 'text', (value) => safeInteger(BigInt(value)));
  return types;
}

function safeInteger(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number))
    throw new RangeError(`the database holds an int8 beyond 2^53: ${value.toString()}`);
  return number;
}

/**
 * A prepared statement: `name` stands for `text` on every connection, so one name never has two texts. Its rows come in the
 * text format: `pg` 8 decodes every value as UTF-8 before it looks at the format, which would alter binary ones.
 */
export interface NamedQuery<Row> {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
  /** Carries the type only. */
  readonly row?: Row;
}

/** Runs a prepared statement on any free connection of a pool, or on a client within its transaction. */
export async function namedQuery<Row extends pg.QueryResultRow>(
  on: pg.Pool | pg.ClientBase,
  query: NamedQuery<Row>,
): Promise<pg.QueryResult<Row>> {
  return on.query<Row, unknown[]>({ name: query.name, text: query.text, values: [...query.values] });
}

function poolOf(dataSource: DataSource): pg.Pool {
  const { driver } = dataSource;
  if ('master' in driver && driver.master instanceof pg.Pool) return driver.master;
  throw new Error('TypeORM does not run on the pool of the pg package');
}

async function assertServiceRole(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ role: string }>('select current_user::text as role');
  if (rows[0]?.role !== SERVICE_ROLE) {
    throw new Error(
      `the database's connections run as ${rows[0]?.role ?? 'nobody'} instead of ${SERVICE_ROLE}; ` +
        'a connection pooler that drops the startup options cannot stand in between',
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
