import pg from 'pg';
import { setTimeout as delay } from 'node:timers/promises';
import type { SealingSettings } from '../src/history/log-settings.js';
import { openLog } from '../src/history/open-log.sequencer.js';
import { poolOptions, serviceUrl } from '../src/platform/database.js';
import { byteaArray } from '../src/platform/bytea-array.js';
import { logKeyFile } from '../src/platform/log-key-file.js';
import { makeKey } from '../test/support/sign.js';
import type { Client } from './client.js';
import { envelopeOfSize } from './evidence.js';
import { load, request, type LoadResult } from './load.js';
import type { Running } from './processes.js';
import { measure } from './report.js';

export interface SealingBench {
  readonly databaseUrl: string;
  /** Where the key of the log is, which all processes of the bench share. */
  readonly dataDir: string;
  readonly client: Client;
  readonly service: Running;
  readonly floor: Running;
  readonly startWorker: () => Promise<Running>;
  readonly rounds: number;
  readonly milliseconds: number;
  /** The larger size of the log at which proofs are asked for. */
  readonly leaves: number;
}

/** As the sequencer has it. */
const BATCH = 2_000;
const ENTRIES_A_ROUND = 30_000;
const FEWER_LEAVES = 10_000;

/** Sealing against the bare insert of its rows, sealing beside ingest, and proofs in a small and a large log. */
export async function measureSealing(bench: SealingBench, say: (text: string) => void): Promise<void> {
  const database = new pg.Client({ ...poolOptions('assay-bench'), connectionString: serviceUrl(bench.databaseUrl) });
  const owner = new pg.Client({ connectionString: bench.databaseUrl });
  await Promise.all([database.connect(), owner.connect()]);
  try {
    await owner.query(
      'create table if not exists bench_leaves (sequence bigint primary key, entry bigint, leaf_hash bytea)',
    );
    const settings: SealingSettings = {
      privateKey: logKeyFile(bench.dataDir),
      origin: null,
      defaultOrigin: 'bench.example/log',
      retired: [],
    };
    const sealWaiting = (): Promise<LoadResult> => seal(database, settings);
    const atSize = async (leaves: number): Promise<void> => {
      await grow(owner, sealWaiting, leaves);
      say(await proofs(bench, await sizeOf(owner)));
    };
    await sealWaiting();
    await atSize(FEWER_LEAVES);
    say(
      await measure(
        {
          name: `Sealing, ${ENTRIES_A_ROUND} entries in batches of ${BATCH}`,
          contenders: [
            {
              name: 'sealing',
              pid: process.pid,
              run: async () => {
                await append(owner, ENTRIES_A_ROUND);
                return sealWaiting();
              },
            },
            { name: 'the bare insert of as many hashes', pid: process.pid, run: () => insertHashes(owner) },
          ],
          targets: {},
        },
        bench.rounds,
      ),
    );
    say(await besideIngest(bench, owner));
    await sealWaiting();
    await atSize(bench.leaves);
  } finally {
    await Promise.all([database.end(), owner.end()]);
  }
}

/** Seals all that waits; a request is one leaf, and the latencies are those of a batch. */
async function seal(database: pg.Client, settings: SealingSettings): Promise<LoadResult> {
  const log = await openLog(database, settings, null, 65_536);
  const took: number[] = [];
  let [sealed, highest] = [0, 0];
  const started = performance.now();
  for (let count = BATCH; count > 0;) {
    const before = performance.now();
    const placed = await log.seal(highest, BATCH);
    ({ count } = placed);
    highest = Math.max(highest, placed.highest);
    sealed += count;
    if (count > 0) took.push(performance.now() - before);
  }
  return resultOf(sealed, performance.now() - started, took);
}

async function insertHashes(owner: pg.Client): Promise<LoadResult> {
  await owner.query('truncate bench_leaves');
  const hashes = byteaArray(Array.from({ length: BATCH }, () => Buffer.alloc(32, 7)));
  const took: number[] = [];
  const started = performance.now();
  for (let first = 1; first <= ENTRIES_A_ROUND; first += BATCH) {
    const before = performance.now();
    await owner.query(
      `insert into bench_leaves select $1::bigint + t.place, t.place, t.hash from unnest($2::bytea[]) with ordinality as t (hash, place)`,
      [first, hashes],
    );
    took.push(performance.now() - before);
  }
  return resultOf(ENTRIES_A_ROUND, performance.now() - started, took);
}

