import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demand } from '../support/answers.js';
import { apiAs, apiOf, type Answer, type Api } from '../support/api.js';
import { ApiContract } from '../support/api-contract.js';
import { PREDICATE_TYPES, testResult } from '../support/predicates.js';
import { codesOf, newImage, postExamined, publish } from '../support/release.js';
import { envelopeOf, makeKey, statementAbout, type TestKey } from '../support/sign.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let app: TestApp;
let admin: Api;
let gate: Api;
let auditor: Api;
let contract: ApiContract;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  admin = apiOf(app);
  gate = await apiAs(app, { name: 'gate', roles: ['gate'] });
  auditor = await apiAs(app, { name: 'auditor', roles: ['auditor'] });
  contract = new ApiContract(demand(await apiOf(app, null).get('/openapi.yaml'), 200).text);
});

afterAll(async () => {
  await app.stop();
  await database.drop();
});

let cases = 0;

interface Case {
  readonly name: string;
  readonly image: string;
  readonly keys: readonly [TestKey, TestKey];
}

/** An attestor with two keys and a policy that asks for one test of it, or for as many as are said. */
async function newCase(): Promise<Case> {
  const name = `case-${(cases += 1)}`;
  const keys = [makeKey(), makeKey('Ed25519')] as const;
  const listed = keys.map(({ publicKey }, index) => ({ id: `k${index}`, publicKey }));
  demand(await admin.put(`/v1/attestors/${name}`, { kinds: ['test'], keys: listed }), 201);
  await publish(admin, name, policyOf(name));
  return { name, image: newImage(), keys };
}

const policyOf = (name: string, extra = ''): string =>
  `policy: ${name}\nrequirements: [{id: tested, kind: test, from: [${name}]${extra}}]\n`;

const tested = (image: string, key: TestKey, result = 'PASSED'): Promise<Answer> => {
  const annotations = { suite: 'integration', run: (cases += 1) };
  const statement = statementAbout(image, PREDICATE_TYPES.testResult, testResult(result, annotations));
  return postExamined(admin, envelopeOf(statement, [key]));
};

async function record({ name, image }: Case): Promise<Answer['body']> {
  await sleep(2);
  const answer = demand(await gate.post('/v1/verdicts', { policy: name, images: [image] }), 201);
  await sleep(2);
  return answer.body.items[0];
}

const REPLAY = 'GET /v1/verdicts/{id}/replay';
const VERDICT = 'GET /v1/images/{digest}/verdict';

async function replay(id: string): Promise<Answer['body']> {
  const answer = demand(await auditor.get(`/v1/verdicts/${id}/replay`), 200);
  expect(contract.faultOf(REPLAY, answer)).toBeNull();
  expect(answer.headers.get('cache-control')).toBe('no-store');
  return answer.body;
}

const pathAt = ({ name, image }: Case, at: string): string =>
  `/v1/images/${image}/verdict?policy=${name}&at=${encodeURIComponent(at)}`;

async function verdictAt(each: Case, at: string): Promise<Answer['body']> {
  const answer = demand(await auditor.get(pathAt(each, at)), 200);
  expect(contract.faultOf(VERDICT, answer)).toBeNull();
  expect(answer.headers.get('cache-control')).toBe('no-store');
  return answer.body;
}

/** A moment of the service's clock, some milliseconds away from what is done before and after. */
async function moment(): Promise<string> {
  await sleep(3);
  const { name, image } = { name: `clock-${(cases += 1)}`, image: newImage() };
  await publish(admin, name, policyOf('nobody').replace('policy: nobody', `policy: ${name}`));
  const asked = demand(await gate.get(`/v1/images/${image}/verdict?policy=${name}`), 200);
  await sleep(3);
  return asked.body.evaluatedAt;
}

const without = ({ id: _, ...verdict }: Answer['body']): object => verdict;

