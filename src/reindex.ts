import pg from 'pg';
import { entities } from './data-source.js';
import { reindexFacts } from './facts/reindex-facts.store.js';
import { ConfigError, readConfig, type Config } from './platform/config.js';
import { openDatabase, type Database } from './platform/database.js';
import { reindexVerdicts } from './policy/reindex-verdicts.store.js';
import { openStoredDatabase } from './stored-database.js';

/** Said no more often than this. */
const SAY_EVERY_MS = 2_000;

interface Part {
  readonly name: 'facts' | 'verdicts';
  /** Adds the next of them and answers how many were looked at; 0 where none is left. */
  readonly step: (database: Database) => Promise<number>;
  /** How many are left, in SQL. */
  readonly left: string;
}

const PARTS: readonly Part[] = [
  {
    name: 'facts',
    step: reindexFacts,
    left: `select count(*) as left from facts
      where id > (select position::bigint from search_progress where part = 'facts')`,
  },
  {
    name: 'verdicts',
    step: reindexVerdicts,
    left: `select count(*) as left from verdicts v, (select position from search_progress where part = 'verdicts') p
      where p.position = '' or (v.at, v.id) > (split_part(p.position, ' ', 1)::timestamptz, split_part(p.position, ' ', 2)::uuid)`,
  },
];

/**
 * Adds to the search over images what was stored before there was one, in small transactions: a run that was ended goes on
 * where it was. May run beside the service. With `--anew` everything is thrown away first, which takes the owner's rights,
 * and no search is complete until the run has ended.
 */
async function reindex(config: Config, anew: boolean): Promise<void> {
  const opened: (() => Promise<void>)[] = [];
  try {
    const { url, migrateUrl } = await openStoredDatabase(config, opened, say);
    if (anew) await empty(migrateUrl);
    const database = await openDatabase({ url, entities, applicationName: 'assay-reindex', poolSize: 1 });
    opened.push(() => database.close());
    for (const part of PARTS) await walk(database, part);
    say('the search over images is complete');
  } finally {
    for (const close of opened.reverse()) await close();
  }
}

async function walk(database: Database, { name, step, left }: Part): Promise<void> {
  const { rows } = await database.pool.query<{ left: number }>(left);
  const total = rows[0]?.left ?? 0;
  let done = 0;
  let saidAt = performance.now();
  for (let looked = await step(database); looked > 0; looked = await step(database)) {
    done += looked;
    if (performance.now() - saidAt < SAY_EVERY_MS) continue;
    saidAt = performance.now();
    say(`${name}: ${done} of ${Math.max(total, done)}, ${Math.floor((100 * done) / Math.max(total, done))} %`);
  }
  say(`${name}: ${done} looked at, none left`);
}

async function empty(ownerUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'assay-reindex' });
  // The failure of a lost connection is thrown by the next statement on it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    // Implicitly one transaction, so that no search takes an empty index for a complete one.
    await client.query(`
      update search_progress set position = case part when 'facts' then '0' else '' end, finished_at = null;
      truncate search_evidence, search_contents, search_left_out, verdict_signers`);
  } finally {
    await client.end();
  }
}

function say(message: string): void {
  process.stderr.write(`${message}\n`);
}

try {
  const words = process.argv.slice(2);
  const unknown = words.find((word) => word !== '--anew');
  if (unknown !== undefined) throw new Error(`${unknown} is not known here; there is --anew`);
  await reindex(readConfig(undefined, { purpose: 'migrate' }), words.includes('--anew'));
} catch (error) {
  process.exitCode = 1;
  if (error instanceof ConfigError) say(error.message);
  else say(`the search over images was not completed: ${error instanceof Error ? error.message : String(error)}`);
}
