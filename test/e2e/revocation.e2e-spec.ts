import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demand, eventually, walk } from '../support/answers.js';
import { apiAs, apiOf, type Answer, type Api } from '../support/api.js';
import { approval, PREDICATE_TYPES, provenance, testResult, trivyScan } from '../support/predicates.js';
import { codesOf, newImage, postExamined, publish, verdictOn } from '../support/release.js';
import { envelopeOf, makeKey, statementAbout, type TestKey } from '../support/sign.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const HOUR_MS = 3_600_000;

let database: TestDatabase;
let app: TestApp;
/** Another process would be no different: it shares the database with the first and nothing else. */
let secondApp: TestApp;
let admin: Api;
let gate: Api;
let otherGate: Api;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  secondApp = await startTestApp({ database, role: 'api' });
  admin = apiOf(app);
  gate = await apiAs(app, { name: 'gate', roles: ['gate'] });
  otherGate = apiOf(secondApp);
});

afterAll(async () => {
  await secondApp.stop();
  await app.stop();
  await database.drop();
});

let attestors = 0;

/** An attestor of its own for a case, with a policy that asks for one piece of evidence by it. */
async function attestorWith(
  kind: 'build' | 'scan' | 'test' | 'approval',
  keys: Readonly<Record<string, TestKey | object>>,
  document: object = {},
): Promise<{ readonly name: string; readonly policy: string }> {
  const name = `attestor-${(attestors += 1)}`;
  demand(await put(name, keys, { kinds: [kind], ...document }), 201);
  const where = kind === 'scan' ? ', where: {maxSeverity: {critical: 0}}' : '';
  const policy = `by-${name}`;
  await publish(admin, policy, `policy: ${policy}\nrequirements: [{id: it, kind: ${kind}, from: [${name}]${where}}]\n`);
  return { name, policy: `policy=${policy}` };
}

/** Keys by id; beside a key's public half, what the document says of it. */
function put(name: string, keys: Readonly<Record<string, TestKey | object>>, document: object): Promise<Answer> {
  const listed = Object.entries(keys).map(([id, key]) =>
    'privateKey' in key ? { id, publicKey: key.publicKey } : { id, ...key },
  );
  return admin.put(`/v1/attestors/${name}`, { ...document, keys: listed });
}

const PREDICATES = {
  build: { type: PREDICATE_TYPES.provenance, usual: () => provenance() },
  scan: { type: PREDICATE_TYPES.cosignVuln, usual: () => trivyScan(new Date()) },
  test: { type: PREDICATE_TYPES.testResult, usual: () => testResult('PASSED') },
  approval: { type: PREDICATE_TYPES.approval, usual: () => approval('someone', new Date()) },
} as const;

/** Evidence of a kind by these keys that says what is usual, unless told otherwise. */
function signed(kind: keyof typeof PREDICATES, image: string, keys: readonly TestKey[], predicate?: unknown): Buffer {
  const { type, usual } = PREDICATES[kind];
  return envelopeOf(statementAbout(image, type, predicate ?? usual()), keys);
}

async function revoke(name: string, keyId: string, reason: 'superseded' | 'compromised'): Promise<Answer> {
  return demand(await admin.post(`/v1/attestors/${name}/keys/${keyId}/revoke`, { reason }), 200);
}

const requirement = (verdict: Answer['body']) => verdict.requirements[0];

