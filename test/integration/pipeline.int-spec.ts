import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { SubjectDigest } from '../../src/intoto/digest.js';
import { EvidenceReader } from '../../src/verification/evidence-reader.service.js';
import { openPipeline, type Pipeline } from '../support/pipeline.js';
import { approval, PREDICATE_TYPES, testResult, trivyScan } from '../support/predicates.js';
import { envelopeOf, makeKey, statementAbout } from '../support/sign.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let pipeline: Pipeline;
let reader: EvidenceReader;
const qa = makeKey();
const stranger = makeKey('Ed25519');

const freshDigest = (): SubjectDigest => `sha256:${randomBytes(32).toString('hex')}` as SubjectDigest;
const testEvidence = (digest: string, result: unknown = testResult('PASSED'), key = qa): Buffer =>
  envelopeOf(statementAbout(digest, PREDICATE_TYPES.testResult, result), [key]);

beforeAll(async () => {
  database = await createTestDatabase();
  const thread = pathToFileURL(join(inject('services').buildDir, 'src/verification/evidence-thread.js'));
  reader = new EvidenceReader(thread);
  pipeline = await openPipeline(database.url, reader);
  await pipeline.putAttestor('qa', { kinds: ['test'], keys: [{ id: 'k1', publicKey: qa.publicKey }] });
});

afterAll(async () => {
  await reader.onApplicationShutdown();
  await pipeline.database.close();
  await database.drop();
});

async function recorded(ids: readonly string[]): Promise<number> {
  const { rows } = await pipeline.database.pool.query<{ count: number }>(
    'select count(*) as count from verifications where attestation = any($1)',
    [ids],
  );
  return rows[0]?.count ?? 0;
}

describe('ingest', () => {
  it('stores the same bytes once, whoever posts them and however often at once', async () => {
    const body = testEvidence(freshDigest());
    const ids = await Promise.all(Array.from({ length: 20 }, () => pipeline.post(body)));
    expect(new Set(ids).size).toBe(1);
    const { rows } = await pipeline.database.pool.query(
      `select (select count(*) from attestations where id = $1) as stored,
         (select count(*) from history_entries where attestation = $1) as told`,
      [ids[0]],
    );
    expect(rows[0]).toEqual({ stored: 1, told: 1 });
  });

  it('gives the bytes back exactly as received', async () => {
    const body = Buffer.from(` ${testEvidence(freshDigest()).toString()}\n`);
    expect(await pipeline.attestations.findBytes(await pipeline.post(body))).toEqual(body);
  });

  it('never deadlocks groups that share attestations and subjects', async () => {
    const digests = Array.from({ length: 8 }, freshDigest);
    const bodies = digests.map((digest) => testEvidence(digest));
    const others = await Promise.all([openPipeline(database.url), openPipeline(database.url)]);
    await Promise.all(
      [pipeline, ...others].flatMap((each, turn) =>
        Array.from({ length: 64 }, (_, index) => each.post(bodies[(index * (turn + 1)) % bodies.length]!)),
      ),
    );
    const states = await Promise.all(digests.map((digest) => pipeline.images.readState(digest)));
    expect(states.map((state) => state.received)).toEqual(digests.map(() => 1));
    await Promise.all(others.map((each) => each.database.close()));
  });
});

