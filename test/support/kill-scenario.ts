import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { expect } from 'vitest';
import { poolOptions } from '../../src/platform/database.js';
import { eventually, whileUnderWay } from './answers.js';
import { violatedInvariants } from './invariants.js';
import { approval, PREDICATE_TYPES, testResult } from './predicates.js';
import { startServiceProcess, type ServiceProcess } from './service-process.js';
import { envelopeOf, makeKey, statementAbout } from './sign.js';
import { freePort, startTestRedis, type TestRedis } from './test-redis.js';

const TOKEN = randomBytes(32).toString('base64url');
const CLIENTS = 16;
const WORKERS = 2;
/** A client that hears nothing gives up and asks again. */
const PATIENCE_MS = 10_000;
const MOST_STARTS = 10;
const LOOK_EVERY_MS = 500;

export interface KillScenario {
  readonly url: string;
  readonly ownerUrl: string;
  readonly queue: 'redis' | 'postgres';
  readonly posts: number;
  /** What is done to the processes while clients post, each once so many posts are acknowledged. */
  readonly kills: readonly { readonly after: number; readonly kill: (target: Target) => Promise<void> }[];
}

/** The processes of the service and its queue, each to be killed without warning and started again. */
export interface Target {
  readonly api: () => Promise<void>;
  readonly worker: (index: number) => Promise<void>;
  /** Comes back empty. */
  readonly redis: () => Promise<void>;
}

interface Prepared {
  readonly bodies: readonly Buffer[];
  readonly verified: number;
  readonly rejected: number;
}

/**
 * Lets clients post evidence to an API process, with two worker processes behind it, while processes are killed; each client
 * asks again until it is answered. In the end nothing that was acknowledged is lost, everything was examined once with what
 * it deserves, and every invariant holds.
 */
export async function surviveKills({ url, ownerUrl, queue, posts, kills }: KillScenario): Promise<void> {
  const opened: (() => Promise<void>)[] = [];
  const ended = new AbortController();
  try {
    const redis = queue === 'redis' ? await redisOf(opened) : null;
    const env = {
      DATABASE_URL: url,
      ASSAY_MIGRATE_DATABASE_URL: ownerUrl,
      ASSAY_ADMIN_TOKEN: TOKEN,
      LOG_LEVEL: 'info',
      ...(redis === null ? {} : { REDIS_URL: redis.url }),
    };
    const port = await freePort();
    const [api, ...workers] = await Promise.all([
      restartable({ ...env, ASSAY_ROLE: 'api', PORT: `${port}` }, opened),
      ...Array.from({ length: WORKERS }, () => restartable({ ...env, ASSAY_ROLE: 'worker' }, opened)),
    ]);
    const target: Target = { api, worker: (index) => workers[index % WORKERS]!(), redis: () => redis!.restart() };
    const base = `http://127.0.0.1:${port}`;
    const prepared = await prepare(base, posts);

    const acknowledged = new Set<string>();
    const underWay = Promise.all([
      postAll({ base, bodies: prepared.bodies, acknowledged, signal: ended.signal }),
      killAsTheyPost(kills, target, () => acknowledged.size),
    ]);
    await whileUnderWay(underWay, () => assertInvariantsHold(url));
    await assertSettled({ url, prepared, acknowledged });
  } finally {
    ended.abort();
    for (const close of opened.reverse()) await close();
  }
}

/** They hold at every moment; that they cannot be looked at while the database recovers is no answer. */
async function assertInvariantsHold(url: string): Promise<void> {
  await sleep(LOOK_EVERY_MS);
  const violated = await violatedInvariants(url).catch(() => []);
  expect(violated).toEqual([]);
}

/** A process and how to kill and start it again, with what it was started with. */
async function restartable(
  env: Readonly<Record<string, string>>,
  opened: (() => Promise<void>)[],
): Promise<() => Promise<void>> {
  let running: ServiceProcess = await startServiceProcess(env);
  opened.push(() => running.kill());
  return async () => {
    await running.kill();
    running = await startAsSupervised(env);
  };
}

/** A supervisor starts what does not start again: the database may be recovering at that very moment. */
async function startAsSupervised(env: Readonly<Record<string, string>>): Promise<ServiceProcess> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await startServiceProcess(env);
    } catch (error) {
      if (tries === MOST_STARTS) throw error;
      await sleep(500);
    }
  }
}

async function redisOf(opened: (() => Promise<void>)[]): Promise<{ readonly url: string; restart(): Promise<void> }> {
  let running: TestRedis | null = await startTestRedis();
  if (running === null) throw new Error('this machine has no Redis');
  const { url, port } = running;
  opened.push(async () => running?.stop());
  return {
    url,
    async restart() {
      await running?.stop();
      running = await startTestRedis({ port });
    },
  };
}

