import { parseArgs } from 'node:util';
import pg from 'pg';
import { ConfigError, readConfig, type Config } from './platform/config.js';
import { poolOptions } from './platform/database.js';
import { runningPostgresUrls } from './platform/embedded-postgres.js';
import { applyRetention, type DueEnvelope } from './retention/apply-retention.store.js';
import { mayDrop } from './retention/drop-envelopes.store.js';
import type { Keeping } from './retention/may-be-dropped.js';
import { parseRetentionRules, type RetentionRule } from './retention/retention-rule.js';
import { openStoredDatabase } from './stored-database.js';

/*
 * `npm run retention -- --drop scan:400d`: drops the envelopes of old evidence, as the owner of the database, and only what it
 * is told to. The service itself can drop nothing.
 */

/** Said no more often than this. */
const SAY_EVERY_MS = 2_000;
const LOCK_TIMEOUT = '60s';

/** Dropped, or nothing was due / something was not done, or an envelope is not what it was. */
const DONE = 0;
const NOT_DONE = 1;

interface Asked {
  readonly rules: readonly RetentionRule[];
  readonly dryRun: boolean;
}

interface Sum {
  readonly envelopes: number;
  readonly bytes: number;
}

function readAsked(): Asked {
  const { values } = parseArgs({
    options: {
      drop: { type: 'string', multiple: true, default: [] },
      'dry-run': { type: 'boolean', default: false },
    },
  });
  const parsed = parseRetentionRules(values.drop);
  if ('faults' in parsed) throw new Error(parsed.faults.join('\n'));
  return { rules: parsed.rules, dryRun: values['dry-run'] };
}

async function retention(config: Config, { rules, dryRun }: Asked): Promise<number> {
  const opened: (() => Promise<void>)[] = [];
  try {
    const client = await openAsOwner(await ownerUrl(config, opened), opened);
    const now = await clockOf(client);
    const dropped = new Map<string, Sum>(rules.map(({ text }) => [text, { envelopes: 0, bytes: 0 }]));
    const kept = new Map<Keeping['because'], number>();
    let saidAt = performance.now();
    await applyRetention(client, {
      rules,
      now,
      dryRun,
      onDropped: ({ id, rule, size }) => {
        const { envelopes, bytes } = dropped.get(rule.text) ?? { envelopes: 0, bytes: 0 };
        dropped.set(rule.text, { envelopes: envelopes + 1, bytes: bytes + size });
        if (dryRun) print(`would drop ${id} by ${rule.text}, ${size} bytes`);
      },
      onKept: (envelope, keeping) => {
        kept.set(keeping.because, (kept.get(keeping.because) ?? 0) + 1);
        if (dryRun || keeping.because === 'altered') print(keptLine(envelope, keeping));
      },
      onProgress: (looked, of) => {
        if (performance.now() - saidAt < SAY_EVERY_MS) return;
        saidAt = performance.now();
        say(`${looked} of ${of} envelopes looked at, ${Math.floor((100 * looked) / Math.max(of, 1))} %`);
      },
    });
    const verb = dryRun ? 'would be dropped' : 'dropped';
    for (const [rule, { envelopes, bytes }] of dropped) print(`${rule}: ${envelopes} ${verb}, ${bytes} bytes`);
    for (const [because, count] of kept) print(`${because}: ${count} kept`);
    return kept.has('altered') ? NOT_DONE : DONE;
  } finally {
    for (const close of opened.reverse()) await close();
  }
}

/** A service that uses the directory has its server running; anything else is what it says. */
async function ownerUrl(config: Config, opened: (() => Promise<void>)[]): Promise<string> {
  try {
    return (await openStoredDatabase(config, opened, say)).migrateUrl;
  } catch (cause) {
    const running = config.database === null ? runningPostgresUrls(config.dataDir) : null;
    if (running !== null) return running.ownerUrl;
    throw cause;
  }
}

async function openAsOwner(url: string, opened: (() => Promise<void>)[]): Promise<pg.Client> {
  const client = new pg.Client({ ...poolOptions('assay-retention'), connectionString: url });
  // The failure of a lost connection is thrown by the next statement on it.
  client.on('error', () => undefined);
  await client.connect();
  opened.push(() => client.end());
  await client.query(`set timezone = 'UTC'; set lock_timeout = '${LOCK_TIMEOUT}'`);
  switch (await mayDrop(client)) {
    case 'yes':
      return client;
    case 'not_migrated':
      throw new Error('the schema is not that of this release; `npm run migrate` brings it up to date');
    case 'not_owner':
      throw new Error('this login owns no tables, and can drop nothing; set ASSAY_MIGRATE_DATABASE_URL to the owner');
  }
}

async function clockOf(client: pg.Client): Promise<Date> {
  const { rows } = await client.query<{ now: Date }>('select now() as now');
  const [row] = rows;
  if (row === undefined) throw new Error('the clock of the database was not read');
  return row.now;
}

function keptLine({ id, rule }: DueEnvelope, keeping: Keeping): string {
  switch (keeping.because) {
    case 'held':
      return `held       ${id} by ${keeping.holds.join(', ')}, though ${rule.text}`;
    case 'altered':
      return `ALTERED    ${id}: its envelope, or what is on record by it, is not what was signed; run assay audit verify`;
    case 'unexamined':
      return `unexamined ${id} is due for examination`;
    case 'unsettled':
      return `unsettled  ${id} may yet be found to be signed by somebody known, or be read`;
  }
}

function print(message: string): void {
  process.stdout.write(`${message}\n`);
}

function say(message: string): void {
  process.stderr.write(`${message}\n`);
}

try {
  const asked = readAsked();
  process.exitCode = await retention(readConfig(undefined, { purpose: 'migrate' }), asked);
} catch (error) {
  process.exitCode = NOT_DONE;
  const message = error instanceof Error ? error.message : String(error);
  say(error instanceof ConfigError ? message : `retention was not completed: ${message}`);
}