describe('a revoked key', () => {
  it('flips the very next verdict of every gate, in every process, however warm its answer was', async () => {
    const key = makeKey();
    const { name, policy } = await attestorWith('build', { k1: key });
    const images = Array.from({ length: 5 }, newImage);
    await Promise.all(images.map((image) => postExamined(admin, signed('build', image, [key]))));
    const ask = () =>
      Promise.all(images.flatMap((image) => [verdictOn(gate, image, policy), verdictOn(otherGate, image, policy)]));
    await ask();
    expect((await ask()).map(({ decision }) => decision)).toEqual(Array(10).fill('allow'));

    const revoked = await revoke(name, 'k1', 'compromised');
    const verdicts = await ask();
    expect(revoked.body.images).toEqual({ count: 5 });
    expect(verdicts.map(({ decision }) => decision)).toEqual(Array(10).fill('deny'));
    expect(verdicts.map(codesOf)).toEqual(Array(10).fill({ it: 'signer_revoked' }));
  });

  it('never allows what is asked after the revocation was answered, while gates ask all the time', async () => {
    const key = makeKey();
    const { name, policy } = await attestorWith('test', { k1: key });
    const image = newImage();
    await postExamined(admin, signed('test', image, [key]));
    for (const api of [gate, otherGate]) expect((await verdictOn(api, image, policy)).decision).toBe('allow');
    let revokedAt = Infinity;
    const answers: { readonly askedAt: number; readonly decision: string }[] = [];
    const asking = async (api: Api): Promise<void> => {
      for (let asked = 0; asked < 40; asked += 1) {
        const askedAt = performance.now();
        const { decision } = await verdictOn(api, image, policy);
        answers.push({ askedAt, decision });
      }
    };
    await Promise.all([
      ...Array.from({ length: 10 }, (_, index) => asking(index % 2 === 0 ? gate : otherGate)),
      revoke(name, 'k1', 'compromised').then(() => (revokedAt = performance.now())),
    ]);
    const after = answers.filter(({ askedAt }) => askedAt > revokedAt);
    expect(after.length).toBeGreaterThan(0);
    expect(new Set(after.map(({ decision }) => decision))).toEqual(new Set(['deny']));
  });

  it('helps no evidence that arrives later', async () => {
    const key = makeKey();
    const { name, policy } = await attestorWith('build', { k1: key });
    await revoke(name, 'k1', 'superseded');
    const image = newImage();
    const { body } = await postExamined(admin, signed('build', image, [key]));
    expect(body).toMatchObject({ status: 'rejected', verification: { code: 'key_not_valid_then' } });
    expect(codesOf(await verdictOn(gate, image, policy))).toEqual({ it: 'signer_revoked' });
  });

  it('goes on helping what was received before, where it was merely superseded', async () => {
    const [old, fresh] = [makeKey(), makeKey()];
    const { name, policy } = await attestorWith('build', { old });
    const [before, after] = [newImage(), newImage()];
    await postExamined(admin, signed('build', before, [old]));
    await revoke(name, 'old', 'superseded');
    await postExamined(admin, signed('build', after, [old]));
    expect((await verdictOn(gate, before, policy)).decision).toBe('allow');
    expect((await verdictOn(gate, after, policy)).decision).toBe('deny');
    demand(await admin.post(`/v1/attestors/${name}/keys`, { id: 'fresh', publicKey: fresh.publicKey }), 201);
    await postExamined(admin, signed('build', after, [fresh]));
    expect((await verdictOn(gate, after, policy)).decision).toBe('allow');
  });

  it('that was compromised is refused wherever somebody brings it in again', async () => {
    const key = makeKey();
    const { name } = await attestorWith('build', { k1: key });
    const other = await attestorWith('build', {});
    await revoke(name, 'k1', 'compromised');
    const refused = { status: 409, body: { code: 'key_revoked' } };
    const again = { id: 'again', publicKey: key.publicKey };
    expect(await admin.post(`/v1/attestors/${other.name}/keys`, again)).toMatchObject(refused);
    expect(await put(other.name, { again: key }, { kinds: ['build'] })).toMatchObject(refused);
    demand(await admin.delete(`/v1/attestors/${name}`), 204);
    expect(await put(name, { k1: key }, { kinds: ['build'] })).toMatchObject(refused);
  });

  it('does not become younger again: a revocation only ever moves earlier', async () => {
    const key = makeKey();
    const { name, policy } = await attestorWith('build', { k1: key });
    const image = newImage();
    await postExamined(admin, signed('build', image, [key]));
    const path = `/v1/attestors/${name}/keys/k1/revoke`;
    const anHourAgo = new Date(Date.now() - HOUR_MS).toISOString();
    demand(await admin.post(path, { reason: 'superseded', effectiveFrom: anHourAgo }), 200);
    expect((await verdictOn(gate, image, policy)).decision).toBe('deny');
    expect(await admin.post(path, { reason: 'superseded', effectiveFrom: new Date().toISOString() })).toMatchObject({
      status: 409,
      body: { code: 'revocation_not_earlier' },
    });
    expect((await verdictOn(gate, image, policy)).decision).toBe('deny');
  });
});

describe('an objection', () => {
  it('keeps its place when its key is revoked, until newer evidence of its group replaces it', async () => {
    const [first, second] = [makeKey(), makeKey()];
    const { name, policy } = await attestorWith('scan', { first, second });
    const image = newImage();
    const clean = (key: TestKey) => postExamined(admin, signed('scan', image, [key]));
    await clean(first);
    expect((await verdictOn(gate, image, policy)).decision).toBe('allow');
    const objection = await postExamined(admin, signed('scan', image, [first], trivyScan(new Date(), ['CRITICAL'])));
    const denied = { decision: 'deny', requirements: [{ code: 'negative_evidence', evidence: [objection.body.id] }] };
    expect(await verdictOn(gate, image, policy)).toMatchObject(denied);

    await revoke(name, 'first', 'compromised');
    expect(await verdictOn(gate, image, policy)).toMatchObject(denied);
    expect((await clean(first)).body).toMatchObject({ status: 'rejected' });
    expect(await verdictOn(gate, image, policy)).toMatchObject(denied);
    await clean(second);
    expect((await verdictOn(gate, image, policy)).decision).toBe('allow');
  });

  it('keeps its place when its attestor is deleted', async () => {
    const key = makeKey();
    const { name, policy } = await attestorWith('test', { k1: key });
    const image = newImage();
    await postExamined(admin, signed('test', image, [key], testResult('FAILED')));
    demand(await admin.delete(`/v1/attestors/${name}`), 204);
    expect(await verdictOn(gate, image, policy)).toMatchObject({
      decision: 'deny',
      requirements: [{ code: 'negative_evidence' }],
    });
  });
});

