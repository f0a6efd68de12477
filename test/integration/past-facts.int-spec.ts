import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PastFactStore, type PastFacts } from '../../src/facts/past-facts.store.js';
import type { SubjectDigest } from '../../src/intoto/digest.js';
import { openPipeline, type Pipeline } from '../support/pipeline.js';
import { PREDICATE_TYPES, testResult, trivyScan } from '../support/predicates.js';
import { envelopeOf, makeKey, statementAbout, type TestKey } from '../support/sign.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let owner: pg.Client;
let pipeline: Pipeline;
let past: PastFactStore;
const [qa, other] = [makeKey(), makeKey('Ed25519')];

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  pipeline = await openPipeline(database.url);
  past = new PastFactStore(pipeline.database);
  const keys = [qa, other].map(({ publicKey }, index) => ({ id: `k${index}`, publicKey }));
  await pipeline.putAttestor('qa', { kinds: ['test', 'scan'], keys });
});

afterAll(async () => {
  await owner.end();
  await pipeline.database.close();
  await database.drop();
});

const freshDigest = (): SubjectDigest => `sha256:${randomBytes(32).toString('hex')}` as SubjectDigest;
const passing = (digest: string, keys: readonly TestKey[] = [qa], suite = 'unit'): Buffer =>
  envelopeOf(statementAbout(digest, PREDICATE_TYPES.testResult, testResult('PASSED', { suite })), keys);

/** Two milliseconds apart from whatever is done before and after. */
async function moment(): Promise<Date> {
  await sleep(2);
  const { rows } = await owner.query<{ now: Date }>('select clock_timestamp() as now');
  await sleep(2);
  return rows[0]!.now;
}

interface Step {
  readonly at: Date;
  readonly facts: readonly unknown[];
  readonly revision: number;
  readonly received: number;
  readonly examined: number;
}

/** How it stands, and when that was. */
async function step(digest: SubjectDigest): Promise<Step> {
  const at = await moment();
  const { facts, revision, received, examined } = await pipeline.images.readFacts(digest);
  return { at, facts, revision, received, examined };
}

const told = ({ facts, revision, examined, unexamined }: PastFacts) => ({
  facts,
  revision,
  examined,
  received: examined + unexamined,
});

/** By moment and by revision, each step is told as the image's row then was. */
async function expectTold(digest: SubjectDigest, steps: readonly Step[]): Promise<void> {
  for (const { at, ...stood } of steps) {
    expect(told(await past.asOf(digest, at))).toEqual(stood);
    const again = await past.atRevision(digest, stood.revision, at);
    expect(again.isExact).toBe(true);
    expect(told(again)).toEqual(stood);
  }
}

