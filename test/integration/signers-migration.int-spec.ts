import pg from 'pg';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AttestationsOfSigners1764000002000 } from '../../migrations/1764000002000-attestations-of-signers.js';
import type { SubjectDigest } from '../../src/intoto/digest.js';
import { openPipeline, type Pipeline } from '../support/pipeline.js';
import { PREDICATE_TYPES, testResult } from '../support/predicates.js';
import { envelopeOf, makeKey, statementAbout } from '../support/sign.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let owner: DataSource;
let pipeline: Pipeline;
const [qa, lab] = [makeKey(), makeKey('Ed25519')];

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new DataSource({ type: 'postgres', driver: pg, url: database.ownerUrl, entities: [] });
  await owner.initialize();
  pipeline = await openPipeline(database.url);
  const keys = [qa, lab].map(({ publicKey }, index) => ({ id: `k${index}`, publicKey }));
  await pipeline.putAttestor('qa', { kinds: ['test', 'scan'], keys });
});

afterAll(async () => {
  await owner.destroy();
  await pipeline.database.close();
  await database.drop();
});

it('says of signers recorded before by which attestation each came first', async () => {
  const digest = `sha256:${'b'.repeat(64)}` as SubjectDigest;
  const statement = statementAbout(digest, PREDICATE_TYPES.testResult, testResult('PASSED'));
  const first = await pipeline.post(envelopeOf(statement, [qa]));
  const second = await pipeline.post(envelopeOf(statement, [lab]));
  const third = await pipeline.post(envelopeOf(statement, [lab, qa]));
  await pipeline.verification.examine([third, second, first]);
  const { facts } = await pipeline.images.readFacts(digest);
  const named = (facts as readonly { signers: readonly { attestation: string }[] }[]).map(({ signers }) =>
    signers.map(({ attestation }) => attestation).sort(),
  );
  expect(named).toEqual([[first, second].sort()]);
  const runner = owner.createQueryRunner();
  const migration = new AttestationsOfSigners1764000002000();
  await migration.down(runner);
  expect(JSON.stringify((await pipeline.images.readFacts(digest)).facts)).not.toContain(second);
  await migration.up(runner);
  await runner.release();
  expect((await pipeline.images.readFacts(digest)).facts).toEqual(facts);
});