describe('a verdict on record', () => {
  it.each<[string, (each: Case) => Promise<unknown>, 'allow' | 'deny']>([
    [
      'its key was revoked',
      ({ name }) => admin.post(`/v1/attestors/${name}/keys/k0/revoke`, { reason: 'compromised' }),
      'deny',
    ],
    ['its attestor was deleted', ({ name }) => admin.delete(`/v1/attestors/${name}`), 'deny'],
    ['its policy asks for more', ({ name }) => publish(admin, name, policyOf(name, ', count: 2')), 'deny'],
    ['a failure came in', ({ image, keys }) => tested(image, keys[1], 'FAILED'), 'deny'],
    [
      'what it rested on was revoked',
      async ({ image }) => {
        const [{ id }] = demand(await admin.get(`/v1/images/${image}/attestations`), 200).body.items;
        return admin.post(`/v1/attestations/${id}/revoke`, { reason: 'wrong' });
      },
      'deny',
    ],
    ['another test passed', ({ image, keys }) => tested(image, keys[1]), 'allow'],
  ])('is the same when replayed after %s', async (_what, happens, decision) => {
    const each = await newCase();
    await tested(each.image, each.keys[0]);
    const given = await record(each);
    await happens(each);
    const replayed = await replay(given.id);
    expect(replayed).toMatchObject({ id: given.id, same: true, differences: [], reasons: [], refusal: null });
    expect(replayed.replayed).toEqual(without(given));
    expect(replayed.now.decision).toBe(decision);
  });

  it('that denied stays so, whatever would allow it by now', async () => {
    const each = await newCase();
    const given = await record(each);
    await tested(each.image, each.keys[0]);
    const replayed = await replay(given.id);
    expect(replayed).toMatchObject({ same: true, replayed: { decision: 'deny' }, now: { decision: 'allow' } });
    expect(codesOf(replayed.replayed)).toEqual({ tested: 'no_evidence' });
  });

  it('is evaluated at its own moment, under its own parameters and repository', async () => {
    const each = await newCase();
    const document = `policy: ${each.name}
parameters: {region: {type: string, default: eu}}
requirements:
  - {id: tested, kind: test, from: [${each.name}], maxAge: 1s}
  - {id: here, check: 'params.region == "eu" && image.repository == "registry.example.com/app"'}
`;
    await publish(admin, each.name, document);
    await tested(each.image, each.keys[0]);
    const reference = `registry.example.com/app:1@${each.image}`;
    const answer = demand(await gate.post('/v1/verdicts', { policy: each.name, images: [reference] }), 201);
    const [given] = answer.body.items;
    await sleep(1_100);
    const replayed = await replay(given.id);
    expect(replayed).toMatchObject({ same: true, now: { decision: 'deny' } });
    expect(replayed.replayed).toEqual(without(given));
    expect(codesOf(replayed.now)).toEqual({ tested: 'evidence_too_old', here: 'satisfied' });
  });

  it('is replayed for auditors only, and is not found where it is none', async () => {
    const given = await record(await newCase());
    expect(await gate.get(`/v1/verdicts/${given.id}/replay`)).toMatchObject({
      status: 403,
      body: { code: 'role_missing' },
    });
    for (const id of ['00000000-0000-4000-8000-000000000000', 'no-id', `${given.id}x`]) {
      expect(await auditor.get(`/v1/verdicts/${id}/replay`)).toMatchObject({
        status: 404,
        body: { code: 'verdict_not_found' },
      });
    }
  });
});