describe('what was on record about an image', () => {
  it('is told of a digest nobody has spoken of', async () => {
    await expectTold(freshDigest(), [{ at: await moment(), facts: [], revision: 0, received: 0, examined: 0 }]);
  });

  it('grows with each piece of evidence, which is pending until it is examined', async () => {
    const digest = freshDigest();
    const steps = [await step(digest)];
    for (const suite of ['unit', 'integration', 'gpu']) {
      const id = await pipeline.post(passing(digest, [qa], suite));
      steps.push(await step(digest));
      await pipeline.verification.examine([id]);
      steps.push(await step(digest));
    }
    expect(steps.map(({ facts }) => facts.length)).toEqual([0, 0, 1, 1, 2, 2, 3]);
    await expectTold(digest, steps);
  });

  it('names a later signer of the same statement, and a later copy of it, from when they were examined', async () => {
    const digest = freshDigest();
    const body = passing(digest);
    const ids = [
      await pipeline.post(body),
      await pipeline.post(passing(digest, [qa, other])),
      await pipeline.post(Buffer.from(`${body.toString()} `)),
    ];
    const steps = [await step(digest)];
    // The later copies first, so that what was received first becomes known last.
    for (const id of [...ids].reverse()) {
      await pipeline.verification.examine([id]);
      steps.push(await step(digest));
    }
    const signers = steps.map(({ facts }) => facts.map((fact) => (fact as { signers: unknown[] }).signers.length));
    expect(signers).toEqual([[], [1], [2], [2]]);
    expect(new Set(steps.map(({ facts }) => JSON.stringify(facts))).size).toBe(4);
    await expectTold(digest, steps);
  });

  it('is what was proved by then of what was examined again', async () => {
    const [digest, late] = [freshDigest(), makeKey('P-384')];
    const id = await pipeline.post(passing(digest, [qa, late]));
    await pipeline.verification.examine([id]);
    const steps = [await step(digest)];
    await pipeline.putAttestor('late', { kinds: ['test'], keys: [{ id: 'k1', publicKey: late.publicKey }] });
    await pipeline.verification.examine([id]);
    steps.push(await step(digest));
    expect(steps.map(({ facts }) => (facts[0] as { signers: unknown[] }).signers.length)).toEqual([1, 2]);
    await expectTold(digest, steps);
  });

  it('is what the reader of that time read', async () => {
    const digest = freshDigest();
    const statement = statementAbout(digest, PREDICATE_TYPES.cosignVuln, trivyScan(new Date(), ['HIGH']));
    const id = await pipeline.post(envelopeOf(statement, [qa]));
    await pipeline.verification.examine([id]);
    await owner.query('update verifications set reader_revision = 1 where attestation = $1', [id]);
    await owner.query(
      `update facts set reader_revision = 1, content = '{"kind": "scan"}', size = 16 where attestation = $1`,
      [id],
    );
    const before = await moment();
    await pipeline.verification.examine([id]);
    const after = await step(digest);
    expect((await past.asOf(digest, before)).facts).toMatchObject([{ content: { kind: 'scan' } }]);
    expect(after.facts).toMatchObject([{ content: { counts: { high: 1 } } }]);
    expect((await past.atRevision(digest, 1, before)).facts).toEqual((await past.asOf(digest, before)).facts);
    await expectTold(digest, [after]);
  });

  it('counts as examined what could not be found out', async () => {
    const digest = freshDigest();
    const id = await pipeline.post(passing(digest));
    await pipeline.verification.giveUp(id, new Error('no reason'));
    const steps = [await step(digest)];
    await pipeline.verification.examine([id]);
    steps.push(await step(digest));
    await expectTold(digest, steps);
  });

  it('moves with a whole group that is examined together, about several images', async () => {
    const digests = Array.from({ length: 3 }, freshDigest);
    const steps = new Map(digests.map((digest): [SubjectDigest, Step[]] => [digest, []]));
    for (let round = 0; round < 3; round += 1) {
      const ids = [];
      for (const digest of digests.slice(round % 2)) {
        ids.push(await pipeline.post(passing(digest, [qa], `a${round}`)));
        ids.push(await pipeline.post(passing(digest, [makeKey()], `b${round}`)));
      }
      await pipeline.verification.examine(ids);
      for (const [digest, taken] of steps) taken.push(await step(digest));
    }
    for (const [digest, taken] of steps) await expectTold(digest, taken);
  });

  it('is told exactly by revision where a worker began before it was asked and ended after it', async () => {
    const digest = freshDigest();
    const first = await pipeline.post(passing(digest));
    await pipeline.verification.examine([first]);
    const second = await pipeline.post(passing(digest, [qa], 'slow'));
    const third = await pipeline.post(passing(digest, [qa], 'slower'));
    await owner.query('begin');
    await owner.query('select from images where subject = $1 for update', [digest]);
    // Both have begun, and wait; whichever goes first need not have begun first.
    const working = [second, third].map((id) => pipeline.verification.examine([id]));
    await waiters(2);
    const asked = await step(digest);
    await owner.query('commit');
    await Promise.all(working);
    const later = await step(digest);
    const { at, ...stood } = asked;
    expect(told(await past.atRevision(digest, stood.revision, at))).toEqual(stood);
    const between = await past.atRevision(digest, stood.revision + 1, at);
    expect(between).toMatchObject({ isExact: true, examined: 2, unexamined: 1 });
    expect(between.facts).toHaveLength(2);
    await expectTold(digest, [later]);
  });

  it('says where revisions tell nothing', async () => {
    const digest = freshDigest();
    await pipeline.verification.examine([await pipeline.post(passing(digest))]);
    const { at, ...stood } = await step(digest);
    await owner.query('update images set revision = revision + 1 where subject = $1', [digest]);
    expect(await past.atRevision(digest, 1, at)).toMatchObject({ isExact: false });
    expect(told(await past.asOf(digest, at))).toEqual(stood);
  });

  it('tells what must have been seen from what was just being received', async () => {
    const digest = freshDigest();
    const id = await pipeline.post(passing(digest));
    const now = await moment();
    expect(await past.asOf(digest, now)).toMatchObject({ unexamined: 1, surelyUnexamined: 0 });
    const later = new Date(now.getTime() + 16_000);
    expect(await past.atRevision(digest, 0, later)).toMatchObject({ unexamined: 1, surelyUnexamined: 1 });
    await pipeline.verification.examine([id]);
    expect(await past.atRevision(digest, 0, later)).toMatchObject({ unexamined: 1, surelyUnexamined: 1 });
    expect(await past.atRevision(digest, 1, later)).toMatchObject({ unexamined: 0, surelyUnexamined: 0 });
  });
});

/** Waits until so many transactions wait for a lock. Within a transaction `pg_stat_activity` stays as it was first read. */
async function waiters(count: number): Promise<void> {
  for (;;) {
    const { rows } = await owner.query<{ count: string }>(
      `select count(distinct pid) as count from pg_locks where not granted
         and pid in (
           select held.pid from pg_locks held join pg_database d on d.oid = held.database where d.datname = current_database())`,
    );
    if (Number(rows[0]!.count) >= count) return;
    await sleep(10);
  }
}