describe('a key that becomes known later', () => {
  it('picks up the evidence that waited for it, and history tells both outcomes', async () => {
    const [known, late] = [makeKey(), makeKey('Ed25519')];
    const { name, policy } = await attestorWith('build', { known });
    const image = newImage();
    const { body } = await postExamined(admin, signed('build', image, [late]));
    expect(body).toMatchObject({ status: 'rejected', verification: { code: 'untrusted_signer', signers: [] } });
    expect((await verdictOn(gate, image, policy)).decision).toBe('deny');

    demand(await admin.post(`/v1/attestors/${name}/keys`, { id: 'late', publicKey: late.publicKey }), 201);
    await eventually(async () => {
      expect((await verdictOn(gate, image, policy)).decision).toBe('allow');
    });
    expect((await admin.get(`/v1/attestations/${body.id}`)).body).toMatchObject({
      status: 'verified',
      verification: { signers: [{ attestor: name, keyId: 'late' }] },
      facts: [{ kind: 'build' }],
    });
    await eventually(async () => {
      const told = (await walk(admin, `/v1/images/${image}/history`, 50)).map(({ type }) => type);
      expect(told.filter((type) => type !== 'verdict.recorded')).toEqual([
        'attestor.created',
        'policy.changed',
        'attestation.received',
        'attestation.rejected',
        'attestor.changed',
        'attestation.verified',
      ]);
    });
  });

  it('of an attestor registered only then counts as well', async () => {
    const key = makeKey();
    const image = newImage();
    await postExamined(admin, signed('approval', image, [key]));
    const { policy } = await attestorWith('approval', { k1: key });
    await eventually(async () => {
      expect((await verdictOn(gate, image, policy)).decision).toBe('allow');
    });
  });
});

describe('what an attestor may not sign', () => {
  it('is rejected as signer_not_allowed, counts for nothing, and counts once it may', async () => {
    const key = makeKey();
    const { name } = await attestorWith('scan', { k1: key });
    const policy = `builds-by-${name}`;
    await publish(admin, policy, `policy: ${policy}\nrequirements: [{id: it, kind: build, from: [${name}]}]\n`);
    const image = newImage();
    const { body } = await postExamined(admin, signed('build', image, [key]));
    expect(body).toMatchObject({
      status: 'rejected',
      kind: 'build',
      verification: { code: 'signer_not_allowed', signers: [{ attestor: name, keyId: 'k1' }] },
    });
    expect(body.verification.detail).toContain(name);
    const denied = await verdictOn(gate, image, `policy=${policy}`);
    expect(denied).toMatchObject({ decision: 'deny', requirements: [{ code: 'wrong_attestor' }] });
    expect(requirement(denied).considered).toMatchObject([{ attestation: body.id }]);

    demand(await put(name, { k1: key }, { kinds: ['build', 'scan'] }), 200);
    await eventually(async () => {
      expect((await verdictOn(gate, image, `policy=${policy}`)).decision).toBe('allow');
    });
  });

  it('stops counting in the very next verdict when its authority is narrowed', async () => {
    const key = makeKey();
    const { name, policy } = await attestorWith('build', { k1: key }, { kinds: ['build', 'test'] });
    const image = newImage();
    await postExamined(admin, signed('build', image, [key]));
    expect((await verdictOn(gate, image, policy)).decision).toBe('allow');
    demand(await put(name, { k1: key }, { kinds: ['test'] }), 200);
    expect((await verdictOn(gate, image, policy)).decision).toBe('deny');
    expect((await verdictOn(otherGate, image, policy)).decision).toBe('deny');
  });

  it('counts for the repositories it is confined to and for no other', async () => {
    const key = makeKey();
    const confined = { repositories: ['registry.example.com/acme/*'] };
    const { policy } = await attestorWith('build', { k1: key }, confined);
    const image = newImage();
    await postExamined(admin, signed('build', image, [key]));
    const decisions = ['registry.example.com/acme/app', 'registry.example.com/other/app', null].map(
      async (repository) => {
        const asked = repository === null ? policy : `${policy}&repository=${encodeURIComponent(repository)}`;
        return (await verdictOn(gate, image, asked)).decision;
      },
    );
    expect(await Promise.all(decisions)).toEqual(['allow', 'deny', 'deny']);
  });
});

