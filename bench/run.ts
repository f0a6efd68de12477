import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../src/platform/embedded-postgres.js';
import { makeKey, type TestKey } from '../test/support/sign.js';
import { measureAudit } from './audit.js';
import { measureBundles } from './bundles.js';
import { send, type Client } from './client.js';
import { envelopeOfSize, POLICY, prepare, type Signers } from './evidence.js';
import { measureImpact } from './impact.js';
import { load, request } from './load.js';
import { freePort, start, type Running } from './processes.js';
import { measure, type Contender } from './report.js';
import { measureSealing } from './sealing.js';
import { measureSearch } from './search.js';
import { measureStart } from './start-time.js';
import { copyImageRows, makeTemplateImage } from './template-image.js';
import { measureVerification } from './verification.js';

const TOKEN = randomBytes(24).toString('base64url');
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
const MILLISECONDS = Number(process.env['BENCH_MILLISECONDS'] ?? 2000);
const IMAGES = Number(process.env['BENCH_IMAGES'] ?? 100_000);
const LEAVES = Number(process.env['BENCH_LEAVES'] ?? 1_000_000);
const only = process.argv.slice(2);
const wanted = (name: string): boolean => only.length === 0 || only.includes(name);

const dist = join(import.meta.dirname, '..');
const dataDir = mkdtempSync(join(tmpdir(), 'assay-bench-'));
const postgres = await startEmbeddedPostgres({ dataDir, log: () => undefined, settings: { max_connections: '200' } });
const say = (text: string): void => {
  console.log(text);
};

