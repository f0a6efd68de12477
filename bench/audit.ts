import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { migrations } from '../migrations/index.js';
import { migrate } from '../src/platform/migrate.js';
import { fillUpTo, openFilling } from './audit-fill.js';

const MOST = Number(process.env['BENCH_AUDIT'] ?? 100_000);
const SIZES = [10_000, 100_000, 1_000_000].filter((size) => size <= MOST);
const PAGE_SIZE = 1_000;
const DATABASE = 'bench_audit';

/** What an audit reads at the least, each table once, by its key. */
const TABLES = [
  {
    text: `select e.received_at::text as a, e.attestation as b, e.bytes from envelopes e
      where (e.received_at, e.attestation) > ($1::timestamptz, $2) order by e.received_at, e.attestation limit $3`,
    start: ['-infinity', ''],
  },
  ...['history_entries', 'verifications', 'facts'].map((table) => ({
    text: `select t.id::text as a, t.* from ${table} t where id > $1::bigint order by id limit $2`,
    start: ['0'],
  })),
  {
    text: 'select v.id::text as a, v.* from verdicts v where id > $1::uuid order by id limit $2',
    start: ['00000000-0000-0000-0000-000000000000'],
  },
  {
    text: 'select sequence::text as a, leaf_hash from history_sequence where sequence > $1::bigint order by sequence limit $2',
    start: ['0'],
  },
] as const;

interface Audited {
  readonly seconds: number;
  /** The most memory that the process had at any time, in MB. */
  readonly peak: number;
  readonly size: number;
}

/** `assay audit verify` over accounts of several sizes, against a bare read of the same rows. */
export async function measureAudit(serverUrl: string, say: (text: string) => void): Promise<void> {
  const url = await createDatabase(serverUrl);
  const owner = new pg.Client({ connectionString: url });
  await owner.connect();
  const filling = await openFilling(owner, url);
  try {
    const rows: string[] = [];
    for (const size of SIZES) {
      const began = performance.now();
      await fillUpTo(filling, size);
      await owner.query('vacuum analyze');
      process.stderr.write(`filled up to ${size} entries in ${Math.round((performance.now() - began) / 1000)} s\n`);
      rows.push(await measureAccount(owner, url));
      process.stderr.write(`${rows.at(-1) ?? ''}\n`);
    }
    say(
      [
        '### `assay audit verify` against a database',
        '',
        '| entries | seconds | entries per second | bare read of the rows, the floor | product / floor | peak memory MB |',
        '| --- | --- | --- | --- | --- | --- |',
        ...rows,
        '',
      ].join('\n'),
    );
  } finally {
    await owner.end();
    await filling.house.close();
  }
}

/** Audits an account as it is, and reads its rows in the same minutes; answers a row of the table. */
export async function measureAccount(owner: pg.Client, url: string): Promise<string> {
  const read = await readBare(owner);
  const { seconds, peak, size } = await audit(owner, url);
  const rate = (took: number): number => Math.round(size / took);
  return `| ${size} | ${seconds.toFixed(1)} | ${rate(seconds)} | ${rate(read)} | ${(read / seconds).toFixed(3)} | ${Math.round(peak)} |`;
}

/** Of its own: what other parts of the bench file by SQL is no account that holds together. */
async function createDatabase(serverUrl: string): Promise<string> {
  const server = new pg.Client({ connectionString: serverUrl });
  await server.connect();
  await server.query(`create database ${DATABASE}`);
  await server.end();
  const url = new URL(serverUrl);
  url.pathname = `/${DATABASE}`;
  await migrate({ url: url.href, serviceUrl: url.href, migrations, queueInDatabase: true, log: () => undefined });
  return url.href;
}

/** How many seconds it takes to read the rows page by page and do nothing with them. */
async function readBare(owner: pg.Client): Promise<number> {
  const began = performance.now();
  for (const { text, start } of TABLES) {
    let key: readonly string[] = start;
    for (;;) {
      const { rows } = await owner.query<{ a: string; b?: string }>(text, [...key, PAGE_SIZE]);
      const last = rows.at(-1);
      if (last === undefined) break;
      key = last.b === undefined ? [last.a] : [last.a, last.b];
    }
  }
  return (performance.now() - began) / 1000;
}

async function audit(owner: pg.Client, url: string): Promise<Audited> {
  const { rows } = await owner.query<{ vkey: string }>('select vkey from log_checkpoints order by size desc limit 1');
  const program = join(import.meta.dirname, '../src/audit-verify.js');
  const began = performance.now();
  const child = spawn(process.execPath, [program, '--json', '--key', rows[0]?.vkey ?? ''], {
    env: { ...process.env, DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let [written, peak, ended] = ['', 0, false];
  child.stdout.on('data', (chunk: Buffer) => (written += chunk.toString()));
  const closed = new Promise((resolve) => child.once('close', resolve)).finally(() => (ended = true));
  while (!ended) {
    peak = Math.max(peak, peakOf(child.pid ?? 0));
    await Promise.race([closed, delay(50)]);
  }
  const seconds = (performance.now() - began) / 1000;
  const answer = JSON.parse(written) as { readonly sound: boolean; readonly first: unknown; readonly size: number };
  if (!answer.sound) throw new Error(`the filled account does not hold: ${JSON.stringify(answer.first)}`);
  return { seconds, peak, size: answer.size };
}

/** In MB, as Linux counts it; 0 where the process has ended. */
function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
