import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { migrations } from '../../migrations/index.js';
import { eventually } from '../support/answers.js';
import { PREDICATE_TYPES, testResult } from '../support/predicates.js';
import { startServiceProcess, type ServiceProcess } from '../support/service-process.js';
import { envelopeOf, makeKey, statementAbout } from '../support/sign.js';
import { createTestDatabase } from '../support/test-database.js';

const qa = makeKey();

describe('processes that start at once', () => {
  it('on an empty database migrate it once, and all serve', async () => {
    const database = await createTestDatabase('empty');
    const env = {
      DATABASE_URL: database.url,
      ASSAY_MIGRATE_DATABASE_URL: database.ownerUrl,
      ASSAY_ADMIN_TOKEN: randomBytes(32).toString('hex'),
      LOG_LEVEL: 'info',
    };
    const services = await Promise.all(
      ['all', 'api', 'worker'].map((role) => startServiceProcess({ ...env, ASSAY_ROLE: role })),
    );
    const written = services.map((service) => service.written()).join('');
    for (const { name } of migrations) expect(written.split(`migrated ${name}"`)).toHaveLength(2);
    expect(written.split('migrated the queue')).toHaveLength(2);
    for (const { url } of services) expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(await Promise.all(services.map((service) => service.stop()))).toEqual([0, 0, 0]);
    await database.drop();
  });
});

describe('the service on its own database', { timeout: 120_000 }, () => {
  let dataDir: string;

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'assay-restart-'));
    chmodSync(dataDir, 0o755);
  });

  afterEach(() => {
    rmSync(dataDir, { recursive: true, force: true });
  });

  const start = (): Promise<ServiceProcess> => startServiceProcess({ ASSAY_DATA_DIR: dataDir });

  async function request({ url }: ServiceProcess, method: string, path: string, body?: string): Promise<Response> {
    const token = readFileSync(join(dataDir, 'admin-token'), 'utf8').trim();
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    return fetch(url + path, { method, headers, ...(body === undefined ? {} : { body }) });
  }

  async function ask(service: ServiceProcess, method: string, path: string, body?: object): Promise<unknown> {
    const response = await request(service, method, path, body === undefined ? undefined : JSON.stringify(body));
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
    return response.json();
  }

  /** Four clients post evidence until the service is gone; only what was answered counts. */
  async function postWhileItAnswers(service: ServiceProcess, acknowledged: string[]): Promise<void> {
    const client = async (): Promise<void> => {
      for (;;) {
        const image = `sha256:${randomBytes(32).toString('hex')}`;
        const statement = statementAbout(image, PREDICATE_TYPES.testResult, testResult('PASSED'));
        const body = envelopeOf(statement, [qa]).toString();
        const response = await request(service, 'POST', '/v1/attestations', body).catch(() => null);
        const answer = await response?.json().catch(() => null);
        if (answer === null || answer === undefined) return;
        acknowledged.push((answer as { id: string }).id);
      }
    };
    await Promise.all([client(), client(), client(), client()]);
  }

  it('killed while it takes in evidence, finds it all again, and examines what was pending', async () => {
    const first = await start();
    await ask(first, 'PUT', '/v1/attestors/qa', { kinds: ['test'], keys: [{ id: 'k1', publicKey: qa.publicKey }] });
    const acknowledged: string[] = [];
    const posting = postWhileItAnswers(first, acknowledged);
    while (acknowledged.length < 50) await sleep(5);
    const orphan = postmasterOf(dataDir);
    await first.kill();
    await posting;
    expect(process.kill(orphan, 0)).toBe(true);

    const second = await start();
    expect(postmasterOf(dataDir)).not.toBe(orphan);
    await eventually(async () => {
      for (const id of acknowledged) {
        expect(await ask(second, 'GET', `/v1/attestations/${id}`)).toMatchObject({ status: 'verified' });
      }
    }, 30);
    await eventually(async () => {
      expect(await ask(second, 'GET', '/v1/attestations?status=pending')).toMatchObject({ items: [] });
    });
    expect(await second.stop()).toBe(0);
    expect(await fsck({ ASSAY_DATA_DIR: dataDir })).toMatchObject({ status: 0 });
  });

  it('logs in as a user of its own, also in a directory that had no such user', async () => {
    for (const without of [false, true]) {
      const service = await start();
      await ask(service, 'PUT', '/v1/attestors/qa', { kinds: ['test'], keys: [{ id: 'k1', publicKey: qa.publicKey }] });
      const owner = new pg.Client({ connectionString: socketUrlOf(dataDir) });
      await owner.connect();
      const { rows } = await owner.query(
        `select distinct usename::text as login from pg_stat_activity where application_name like 'assay-%'`,
      );
      expect(rows).toEqual([{ login: 'assay_app' }]);
      if (!without) await owner.query('drop role assay_app');
      await owner.end();
      expect(await service.stop()).toBe(0);
    }
  });

  it('is checked by fsck while it runs, and over its socket', async () => {
    expect(await fsck({ ASSAY_DATA_DIR: dataDir })).toMatchObject({
      status: 2,
      said: expect.stringContaining(`there is no database in ${dataDir}`),
    });
    const service = await start();
    await ask(service, 'PUT', '/v1/attestors/qa', { kinds: ['test'], keys: [{ id: 'k1', publicKey: qa.publicKey }] });
    expect(await fsck({ ASSAY_DATA_DIR: dataDir })).toMatchObject({
      status: 0,
      report: expect.stringMatching(/\d+ invariants, 0 violated\n$/),
    });
    const url = socketUrlOf(dataDir);
    const sound = await fsck({ DATABASE_URL: url });
    expect(sound).toMatchObject({ status: 0, report: expect.stringMatching(/\d+ invariants, 0 violated\n$/) });

    const owner = new pg.Client({ connectionString: url });
    await owner.connect();
    await owner.query(`update attestor_states set attestor = jsonb_set(attestor, '{kinds}', '["scan"]')`);
    await owner.end();
    expect(await fsck({ DATABASE_URL: url })).toMatchObject({
      status: 1,
      report: expect.stringMatching(
        /^VIOLATED every attestor state has one history entry, with its digest: 1 times; first: .* qa at trust revision 1 /m,
      ),
    });
    expect(await service.stop()).toBe(0);
  });
});

