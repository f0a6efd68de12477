import pg from 'pg';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Timelines1764000001600 } from '../../migrations/1764000001600-timelines.js';
import type { Sha256Digest } from '../../src/intoto/digest.js';
import { openDatabase, type Database } from '../../src/platform/database.js';
import { questionDigest, type Question } from '../../src/policy/question.js';
import { VerdictRecordStore } from '../../src/policy/verdict-record.store.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const DIGEST = `sha256:${'a'.repeat(64)}` as Sha256Digest;

let testDatabase: TestDatabase;
let database: Database;
let owner: DataSource;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = await openDatabase({ url: testDatabase.url, entities: [], applicationName: 'test', poolSize: 4 });
  owner = new DataSource({ type: 'postgres', driver: pg, url: testDatabase.ownerUrl, entities: [] });
  await owner.initialize();
});

afterAll(async () => {
  await owner.destroy();
  await database.close();
  await testDatabase.drop();
});

const QUESTIONS: readonly Question[] = [
  { digest: DIGEST, repository: null, policy: 'p', parameters: {} },
  { digest: DIGEST, repository: 'registry.example.com/team/app', policy: 'p', parameters: { region: 'eu' } },
  {
    digest: DIGEST,
    repository: null,
    policy: 'p',
    parameters: { b: 'quote " back \\ tab \t line \n umlaut ü sun ☀', a: 1.5, c: true, Z: -0.001, _: 1e21 },
  },
];

describe('the questions of verdicts recorded before', () => {
  it('are those that the service writes', async () => {
    const verdicts = new VerdictRecordStore(database);
    await verdicts.recordGroup(
      QUESTIONS.map((question, place) => ({
        id: `00000000-0000-4000-8000-00000000000${place}`,
        verdict: {
          decision: 'deny',
          pending: false,
          mode: 'enforce',
          wouldDeny: false,
          image: { digest: question.digest, repository: question.repository },
          policy: { name: question.policy, revision: 1, digest: DIGEST },
          parameters: question.parameters,
          evaluatedAt: '2026-01-01T00:00:00.000Z',
          validUntil: null,
          requirements: [],
          missing: [],
          waivers: [],
          revisions: { evidence: 0, trust: 0, waivers: 0 },
        },
        actor: 'token:gate#1',
        context: null,
        question: questionDigest(question),
        content: 'x',
        always: true,
      })),
    );
    const runner = owner.createQueryRunner();
    const migration = new Timelines1764000001600();
    await migration.down(runner);
    await migration.up(runner);
    const rows: readonly { question: string }[] = await runner.query('select question from verdicts order by id');
    await runner.release();
    expect(rows.map(({ question }) => question)).toEqual(QUESTIONS.map(questionDigest));
  });
});
