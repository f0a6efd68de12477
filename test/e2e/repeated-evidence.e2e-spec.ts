import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PREDICATE_TYPES, provenance, testResult } from '../support/predicates.js';
import { envelopeOf, makeKey, statementAbout, type TestKey } from '../support/sign.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const REVIEW = 'https://example.com/licence-review/v1';

let database: TestDatabase;
let app: TestApp;
const qa = makeKey();
const legal = makeKey();
const lowly = makeKey();
const first = makeKey();
const second = makeKey();

const freshDigest = (): string => `sha256:${randomBytes(32).toString('hex')}`;

async function put(path: string, body: object): Promise<void> {
  const response = await app.request(path, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect([200, 201]).toContain(response.status);
}

interface Posted {
  readonly id: string;
  readonly status: string;
}

async function post(digest: string, type: string, predicate: unknown, ...keys: TestKey[]): Promise<string> {
  return (await posted(digest, type, predicate, ...keys)).status;
}

async function posted(digest: string, type: string, predicate: unknown, ...keys: TestKey[]): Promise<Posted> {
  const response = await app.request('/v1/attestations', {
    method: 'POST',
    headers: { prefer: 'wait=20' },
    body: envelopeOf(statementAbout(digest, type, predicate), keys).toString(),
  });
  return (await response.json()) as Posted;
}

interface Answer {
  readonly decision: string;
  readonly requirements: readonly {
    readonly evidence: readonly string[];
    readonly considered: readonly { readonly attestation: string; readonly code: string }[];
  }[];
  readonly missing: readonly { readonly conditions: object }[];
}

async function verdict(digest: string, policy: string): Promise<Answer> {
  const response = await app.request(`/v1/images/${digest}/verdict?policy=${policy}`);
  return (await response.json()) as Answer;
}

async function decision(digest: string, policy: string): Promise<string> {
  return (await verdict(digest, policy)).decision;
}

const ciWith = (slsaLevel: number): object => ({
  kinds: ['build'],
  keys: [
    { id: 'k1', publicKey: first.publicKey },
    { id: 'k2', publicKey: second.publicKey },
  ],
  builders: [{ id: provenance().runDetails.builder.id, slsaLevel }],
});

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  await put('/v1/attestors/qa', { kinds: ['test'], keys: [{ id: 'k1', publicKey: qa.publicKey }] });
  await put('/v1/attestors/legal', { predicateTypes: [REVIEW], keys: [{ id: 'k1', publicKey: legal.publicKey }] });
  await put('/v1/attestors/lowly', { kinds: ['test'], keys: [{ id: 'k1', publicKey: lowly.publicKey }] });
  await put('/v1/attestors/ci', ciWith(3));
  await put('/v1/policies/tested', { policy: 'tested', requirements: [{ id: 'tested', kind: 'test', from: ['qa'] }] });
  await put('/v1/policies/reviewed', {
    policy: 'reviewed',
    requirements: [{ id: 'reviewed', predicateType: REVIEW, from: ['legal'], check: 'predicate.result == "clear"' }],
  });
  await put('/v1/policies/built', {
    policy: 'built',
    requirements: [{ id: 'built', kind: 'build', from: ['ci'], where: { slsaLevel: 3 } }],
  });
});

afterAll(async () => {
  await app.stop();
  await database.drop();
});

describe('evidence that comes again', () => {
  it('denies again when the same failure is signed and posted anew after a pass', async () => {
    const digest = freshDigest();
    await post(digest, PREDICATE_TYPES.testResult, testResult('FAILED'), qa);
    expect(await decision(digest, 'tested')).toBe('deny');
    await post(digest, PREDICATE_TYPES.testResult, testResult('PASSED'), qa);
    expect(await decision(digest, 'tested')).toBe('allow');
    expect(await post(digest, PREDICATE_TYPES.testResult, testResult('FAILED'), qa)).toBe('verified');
    expect(await decision(digest, 'tested')).toBe('deny');
  });

  it('does not let a stranger who said it first make a bad review look old', async () => {
    const digest = freshDigest();
    await post(digest, REVIEW, { result: 'blocked' }, lowly);
    await post(digest, REVIEW, { result: 'clear' }, legal);
    expect(await decision(digest, 'reviewed')).toBe('allow');
    await post(digest, REVIEW, { result: 'blocked' }, legal);
    expect(await decision(digest, 'reviewed')).toBe('deny');
  });

  it('concludes a build level by those who still count, not by a revoked key on the same envelope', async () => {
    const digest = freshDigest();
    await post(digest, PREDICATE_TYPES.provenance, provenance(), first, second);
    expect(await decision(digest, 'built')).toBe('allow');
    const revoked = await app.request('/v1/attestors/ci/keys/k2/revoke', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'compromised' }),
    });
    expect(revoked.status).toBe(200);
    expect(await decision(digest, 'built')).toBe('allow');
    await put('/v1/attestors/ci', ciWith(1));
    expect(await decision(digest, 'built')).toBe('deny');
  });
});

