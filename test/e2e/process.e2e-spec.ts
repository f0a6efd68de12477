import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { eventually } from '../support/answers.js';
import { PREDICATE_TYPES, testResult } from '../support/predicates.js';
import { newImage } from '../support/release.js';
import { envelopeOf, makeKey, statementAbout } from '../support/sign.js';
import { startTestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { startTestRedis, REDIS_IS_MISSING } from '../support/test-redis.js';

const { buildDir, redisUrl } = inject('services');
const TOKEN = 'a-token-of-more-than-32-characters';

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  /** What it wrote for people. */
  readonly said: () => string;
  readonly log: () => string;
}

/** The service as a process of its own, with these variables and no other setting. */
function start(env: Record<string, string>): Started {
  const child = spawn(process.execPath, [join(buildDir, 'src/main.js')], {
    env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, ended, said: () => said, log: () => log };
}

async function listening({ child, log, said }: Started): Promise<string> {
  for (;;) {
    const url = /"url":"([^"]+)"/.exec(log())?.[1];
    if (url !== undefined) return url;
    if (child.exitCode !== null) throw new Error(`ended: ${said()}`);
    await sleep(20);
  }
}

function postgresOf(dataDir: string): boolean {
  const file = join(dataDir, 'postgres/data/postmaster.pid');
  return existsSync(file);
}

describe('the service with nothing configured', () => {
  let home: string;
  let dataDir: string;

  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'assay-process-'));
    chmodSync(home, 0o755);
    dataDir = join(home, 'data');
  });

  afterAll(() => {
    rmSync(home, { recursive: true, force: true });
  });

  it('starts on its own database, tells where the admin token is, and leaves nothing running after a signal', async () => {
    const first = start({ ASSAY_DATA_DIR: dataDir });
    const url = await listening(first);
    const path = join(dataDir, 'admin-token');
    expect(first.said()).toContain(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const token = readFileSync(path, 'utf8').trim();
    expect(first.said() + first.log()).not.toContain(token);

    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', failing: [] }]);
    const policies = await fetch(`${url}/v1/policies`, { headers: { authorization: `Bearer ${token}` } });
    expect(policies.status).toBe(200);
    expect((await fetch(`${url}/v1/policies`)).status).toBe(401);

    const rival = start({ ASSAY_DATA_DIR: dataDir });
    expect(await rival.ended).toBe(1);
    expect(rival.said()).toContain(`in use by process ${first.child.pid}`);

    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);
    expect(first.log()).toContain('"stopped"');
    expect(postgresOf(dataDir)).toBe(false);

    const again = start({ ASSAY_DATA_DIR: dataDir });
    await listening(again);
    expect(readFileSync(path, 'utf8').trim()).toBe(token);
    again.child.kill('SIGINT');
    expect(await again.ended).toBe(0);
  });

  it('ends with status 1 when its database dies under it', async () => {
    const service = start({ ASSAY_DATA_DIR: dataDir });
    await listening(service);
    const pid = Number(readFileSync(join(dataDir, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0]);
    process.kill(pid, 'SIGQUIT');
    expect(await service.ended).toBe(1);
  });
});

describe('a configuration', () => {
  it('at fault stops the start, with every fault told and no secret', async () => {
    const service = start({ PORT: 'x', ASSAY_ROLE: 'boss', DATABASE_URL: 'mysql://me:hunter2@db/x' });
    expect(await service.ended).toBe(1);
    for (const name of ['PORT', 'ASSAY_ROLE', 'DATABASE_URL', 'ASSAY_ADMIN_TOKEN']) {
      expect(service.said()).toContain(name);
    }
    expect(service.said()).not.toContain('hunter2');
  });

  it('with a database that is away stops the start and says so', async () => {
    const service = start({ DATABASE_URL: 'postgres://me:hunter2@127.0.0.1:1/x', ASSAY_ADMIN_TOKEN: TOKEN });
    expect(await service.ended).toBe(1);
    expect(service.said()).toContain('ECONNREFUSED');
    expect(service.said() + service.log()).not.toContain('hunter2');
  });
});