describe('verification', () => {
  it('turns verified evidence into facts of the image and ends its being pending', async () => {
    const digest = freshDigest();
    const id = await pipeline.post(testEvidence(digest));
    expect(await pipeline.images.readState(digest)).toMatchObject({ received: 1, examined: 0 });
    expect(await pipeline.verification.examine([id])).toEqual([{ attestation: id, outcome: 'verified', code: null }]);
    const state = await pipeline.images.readFacts(digest);
    expect(state).toMatchObject({ received: 1, examined: 1, revision: 1 });
    expect(state.facts).toMatchObject([{ attestation: id, kind: 'test', content: { result: 'passed' } }]);
  });

  it('changes nothing when a job is delivered twice, or to two workers at once', async () => {
    const digest = freshDigest();
    const id = await pipeline.post(testEvidence(digest));
    const other = await openPipeline(database.url);
    await Promise.all([pipeline.verification.examine([id]), other.verification.examine([id])]);
    await pipeline.verification.examine([id]);
    const { rows } = await pipeline.database.pool.query(
      'select count(*) as verifications from verifications where attestation = $1',
      [id],
    );
    expect(rows[0]).toEqual({ verifications: 1 });
    expect(await pipeline.images.readState(digest)).toMatchObject({ received: 1, examined: 1 });
    await other.database.close();
  });

  it('examines evidence that is about nothing once, however many workers do at once', async () => {
    const others = await Promise.all([openPipeline(database.url), openPipeline(database.url)]);
    for (let turn = 0; turn < 5; turn += 1) {
      const id = await pipeline.post(envelopeOf(`not a statement, ${turn}`, [qa], 'text/plain'));
      const examined = await Promise.all([pipeline, ...others].map((each) => each.verification.examine([id])));
      expect(examined.flat()).toEqual([{ attestation: id, outcome: 'rejected', code: 'payload_type_unsupported' }]);
    }
    await Promise.all(others.map((each) => each.database.close()));
  });

  it('loses no fact of one digest to workers that examine its evidence at once', async () => {
    const digest = freshDigest();
    const others = await Promise.all([openPipeline(database.url), openPipeline(database.url)]);
    const ids = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        pipeline.post(testEvidence(digest, testResult('PASSED', { suite: `s${index}` }))),
      ),
    );
    await Promise.all(ids.map((id, index) => [pipeline, ...others][index % 3]!.verification.examine([id])));
    const state = await pipeline.images.readFacts(digest);
    expect(state.facts).toHaveLength(30);
    expect(state).toMatchObject({ received: 30, examined: 30 });
    await Promise.all(others.map((each) => each.database.close()));
  });

  it('counts the same statement in other bytes, and the same signature twice, as one fact with its first receipt', async () => {
    const digest = freshDigest();
    const body = testEvidence(digest);
    const first = await pipeline.post(body);
    const spaced = await pipeline.post(Buffer.from(`${body.toString()} `));
    expect(spaced).not.toBe(first);
    // The later copy is examined first: the fact is still as old as its first receipt.
    await pipeline.verification.examine([spaced]);
    await pipeline.verification.examine([first]);
    const { facts, examined } = await pipeline.images.readFacts(digest);
    expect(examined).toBe(2);
    expect(facts).toHaveLength(1);
    const [stored] = await pipeline.attestations.findMany([first]);
    const { receivedAt, signers } = facts[0] as { receivedAt: string; signers: unknown[] };
    expect(new Date(receivedAt)).toEqual(stored?.receivedAt);
    expect(signers).toHaveLength(1);
  });

  it('rejects evidence by a stranger, and lets it count once the key is added', async () => {
    const digest = freshDigest();
    const id = await pipeline.post(testEvidence(digest, testResult('PASSED'), stranger));
    expect(await pipeline.verification.examine([id])).toMatchObject([
      { outcome: 'rejected', code: 'untrusted_signer' },
    ]);
    expect(await pipeline.verification.examine([id])).toEqual([]);
    await pipeline.putAttestor('late', { kinds: ['test'], keys: [{ id: 'k1', publicKey: stranger.publicKey }] });
    expect(await pipeline.dueEvidence.findGaining(0, 1000)).toContain(id);
    expect(await pipeline.verification.examine([id])).toMatchObject([{ outcome: 'verified' }]);
    expect(await pipeline.dueEvidence.findGaining(0, 1000)).not.toContain(id);
    const state = await pipeline.images.readFacts(digest);
    expect(state).toMatchObject({ received: 1, examined: 1, revision: 2 });
    expect(state.facts).toHaveLength(1);
  });

  it('examines again only what a new key could have signed, and keeps no second record of what came to the same', async () => {
    const late = makeKey('Ed25519');
    const good = await Promise.all(Array.from({ length: 200 }, () => pipeline.post(testEvidence(freshDigest()))));
    const ofOtherShape = await pipeline.post(testEvidence(freshDigest(), testResult('PASSED'), makeKey('RSA-PKCS1')));
    const ofOthers = await pipeline.post(testEvidence(freshDigest(), testResult('PASSED'), makeKey('Ed25519')));
    const waiting = await pipeline.post(testEvidence(freshDigest(), testResult('PASSED'), late));
    const posted = [...good, ofOtherShape, ofOthers, waiting];
    for (let start = 0; start < posted.length; start += 64) {
      await pipeline.verification.examine(posted.slice(start, start + 64));
    }
    const before = await recorded(posted);
    await pipeline.putAttestor('later', { kinds: ['test'], keys: [{ id: 'k1', publicKey: late.publicKey }] });
    const gaining = await pipeline.dueEvidence.findGaining(0, 100_000);
    const ours = gaining.filter((id) => posted.includes(id));
    expect(new Set(ours)).toEqual(new Set([ofOthers, waiting]));
    expect(await pipeline.verification.examine(ours)).toHaveLength(2);
    expect(await pipeline.dueEvidence.findGaining(0, 100_000)).toEqual([]);
    expect(await recorded(posted)).toBe(before + 1);
    expect(await pipeline.verification.examine(posted.slice(-64))).toEqual([]);
  });

  it('reads again what an earlier release read otherwise, and keeps everybody who signed it', async () => {
    const [one, other] = [makeKey(), makeKey()];
    const keys = [one, other].map(({ publicKey }, index) => ({ id: `k${index}`, publicKey }));
    await pipeline.putAttestor('scanners', { kinds: ['scan'], keys });
    const digest = freshDigest();
    const statement = statementAbout(digest, PREDICATE_TYPES.cosignVuln, trivyScan(new Date(), ['HIGH']));
    const ids = [
      await pipeline.post(envelopeOf(statement, [one])),
      await pipeline.post(envelopeOf(statement, [other])),
    ];
    await pipeline.verification.examine(ids);
    const owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    await owner.query('update verifications set reader_revision = 1 where attestation = any($1)', [ids]);
    await owner.query(
      `update facts set reader_revision = 1, content = '{"kind": "scan"}' where attestation = any($1)`,
      [ids],
    );
    await owner.end();
    const outdated = await pipeline.dueEvidence.findOutdated(PREDICATE_TYPES.cosignVuln, 2, 1000);
    expect(new Set(outdated)).toEqual(new Set(ids));
    expect(await pipeline.dueEvidence.predicateTypes()).toContain(PREDICATE_TYPES.cosignVuln);
    expect(await pipeline.verification.examine([ids[0]!])).toMatchObject([{ outcome: 'verified' }]);
    const { facts } = await pipeline.images.readFacts(digest);
    expect(facts).toMatchObject([{ kind: 'scan', content: { counts: { high: 1 } } }]);
    expect((facts[0] as { signers: unknown[] }).signers).toHaveLength(2);
    expect(await pipeline.verification.examine(ids)).toHaveLength(1);
    expect(await pipeline.dueEvidence.findOutdated(PREDICATE_TYPES.cosignVuln, 2, 1000)).toEqual([]);
  });

  it('says of a known attestor that it may not sign this kind, and leaves counting to the verdict', async () => {
    const digest = freshDigest();
    const body = envelopeOf(statementAbout(digest, PREDICATE_TYPES.approval, approval('ann', new Date())), [qa]);
    const id = await pipeline.post(body);
    expect(await pipeline.verification.examine([id])).toMatchObject([
      { outcome: 'rejected', code: 'signer_not_allowed' },
    ]);
  });

  it('rejects a predicate that is not of its type, whoever signed it', async () => {
    const digest = freshDigest();
    const id = await pipeline.post(testEvidence(digest, { result: 7 }));
    expect(await pipeline.verification.examine([id])).toMatchObject([
      { outcome: 'rejected', code: 'predicate_malformed' },
    ]);
    expect((await pipeline.images.readFacts(digest)).facts).toEqual([]);
  });

  it('records what could not be found out as an error that may be tried again', async () => {
    const digest = freshDigest();
    const id = await pipeline.post(testEvidence(digest));
    expect(await pipeline.verification.giveUp(id, new Error('no reason'))).toMatchObject([
      { outcome: 'error', code: 'verification_error' },
    ]);
    expect(await pipeline.images.readState(digest)).toMatchObject({ received: 1, examined: 1 });
    expect(await pipeline.verification.examine([id])).toMatchObject([{ outcome: 'verified' }]);
    expect(await pipeline.images.readState(digest)).toMatchObject({ received: 1, examined: 1 });
  });

  it('reads a large report in a thread, and comes to the same as it would without', async () => {
    const digest = freshDigest();
    const passed = Array.from({ length: 20_000 }, (_, index) => `case ${index} passes`);
    const id = await pipeline.post(testEvidence(digest, { ...testResult('PASSED'), passedTests: passed }));
    expect(await pipeline.verification.examine([id])).toMatchObject([{ outcome: 'verified' }]);
    const { facts } = await pipeline.images.readFacts(digest);
    // Too large to stand in the image's row, so only what it is stands there.
    expect(facts).toMatchObject([{ attestation: id, kind: 'test', content: null }]);
    const damaged = await pipeline.post(
      testEvidence(digest, { ...testResult('PASSED'), passedTests: passed, failedTests: ['one'] }),
    );
    expect(await pipeline.verification.examine([damaged])).toMatchObject([{ code: 'predicate_malformed' }]);
  });

  it('files evidence of 10,000 subjects under each of them', async () => {
    const subjects = Array.from({ length: 10_000 }, freshDigest);
    const statement = {
      _type: 'https://in-toto.io/Statement/v1',
      subject: subjects.map((subject) => ({ digest: { sha256: subject.slice('sha256:'.length) } })),
      predicateType: PREDICATE_TYPES.testResult,
      predicate: testResult('PASSED'),
    };
    const id = await pipeline.post(envelopeOf(JSON.stringify(statement), [qa]));
    expect(await pipeline.verification.examine([id])).toMatchObject([{ outcome: 'verified' }]);
    const states = await Promise.all(
      [subjects[0]!, subjects[9_999]!].map((subject) => pipeline.images.readFacts(subject)),
    );
    expect(states.map((state) => state.facts.length)).toEqual([1, 1]);
  });
});