describe('a statement that somebody who does not count said first', () => {
  it('is named by the attestation that counts', async () => {
    const digest = freshDigest();
    const theirs = await posted(digest, PREDICATE_TYPES.testResult, testResult('PASSED'), lowly);
    const early = await verdict(digest, 'tested');
    expect(early).toMatchObject({ decision: 'deny', requirements: [{ considered: [{ attestation: theirs.id }] }] });
    const ours = await posted(digest, PREDICATE_TYPES.testResult, testResult('PASSED'), qa);
    expect(ours).toMatchObject({ status: 'verified' });
    expect(ours.id).not.toBe(theirs.id);
    expect(await verdict(digest, 'tested')).toMatchObject({
      decision: 'allow',
      requirements: [{ evidence: [ours.id], considered: [] }],
    });
  });

  it('is named by the attestation that stands in the way, and what would replace it says so', async () => {
    const digest = freshDigest();
    await posted(digest, PREDICATE_TYPES.testResult, testResult('FAILED'), lowly);
    const ours = await posted(digest, PREDICATE_TYPES.testResult, testResult('FAILED'), qa);
    expect(await verdict(digest, 'tested')).toMatchObject({
      decision: 'deny',
      requirements: [{ evidence: [ours.id] }],
      missing: [{ conditions: { replaces: ours.id } }],
    });
  });

  it('is named by the attestation whose key was revoked, where that is why it does not count', async () => {
    const gone = makeKey();
    await put('/v1/attestors/gone', { kinds: ['test'], keys: [{ id: 'k1', publicKey: gone.publicKey }] });
    await put('/v1/policies/gone', { policy: 'gone', requirements: [{ id: 'tested', kind: 'test', from: ['gone'] }] });
    const digest = freshDigest();
    await posted(digest, PREDICATE_TYPES.testResult, testResult('PASSED'), lowly);
    const theirs = await posted(digest, PREDICATE_TYPES.testResult, testResult('PASSED'), gone);
    expect(await verdict(digest, 'gone')).toMatchObject({ requirements: [{ evidence: [theirs.id] }] });
    const revoked = await app.request('/v1/attestors/gone/keys/k1/revoke', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'compromised' }),
    });
    expect(revoked.status).toBe(200);
    expect(await verdict(digest, 'gone')).toMatchObject({
      decision: 'deny',
      requirements: [{ considered: [{ attestation: theirs.id, code: 'signer_revoked' }] }],
    });
  });

  it('is found by the key of whoever counts among what was allowed while that key was bad', async () => {
    const digest = freshDigest();
    const held = makeKey();
    await put('/v1/attestors/held', { kinds: ['test'], keys: [{ id: 'k1', publicKey: held.publicKey }] });
    await put('/v1/policies/held', { policy: 'held', requirements: [{ id: 'tested', kind: 'test', from: ['held'] }] });
    await posted(digest, PREDICATE_TYPES.testResult, testResult('PASSED'), lowly);
    const ours = await posted(digest, PREDICATE_TYPES.testResult, testResult('PASSED'), held);
    const recorded = await app.request('/v1/verdicts', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ policy: 'held', images: [digest] }),
    });
    expect(await recorded.json()).toMatchObject({
      items: [{ decision: 'allow', requirements: [{ evidence: [ours.id] }] }],
    });
    await app.request('/v1/attestors/held/keys/k1/revoke', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'compromised' }),
    });
    const found = await app.request('/v1/images?allowedWhileBad=held/k1');
    expect(await found.json()).toMatchObject({ items: [{ digest }] });
  });
});

describe('a build that somebody who does not count said first', () => {
  it('is named by the attestation whose retraction ends what it says', async () => {
    const [builder, outsider] = [makeKey(), makeKey()];
    await put('/v1/attestors/builder', { kinds: ['build'], keys: [{ id: 'k1', publicKey: builder.publicKey }] });
    await put('/v1/attestors/outsider', { kinds: ['build'], keys: [{ id: 'k1', publicKey: outsider.publicKey }] });
    await put('/v1/policies/sourced', {
      policy: 'sourced',
      requirements: [
        { id: 'built', kind: 'build', from: ['builder'] },
        { id: 'tested', kind: 'test', from: ['qa'], of: 'source' },
      ],
    });
    const digest = freshDigest();
    const [kept, other] = ['1'.repeat(40), '2'.repeat(40)];
    const ids: string[] = [];
    for (const commit of [kept, other]) {
      const built = provenance({ commit });
      await posted(digest, PREDICATE_TYPES.provenance, built, outsider);
      ids.push((await posted(digest, PREDICATE_TYPES.provenance, built, builder)).id);
    }
    const { requirements } = await verdict(digest, 'sourced');
    for (const id of ids) expect(JSON.stringify(requirements)).toContain(id);
    const retracted = await app.request(`/v1/attestations/${ids[1] ?? ''}/retract`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'another commit' }),
    });
    expect(retracted.status).toBe(200);
    expect(JSON.stringify(await verdict(digest, 'sourced'))).toContain(`commit ${kept}`);
  });
});

describe('a policy that would prove nothing', () => {
  it('denies under a not whose branches do not apply', async () => {
    await put('/v1/policies/hollow', {
      policy: 'hollow',
      requirements: [
        {
          id: 'none',
          not: {
            anyOf: [
              { when: 'false', kind: 'test', from: ['qa'] },
              { when: 'false', check: 'true' },
            ],
          },
        },
      ],
    });
    expect(await decision(freshDigest(), 'hollow')).toBe('deny');
  });

  it('is refused where it asks only that a VEX document is there, whatever it says', async () => {
    const response = await app.request('/v1/policies/vex', {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ policy: 'vex', requirements: [{ id: 'v', kind: 'vex', from: ['qa'] }] }),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'policy_malformed' });
  });
});
