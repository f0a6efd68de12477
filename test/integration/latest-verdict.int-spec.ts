import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Sha256Digest } from '../../src/intoto/digest.js';
import { toVerdictRecord } from '../../src/policy/verdict-record.js';
import { VerdictRecordStore } from '../../src/policy/verdict-record.store.js';
import { answeredQuestion } from '../../src/policy/question.js';
import type { IdentifiedVerdict } from '../../src/policy/verdict.js';
import { Faults } from '../support/faults.js';
import { violatedInvariants } from '../support/invariants.js';
import { PREDICATE_TYPES, testResult } from '../support/predicates.js';
import { openOwner } from '../support/retention.js';
import { openHouse, type House } from '../support/rooms.js';
import { envelopeOf, makeKey, statementAbout, type TestKey } from '../support/sign.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/*
 * The last answers on record, of which the same is given again: what becomes of answers where they are altered.
 */

const ACTOR = 'token:test#1';
const POLICY = `policy: release
requirements:
  - {id: tested, kind: test, from: [qa]}
`;

let database: TestDatabase;
let house: House;
let owner: pg.Client;
let qa: TestKey;

beforeAll(async () => {
  database = await createTestDatabase();
  house = await openHouse(database.url, new Faults());
  owner = await openOwner(database.ownerUrl);
  qa = makeKey();
  const rooms = house.enter();
  await rooms.putAttestor('qa', { kinds: ['test'], keys: [{ id: 'k1', publicKey: qa.publicKey }] });
  await rooms.policies.put({ name: 'release', source: { text: POLICY, format: 'yaml' }, actor: ACTOR, expected: null });
});

afterAll(async () => {
  await owner.end();
  await house.close();
  await database.drop();
});

/** The answer of a service that was just started, which remembers nothing. */
async function answer(digest: Sha256Digest): Promise<IdentifiedVerdict> {
  const rooms = house.enter();
  const asked = { digest, repository: null, policy: 'release', parameters: {} };
  const bytes = await rooms.verdicts.answer(asked, await rooms.images.readState(digest), ACTOR);
  return JSON.parse(bytes.toString()) as IdentifiedVerdict;
}

/** An image that was denied, and then allowed. */
async function allowed(): Promise<Readonly<Record<'denied' | 'allowed', IdentifiedVerdict>>> {
  const digest = `sha256:${randomBytes(32).toString('hex')}` as Sha256Digest;
  const denied = await answer(digest);
  const rooms = house.enter();
  const statement = statementAbout(digest, PREDICATE_TYPES.testResult, testResult('PASSED'));
  await rooms.work({ ids: [await rooms.post(envelopeOf(statement, [qa]))] });
  const given = { denied, allowed: await answer(digest) };
  expect([given.denied.decision, given.allowed.decision]).toEqual(['deny', 'allow']);
  return given;
}

async function decisionOnRecord(id: string): Promise<string | undefined> {
  const { rows } = await owner.query<{ decision: string }>(
    `select verdict->>'decision' as decision from verdicts where id = $1`,
    [id],
  );
  return rows[0]?.decision;
}

it('is given again under its id', async () => {
  const given = await allowed();
  expect((await answer(given.allowed.image.digest)).id).toBe(given.allowed.id);
});

it('is never an allow under the id of a denial, of another question, or of nothing', async () => {
  const [given, other] = [await allowed(), await allowed()];
  for (const named of [given.denied.id, other.allowed.id, '00000000-0000-7000-8000-000000000000']) {
    await owner.query(
      'update verdict_latest set verdict = $1 where question = (select question from verdicts where id = $2)',
      [named, given.allowed.id],
    );
    const again = await answer(given.allowed.image.digest);
    expect(again.decision).toBe('allow');
    expect(again.id).not.toBe(named);
    expect(await decisionOnRecord(again.id)).toBe('allow');
  }
  expect(await violatedInvariants(database.url)).toEqual([]);
});

it('is not taken for another that was given meanwhile', async () => {
  const given = await allowed();
  await owner.query(
    'update verdict_latest set verdict = $1 where question = (select question from verdicts where id = $2)',
    [given.denied.id, given.allowed.id],
  );
  const { id: _id, ...verdict } = given.allowed;
  const asked = { actor: ACTOR, context: null, always: false };
  const records = [1, 2].map(() =>
    toVerdictRecord(answeredQuestion(verdict), { ...verdict, evaluatedAt: new Date().toISOString() }, asked),
  );
  const ids = await new VerdictRecordStore(house.database).recordGroup(records);
  for (const id of ids) expect(await decisionOnRecord(id)).toBe('allow');
  expect(await violatedInvariants(database.url)).toEqual([]);
});