try {
  const service = await startService('api');
  const floor = await startFloor();
  const client: Client = { port: service.port, token: TOKEN };
  const signers = await prepare(client);
  say(`Node ${process.version}, ${ROUNDS} rounds of ${MILLISECONDS} ms a contender, interleaved; medians.\n`);
  if (wanted('verdict')) await benchVerdicts(client, service, floor, signers);
  if (wanted('impact')) {
    const startWorker = (): Promise<Running> => startService('worker');
    say(await measureImpact({ databaseUrl: postgres.ownerUrl, client, signers, service, startWorker, images: IMAGES }));
  }
  if (wanted('ingest')) await benchIngest(service, floor);
  if (wanted('sealing')) {
    const startWorker = (): Promise<Running> => startService('worker');
    const times = { rounds: ROUNDS, milliseconds: MILLISECONDS, leaves: LEAVES };
    await measureSealing(
      { databaseUrl: postgres.ownerUrl, dataDir, client, service, floor, startWorker, ...times },
      say,
    );
  }
  if (wanted('search')) say(await measureSearch({ client, floor, ownerUrl: postgres.ownerUrl, signers }));
  await floor.stop();
  if (wanted('verify'))
    say(await measureVerification({ client, startWorker: () => startService('worker'), rounds: ROUNDS }));
  await service.stop();
  if (wanted('audit')) await measureAudit(postgres.ownerUrl, say);
  if (wanted('bundles')) say(await measureBundles(ROUNDS));
  if (wanted('start')) say(await measureStart(join(dist, 'src/main.js'), ROUNDS));
} finally {
  await postgres.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

async function startService(role: 'api' | 'worker'): Promise<Running> {
  const port = await freePort();
  return start([join(dist, 'src/main.js')], port, '/healthz', {
    DATABASE_URL: postgres.serviceUrl,
    ASSAY_MIGRATE_DATABASE_URL: postgres.ownerUrl,
    ASSAY_ADMIN_TOKEN: TOKEN,
    ASSAY_ROLE: role,
    ASSAY_DATA_DIR: dataDir,
    PORT: String(port),
    LOG_LEVEL: 'error',
  });
}

async function startFloor(): Promise<Running> {
  const database = new pg.Client({ connectionString: postgres.ownerUrl });
  await database.connect();
  await database.query('create table if not exists bench_floor (id text primary key, body bytea not null)');
  await database.end();
  const port = await freePort();
  return start([join(dist, 'bench/floor-server.js'), String(port), postgres.ownerUrl], port, '/constant');
}

async function benchVerdicts(client: Client, service: Running, floor: Running, signers: Signers): Promise<void> {
  const template = await makeTemplateImage(client, signers, () => startService('worker'));
  const verdict = await send(client, 'GET', verdictPath(template));
  if (verdict['decision'] !== 'allow') throw new Error(`not allowed: ${JSON.stringify(verdict)}`);
  await send({ port: floor.port, token: '' }, 'PUT', '/answer', Buffer.from(JSON.stringify(verdict)));

  const digests = await copyImageRows(postgres.ownerUrl, template, IMAGES);
  const headers = { authorization: `Bearer ${TOKEN}` };
  const get = (port: number, path: (digest: string) => string, pick: () => string, clients: number) => () =>
    load({
      port,
      clients,
      milliseconds: MILLISECONDS,
      expect: [200],
      next: () => request('GET', path(pick()), headers),
    });
  const hot = digests.slice(0, 1000);
  const anyHot = (): string => hot[Math.floor(Math.random() * hot.length)] ?? template;
  for (const clients of [64, 8, 1]) {
    const contenders: [Contender, ...Contender[]] = [
      { name: 'verdict', pid: service.pid, run: get(service.port, verdictPath, anyHot, clients) },
      { name: 'constant route', pid: floor.pid, run: get(floor.port, () => '/constant', anyHot, clients) },
      {
        name: 'one named read',
        pid: floor.pid,
        run: get(floor.port, (digest) => `/one-read/${digest}`, anyHot, clients),
      },
    ];
    await contenders[0].run();
    const targets: Readonly<Record<string, number>> =
      clients === 64 ? { 'constant route': 0.6, 'one named read': 1.2 } : {};
    say(
      await measure({ name: `Verdict from the memo, ${clients} clients, 1,000 images`, contenders, targets }, ROUNDS),
    );
  }
  let next = 1000;
  const anyCold = (): string => digests[(next += 1) % digests.length] ?? template;
  for (const size of [10_000, IMAGES].filter((size, index, all) => all.indexOf(size) === index && size <= IMAGES)) {
    // Every digest is asked for once before any is asked for again, so that no answer is in the memo.
    const pick = (): string => digests[1000 + ((next += 1) % (size - 1000))] ?? template;
    say(
      await measure(
        {
          name: `Verdict evaluated anew, 64 clients, among ${size} images (${size * 12} attestations)`,
          contenders: [
            {
              name: 'verdict',
              pid: service.pid,
              run: get(service.port, verdictPath, size === IMAGES ? anyCold : pick, 64),
            },
            { name: 'constant route', pid: floor.pid, run: get(floor.port, () => '/constant', anyCold, 64) },
          ],
          targets: { 'constant route': 0.25 },
        },
        ROUNDS,
      ),
    );
  }
}

function verdictPath(digest: string): string {
  return `/v1/images/${digest}/verdict?policy=${POLICY}&param.region=eu-west1`;
}

async function benchIngest(service: Running, floor: Running): Promise<void> {
  const key: TestKey = makeKey();
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const post = (port: number, path: string, bodies: readonly Buffer[], clients: number) => () => {
    let index = 0;
    return load({
      port,
      clients,
      milliseconds: MILLISECONDS,
      expect: [200, 201],
      next: () => {
        const body = bodies[(index += 1)];
        return body === undefined ? null : request('POST', path, headers, body);
      },
    });
  };
  for (const [kilobytes, counts] of [
    [10, [64, 256, 1]],
    [2, [64]],
    [50, [64]],
  ] as const) {
    for (const clients of counts) {
      const most = Math.ceil((MILLISECONDS / 1000) * (clients === 1 ? 2000 : kilobytes === 50 ? 3000 : 9000));
      const fresh = (): readonly Buffer[] =>
        Array.from({ length: most }, () =>
          envelopeOfSize(kilobytes * 1024, { ...key, sign: () => Buffer.alloc(64, 1) }),
        );
      const bodies = fresh();
      const targets: Readonly<Record<string, number>> =
        kilobytes === 10 && clients !== 256
          ? clients === 1
            ? { 'one insert a request': 0.8 }
            : { 'POST that does nothing': 0.4, 'one insert a request': 2 }
          : {};
      say(
        await measure(
          {
            name: `Ingest of ${kilobytes} KB, ${clients} clients`,
            contenders: [
              {
                name: 'ingest',
                pid: service.pid,
                run: () => post(service.port, '/v1/attestations', fresh(), clients)(),
              },
              { name: 'POST that does nothing', pid: floor.pid, run: post(floor.port, '/nothing', bodies, clients) },
              { name: 'one insert a request', pid: floor.pid, run: post(floor.port, '/one-insert', bodies, clients) },
            ],
            targets,
          },
          ROUNDS,
        ),
      );
    }
  }
}