describe('the window of a key', () => {
  const window = (key: TestKey, from: number | null, until: number | null) => ({
    publicKey: key.publicKey,
    ...(from === null ? {} : { validFrom: new Date(Date.now() + from).toISOString() }),
    ...(until === null ? {} : { validUntil: new Date(Date.now() + until).toISOString() }),
  });

  it.each([
    ['expired', null, -HOUR_MS],
    ['not yet valid', HOUR_MS, null],
  ] as const)('keeps evidence by a key that is %s from counting', async (_state, from, until) => {
    const key = makeKey();
    const { policy } = await attestorWith('build', { k1: window(key, from, until) });
    const image = newImage();
    const { body } = await postExamined(admin, signed('build', image, [key]));
    expect(body).toMatchObject({ status: 'rejected', verification: { code: 'key_not_valid_then' } });
    expect((await verdictOn(gate, image, policy)).decision).toBe('deny');
  });
});

describe('time', () => {
  it('ends an answer at the moment that the answer names, though nothing else has changed', async () => {
    const key = makeKey();
    const { name } = await attestorWith('scan', { k1: key });
    const policy = `fresh-by-${name}`;
    await publish(
      admin,
      policy,
      `policy: ${policy}\nrequirements: [{id: it, kind: scan, from: [${name}], maxAge: 2s}]\n`,
    );
    const image = newImage();
    await postExamined(admin, signed('scan', image, [key]));
    const allowed = await verdictOn(gate, image, `policy=${policy}`);
    expect(allowed.decision).toBe('allow');
    const validUntil = Date.parse(allowed.validUntil);
    expect(validUntil).toBeGreaterThan(Date.parse(allowed.evaluatedAt));
    let last = allowed;
    await eventually(async () => {
      const verdict = await verdictOn(gate, image, `policy=${policy}`);
      if (verdict.decision === 'allow') last = verdict;
      expect(codesOf(verdict)).toEqual({ it: 'evidence_too_old' });
      expect(Date.parse(verdict.evaluatedAt)).toBeGreaterThanOrEqual(validUntil);
    });
    expect(last.id).toBe(allowed.id);
  });
});

describe('several signatures', () => {
  it('by one key are one signer, and the same signature repeated reaches no threshold', async () => {
    const [key, colleague] = [makeKey(), makeKey()];
    const { name } = await attestorWith('approval', { k1: key, k2: colleague });
    const policy = `two-by-${name}`;
    await publish(
      admin,
      policy,
      `policy: ${policy}\nrequirements: [{id: it, kind: approval, from: [${name}], count: 2}]\n`,
    );
    const image = newImage();
    const twice = signed('approval', image, [key, key]);
    const repeated = JSON.parse(twice.toString());
    repeated.signatures.push({ ...repeated.signatures[0], keyid: 'k2' });
    await postExamined(admin, twice);
    await postExamined(admin, Buffer.from(JSON.stringify(repeated)));
    await postExamined(admin, signed('approval', image, [key]));
    const denied = await verdictOn(gate, image, `policy=${policy}`);
    expect(denied).toMatchObject({ decision: 'deny', requirements: [{ code: 'not_enough_evidence' }] });
    await postExamined(admin, signed('approval', image, [colleague], approval('somebody else', new Date())));
    expect((await verdictOn(gate, image, `policy=${policy}`)).decision).toBe('allow');
  });
});

describe('a revoked token', () => {
  it('is refused in the very next request, on the hot routes of every process', async () => {
    const { body } = demand(await admin.post('/v1/tokens', { name: 'leaked', roles: ['gate', 'attester'] }), 201);
    const [here, there] = [apiOf(app, body.token), apiOf(secondApp, body.token)];
    const path = `/v1/images/${newImage()}/verdict?policy=nothing`;
    for (const api of [here, there]) expect((await api.get(path)).status).toBe(404);
    demand(await admin.delete(`/v1/tokens/${body.id}`), 204);
    for (const api of [here, there]) {
      const refused = { status: 401, body: { code: 'token_invalid' } };
      expect(await api.get(path)).toMatchObject(refused);
      expect(await api.post('/v1/attestations', '{}')).toMatchObject(refused);
      expect(await api.post('/v1/verdicts', { policy: 'nothing', images: [newImage()] })).toMatchObject(refused);
    }
  });
});