describe('roles', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  afterAll(async () => {
    await database.drop();
  });

  it('of a worker serves how it is and nothing else, and needs no admin token', async () => {
    const worker = start({
      ASSAY_ROLE: 'worker',
      DATABASE_URL: database.url,
      ASSAY_MIGRATE_DATABASE_URL: database.ownerUrl,
    });
    const url = await listening(worker);
    for (const path of ['/healthz', '/readyz', '/metrics']) expect((await fetch(url + path)).status).toBe(200);
    for (const path of ['/v1/policies', '/v1/attestors', '/v1/history', '/docs', '/openapi.yaml']) {
      expect((await fetch(url + path, { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(404);
    }
    worker.child.kill('SIGTERM');
    expect(await worker.ended).toBe(0);
  });

  it('of the API closes only after the request under way is answered', async () => {
    const app = await startTestApp({ database, role: 'api' });
    const slow = app.request('/v1/attestations', {
      method: 'POST',
      duplex: 'half',
      body: new ReadableStream<Uint8Array>({
        async start(controller) {
          controller.enqueue(Buffer.from('{'));
          await sleep(700);
          controller.enqueue(Buffer.from('}'));
          controller.close();
        },
      }),
    });
    await sleep(200);
    const stopping = app.stop();
    expect((await slow).status).toBe(415);
    await stopping;
    await expect(fetch(app.url)).rejects.toThrow();
    // The client's connection is idle by then and does not hold up the end.
  }, 30_000);

  it('of the API describes itself', async () => {
    const app = await startTestApp({ database, role: 'api' });
    expect((await fetch(`${app.url}/docs`)).status).toBe(200);
    expect(await (await fetch(`${app.url}/openapi.yaml`)).text()).toContain('/v1/attestations/{id}/envelope');
    await app.stop();
  });
});

describe.skipIf(redisUrl === null)(redisUrl === null ? REDIS_IS_MISSING : 'without its Redis', () => {
  it('the service says what is failing, and recovers', async () => {
    const redis = await startTestRedis();
    if (redis === null) throw new Error(REDIS_IS_MISSING);
    const database = await createTestDatabase();
    const app = await startTestApp({ database, env: { REDIS_URL: redis.url } });
    await redis.stop();
    const away = await fetch(`${app.url}/readyz`);
    expect([away.status, await away.json()]).toEqual([503, { status: 'unavailable', failing: ['queue'] }]);
    const back = await startTestRedis({ port: redis.port });
    while ((await fetch(`${app.url}/readyz`)).status !== 200) await sleep(50);
    await app.stop();
    await back?.stop();
    await database.drop();
  });
});

describe('with another key than that of the log', () => {
  it('the service says that it does not seal, and serves as ever', async () => {
    const database = await createTestDatabase();
    const home = mkdtempSync(join(tmpdir(), 'assay-other-key-'));
    const otherKey = join(home, 'log-key.pem');
    writeFileSync(otherKey, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const first = await startTestApp({ database });
    await eventually(async () => {
      expect((await fetch(`${first.url}/log/checkpoint`)).status).toBe(200);
    });
    expect(await readiness(first.url)).toEqual([200, { status: 'ready', failing: [] }]);
    await first.stop();

    const other = await startTestApp({ database, env: { ASSAY_LOG_KEY_FILE: otherKey } });
    await eventually(async () => {
      expect(await readiness(other.url)).toEqual([200, { status: 'degraded', failing: ['sealing'] }]);
    });
    expect(await (await fetch(`${other.url}/metrics`)).text()).toMatch(/^assay_log_sealing_refused 1$/m);
    expect((await fetch(`${other.url}/healthz`)).status).toBe(200);
    const document = JSON.stringify({ kinds: ['test'], keys: [{ id: 'k1', publicKey: makeKey().publicKey }] });
    const headers = { 'content-type': 'application/json' };
    expect((await other.request('/v1/attestors/qa', { method: 'PUT', body: document, headers })).status).toBe(201);
    const envelope = envelopeOf(statementAbout(newImage(), PREDICATE_TYPES.testResult, testResult('PASSED')), [
      makeKey(),
    ]);
    expect((await other.request('/v1/attestations', { method: 'POST', body: envelope, headers })).status).toBe(201);
    await other.stop();
    await database.drop();
    rmSync(home, { recursive: true });
  });
});

async function readiness(url: string): Promise<readonly [status: number, body: unknown]> {
  const answer = await fetch(`${url}/readyz`);
  return [answer.status, await answer.json()];
}