describe('fsck', () => {
  it('says that a database is not migrated, or is away, instead of checking it', async () => {
    const database = await createTestDatabase('empty');
    expect(await fsck({ DATABASE_URL: database.ownerUrl })).toMatchObject({
      status: 2,
      said: expect.stringContaining('the schema is not that of this release'),
    });
    await database.drop();
    expect(await fsck({ DATABASE_URL: 'postgres://me:hunter2@127.0.0.1:1/x' })).toMatchObject({
      status: 2,
      said: expect.stringMatching(/^(?!.*hunter2).*ECONNREFUSED/s),
    });
    expect(await fsck({ DATABASE_URL: '' })).toMatchObject({
      status: 2,
      said: expect.stringContaining('DATABASE_URL'),
    });
  });
});

interface Checked {
  readonly status: number | null;
  readonly report: string;
  readonly said: string;
}

function fsck(env: Readonly<Record<string, string>>): Promise<Checked> {
  return new Promise((resolve) => {
    const script = join(inject('services').buildDir, 'src/fsck.js');
    const child = execFile(
      process.execPath,
      [script],
      { env: { PATH: process.env.PATH, ...env } },
      (_, report, said) => {
        resolve({ status: child.exitCode, report, said });
      },
    );
  });
}

function postmasterOf(dataDir: string): number {
  return Number(readFileSync(join(dataDir, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0]);
}

function socketUrlOf(dataDir: string): string {
  const [, , , , socketDir = ''] = readFileSync(join(dataDir, 'postgres/data/postmaster.pid'), 'utf8').split('\n');
  return `postgres://assay@localhost:5432/postgres?sslmode=disable&host=${encodeURIComponent(socketDir)}`;
}
