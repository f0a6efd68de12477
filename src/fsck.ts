import pg from 'pg';
import { migrations } from '../migrations/index.js';
import { checkInvariants } from './fsck/check-invariants.js';
import type { Reading } from './fsck/walk.js';
import { ConfigError, readConfig, type Config } from './platform/config.js';
import { poolOptions, serviceUrl } from './platform/database.js';
import { openStoredDatabase } from './stored-database.js';

type Closing = () => Promise<void>;

/** Every invariant holds / some do not / it could not be found out. */
const SOUND = 0;
const VIOLATED = 1;
const NOT_FOUND_OUT = 2;

/**
 * Walks everything that is stored and says of each invariant whether it holds: a line each on standard output. Changes
 * nothing, and may run beside the service.
 */
async function fsck(config: Config): Promise<number> {
  const opened: Closing[] = [];
  try {
    const { url } = await openStoredDatabase(config, opened, say);
    const client = new pg.Client({ ...poolOptions('assay-fsck'), connectionString: serviceUrl(url) });
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
    const findings = await checkInvariants(reading);
    for (const { invariant, violations, first } of findings) {
      process.stdout.write(
        first === null ? `ok       ${invariant}\n` : `VIOLATED ${invariant}: ${violations} times; first: ${first}\n`,
      );
    }
    const violated = findings.filter((finding) => finding.first !== null);
    process.stdout.write(`${findings.length} invariants, ${violated.length} violated\n`);
    return violated.length === 0 ? SOUND : VIOLATED;
  } finally {
    for (const close of opened.reverse()) await close();
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

function say(message: string): void {
  process.stderr.write(`${message}\n`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

try {
  process.exitCode = await fsck(readConfig(undefined, { purpose: 'migrate' }));
} catch (error) {
  process.exitCode = NOT_FOUND_OUT;
  say(error instanceof ConfigError ? error.message : `nothing was found out: ${messageOf(error)}`);
}