describe('a verdict as of a moment', () => {
  it('knows what was on record before and after each thing that happened', async () => {
    const each = await newCase();
    const answers: Answer['body'][] = [];
    const note = async (decision: string, code: string) => {
      const answer = await record(each);
      expect(answer).toMatchObject({ decision, requirements: [{ id: 'tested', code }] });
      answers.push(answer);
    };
    await note('deny', 'no_evidence');
    await tested(each.image, each.keys[0]);
    await note('allow', 'satisfied');
    await tested(each.image, each.keys[1], 'FAILED');
    await note('deny', 'negative_evidence');
    await tested(each.image, each.keys[1]);
    await note('allow', 'satisfied');
    await publish(admin, each.name, policyOf(each.name, ', count: 2, distinct: signer'));
    await note('deny', 'not_enough_evidence');
    await publish(admin, each.name, policyOf(each.name, ', maxAge: 1000d'));
    await note('allow', 'satisfied');
    for (const key of ['k0', 'k1']) {
      demand(await admin.post(`/v1/attestors/${each.name}/keys/${key}/revoke`, { reason: 'compromised' }), 200);
    }
    await note('deny', 'negative_evidence');
    demand(await admin.delete(`/v1/attestors/${each.name}`), 204);
    await note('deny', 'negative_evidence');
    for (const answer of answers) {
      expect(await verdictAt(each, answer.evaluatedAt)).toEqual({ ...answer, id: null });
    }
  });

  it('is the one that was given at that moment', async () => {
    const each = await newCase();
    await tested(each.image, each.keys[0]);
    const given = await record(each);
    await tested(each.image, each.keys[1], 'FAILED');
    demand(await admin.delete(`/v1/attestors/${each.name}`), 204);
    expect(without(await verdictAt(each, given.evaluatedAt))).toEqual(without(given));
    const elsewhere = given.evaluatedAt.replace('Z', '+00:00');
    expect(without(await verdictAt(each, elsewhere))).toEqual(without(given));
  });

  it('leaves nothing on record and nothing behind', async () => {
    const each = await newCase();
    await tested(each.image, each.keys[0]);
    const current = `/v1/images/${each.image}/verdict?policy=${each.name}`;
    const before = demand(await admin.get(current), 200).body;
    const at = await moment();
    demand(await admin.delete(`/v1/attestors/${each.name}`), 204);
    expect((await verdictAt(each, at)).decision).toBe('allow');
    expect(demand(await admin.get(current), 200).body.decision).toBe('deny');
    expect((await verdictAt(each, at)).decision).toBe('allow');
    const { items } = demand(await admin.get(`/v1/verdicts?digest=${each.image}`), 200).body;
    expect(items.map(({ decision }: Answer['body']) => decision)).toEqual(['deny', 'allow']);
    expect(items[1].id).toBe(before.id);
  });

  it('is for auditors: a gate or a policy’s author who asks is refused', async () => {
    const each = await newCase();
    const at = await moment();
    const author = await apiAs(app, { name: 'author', roles: ['policy-admin'] });
    for (const api of [gate, author]) {
      expect(await api.get(pathAt(each, at))).toMatchObject({ status: 403, body: { code: 'role_missing' } });
    }
    expect(demand(await admin.get(pathAt(each, at)), 200).body.decision).toBe('deny');
  });

  it('is refused where the policy did not exist by then, or where nothing can be known yet', async () => {
    const at = await moment();
    const each = await newCase();
    const early = await auditor.get(pathAt(each, at));
    expect(early).toMatchObject({ status: 404, body: { code: 'policy_not_found' } });
    expect(early.body.detail).toContain('was published later');
    const never = await auditor.get(pathAt({ ...each, name: 'never-published' }, await moment()));
    expect(never).toMatchObject({ status: 404, body: { code: 'policy_not_found' } });
    expect(never.body.detail).not.toContain('later');
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
    expect(await auditor.get(pathAt(each, tomorrow))).toMatchObject({
      status: 400,
      body: { code: 'request_invalid', errors: [{ path: 'query.at' }] },
    });
  });

  it.each(['', 'yesterday', '2026-01-01', '2026-01-01T00:00:00', '2026-02-30T00:00:00Z', '1767225600'])(
    'refuses %j for a moment',
    async (at) => {
      const each = await newCase();
      expect(await auditor.get(pathAt(each, at))).toMatchObject({
        status: 400,
        body: { code: 'request_invalid', errors: [{ path: 'query.at' }] },
      });
    },
  );

  it('refuses a moment given twice', async () => {
    const each = await newCase();
    const at = await moment();
    expect(await auditor.get(`${pathAt(each, at)}&at=${at}`)).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'query.at', message: 'given more than once' }] },
    });
  });
});