/** Registers who may sign, and signs evidence of every sort about images that share it out. */
async function prepare(base: string, posts: number): Promise<Prepared> {
  const [qa, lead, stranger] = [makeKey(), makeKey('Ed25519'), makeKey()];
  for (const [name, kind, { publicKey }] of [
    ['qa', 'test', qa],
    ['leads', 'approval', lead],
  ] as const) {
    const document = JSON.stringify({ kinds: [kind], keys: [{ id: 'k1', publicKey }] });
    const { status } = await request(base, `/v1/attestors/${name}`, { method: 'PUT', body: document });
    expect(status).toBe(201);
  }
  const images = Array.from({ length: Math.ceil(posts / 20) }, () => `sha256:${randomBytes(32).toString('hex')}`);
  const bodies = Array.from({ length: posts }, (_, index) => {
    const image = images[index % images.length]!;
    const tested = statementAbout(image, PREDICATE_TYPES.testResult, testResult('PASSED', { suite: `s${index}` }));
    const approved = statementAbout(image, PREDICATE_TYPES.approval, approval(`p${index}`, new Date()));
    switch (index % 5) {
      case 0:
        return envelopeOf(approved, [lead]);
      case 1:
        return envelopeOf(approved, [stranger]);
      case 2:
        return envelopeOf(`not a statement, ${index}`, [qa], 'text/plain');
      default:
        return envelopeOf(tested, [qa]);
    }
  });
  const rejected = bodies.filter((_, index) => index % 5 === 1 || index % 5 === 2).length;
  return { bodies, rejected, verified: posts - rejected };
}

interface Posting {
  readonly base: string;
  readonly bodies: readonly Buffer[];
  /** Ids of what was answered. */
  readonly acknowledged: Set<string>;
  readonly signal: AbortSignal;
}

async function postAll({ base, bodies, acknowledged, signal }: Posting): Promise<void> {
  const waiting = bodies.entries();
  const client = async (): Promise<void> => {
    for (const [, body] of waiting) {
      while (!(await wasAnswered(base, body, acknowledged))) {
        if (signal.aborted) return;
        await sleep(100);
      }
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
}

/** Posts once; false where it is to be posted again, whatever became of it. */
async function wasAnswered(base: string, body: Buffer, acknowledged: Set<string>): Promise<boolean> {
  const response = await request(base, '/v1/attestations', { method: 'POST', body: Buffer.from(body) }).catch(
    () => null,
  );
  const text = await response?.text().catch(() => null);
  if (response === null || text === null || text === undefined) return false;
  if (response.status >= 500 || response.status === 429) return false;
  if (!response.ok) throw new Error(`refused with ${response.status}: ${text}`);
  acknowledged.add((JSON.parse(text) as { readonly id: string }).id);
  return true;
}

function request(base: string, path: string, init: RequestInit): Promise<Response> {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  return fetch(base + path, { ...init, headers, signal: AbortSignal.timeout(PATIENCE_MS) });
}

async function killAsTheyPost(kills: KillScenario['kills'], target: Target, progress: () => number): Promise<void> {
  for (const { after, kill } of kills) {
    while (progress() < after) await sleep(10);
    await kill(target);
  }
}

async function assertSettled({
  url,
  prepared,
  acknowledged,
}: {
  readonly url: string;
  readonly prepared: Prepared;
  readonly acknowledged: ReadonlySet<string>;
}): Promise<void> {
  expect(acknowledged.size).toBe(prepared.bodies.length);
  const client = new pg.Client({ ...poolOptions('kill-scenario'), connectionString: url });
  await client.connect();
  try {
    const count = async (from: string, values: unknown[] = []): Promise<number> =>
      (await client.query<{ count: number }>(`select count(*) as count from ${from}`, values)).rows[0]!.count;
    await client.query('set role assay_service');
    await eventually(async () => {
      const pending = 'attestations a where not exists (select from verifications v where v.attestation = a.id)';
      expect(await count(pending)).toBe(0);
      expect(await count('history_unsequenced')).toBe(0);
    }, 120);
    expect(await count('attestations where id = any($1)', [[...acknowledged]])).toBe(acknowledged.size);
    expect(await count('attestations')).toBe(acknowledged.size);
    expect(await count('verifications')).toBe(acknowledged.size);
    expect(await count(`verifications where outcome = 'verified'`)).toBe(prepared.verified);
    expect(await count(`verifications where outcome = 'rejected'`)).toBe(prepared.rejected);
    expect(await count('history_sequence')).toBe(await count('history_entries'));
  } finally {
    await client.end();
  }
  expect(await violatedInvariants(url)).toEqual([]);
}