function resultOf(requests: number, milliseconds: number, took: readonly number[]): LoadResult {
  const sorted = [...took].sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? NaN;
  return { requests, perSecond: (requests * 1000) / milliseconds, p50: at(0.5), p99: at(0.99) };
}

/** Entries as verification makes them, committed and waiting for their places. */
async function append(owner: pg.Client, count: number): Promise<void> {
  await owner.query(
    `with made as (
       insert into history_entries (actor, type, image, attestation, data, nonce)
       select 'service', 'attestation.verified', 'sha256:' || encode(sha256(n::text::bytea), 'hex'),
         'sha256:' || encode(sha256((n + 1)::text::bytea), 'hex'),
         jsonb_build_object('trustRevision', 7, 'digest', 'sha256:' || encode(sha256(n::text::bytea), 'hex'),
           'signers', jsonb_build_array('ci/k1')), gen_random_uuid()
       from generate_series(1, $1::int) n returning id
     )
     insert into history_unsequenced select id from made`,
    [count],
  );
}

async function grow(owner: pg.Client, sealWaiting: () => Promise<unknown>, leaves: number): Promise<void> {
  for (let size = await sizeOf(owner); size < leaves; size = await sizeOf(owner)) {
    await append(owner, Math.min(100_000, leaves - size));
    await sealWaiting();
  }
  await owner.query(
    'vacuum analyze history_entries, history_sequence, history_unsequenced, log_tiles, log_checkpoints',
  );
}

async function sizeOf(owner: pg.Client): Promise<number> {
  const { rows } = await owner.query<{ size: string }>('select coalesce(max(size), 0) as size from log_checkpoints');
  return Number(rows[0]?.size);
}

/** A worker verifies and seals while evidence is posted as fast as it is taken. */
async function besideIngest(bench: SealingBench, owner: pg.Client): Promise<string> {
  const worker = await bench.startWorker();
  const key = { ...makeKey(), sign: () => Buffer.alloc(64, 1) };
  const headers = { authorization: `Bearer ${bench.client.token}`, 'content-type': 'application/json' };
  const counted = async (): Promise<{ waiting: number; entries: number }> => {
    const { rows } = await owner.query<{ waiting: string; entries: string }>(
      `select (select count(*) from history_unsequenced) as waiting, (select coalesce(max(id), 0) from history_entries) as entries`,
    );
    return { waiting: Number(rows[0]?.waiting), entries: Number(rows[0]?.entries) };
  };
  const { entries: before } = await counted();
  const bodies = Array.from({ length: Math.ceil(bench.milliseconds * 6) }, () => envelopeOfSize(10 * 1024, key));
  let next = 0;
  let most = 0;
  const ended = new AbortController();
  const watching = (async () => {
    while (!ended.signal.aborted) {
      most = Math.max(most, (await counted()).waiting);
      await delay(100);
    }
  })();
  const posted = await load({
    port: bench.service.port,
    clients: 64,
    milliseconds: bench.milliseconds,
    expect: [200, 201],
    next: () => {
      const body = bodies[(next += 1)];
      return body === undefined ? null : request('POST', '/v1/attestations', headers, body);
    },
  });
  ended.abort();
  await watching;
  const { entries: after } = await counted();
  const stopped = performance.now();
  while ((await counted()).waiting > 0) await delay(10);
  const behind = performance.now() - stopped;
  await worker.stop();
  const entries = ((after - before) * posted.perSecond) / posted.requests;
  return [
    '### Sealing beside ingest of 10 KB, 64 clients, a worker that verifies and seals',
    '',
    '| posted per second | entries per second | most that waited | ms until all was sealed |',
    '| --- | --- | --- | --- |',
    `| ${Math.round(posted.perSecond)} | ${Math.round(entries)} | ${most} | ${Math.round(behind)} |`,
    '',
  ].join('\n');
}

function proofs({ client, service, floor, rounds, milliseconds }: SealingBench, size: number): Promise<string> {
  const headers = { authorization: `Bearer ${client.token}` };
  const get = (port: number, path: () => string) => () =>
    load({ port, clients: 8, milliseconds, expect: [200], next: () => request('GET', path(), headers) });
  const anyEntry = (): number => 1 + Math.floor(Math.random() * size);
  return measure(
    {
      name: `Proof of an entry, 8 clients, ${size} leaves`,
      contenders: [
        { name: 'proof', pid: service.pid, run: get(service.port, () => `/v1/history/${anyEntry()}/proof`) },
        { name: 'one named read', pid: floor.pid, run: get(floor.port, () => `/one-read/${anyEntry()}`) },
      ],
      targets: {},
    },
    rounds,
  );
}
