import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demand, eventually, walk } from '../support/answers.js';
import { apiAs, apiOf, type Answer, type Api } from '../support/api.js';
import { lastSecond } from '../support/evidence-forms.js';
import { expectRefused } from '../support/problems.js';
import { codesOf, newImage, postExamined, publish, verdictOn } from '../support/release.js';
import { envelopeOf, makeKey } from '../support/sign.js';
import { prepareSigners, scanOf, SIGNERS, testOf, type SignerName, type Signers } from '../support/signers.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { ISSUER, SUBJECT } from '../support/trust-domain.js';
import { alternativeNames, CODE_SIGNING, extendedKeyUsage, fulcio, keyUsage, uri } from '../support/x509.js';

let database: TestDatabase;
let app: TestApp;
let admin: Api;
let trustAdmin: Api;
let auditor: Api;
let gate: Api;
let pipeline: Api;
let signers: Signers;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  admin = apiOf(app);
  [trustAdmin, auditor, gate, pipeline] = await Promise.all([
    apiAs(app, { name: 'security', roles: ['trust-admin'] }),
    apiAs(app, { name: 'auditor', roles: ['auditor'] }),
    apiAs(app, { name: 'gate', roles: ['gate'] }),
    apiAs(app, { name: 'pipeline', roles: ['attester'] }),
  ]);
  signers = await prepareSigners(admin);
});

afterAll(async () => {
  await app.stop();
  await database.drop();
});

const REASON = 'built from a fork by mistake';

function act(id: string, kind: 'revoke' | 'retract', body: object = { reason: REASON }, api = trustAdmin) {
  return api.post(`/v1/attestations/${id}/${kind}`, body);
}

async function acted(id: string, kind: 'revoke' | 'retract'): Promise<Answer['body']> {
  return demand(await act(id, kind), 200).body;
}

async function post(by: SignerName, payload: string): Promise<string> {
  const { body } = await postExamined(pipeline, await signers.sign(by, payload));
  expect(body.status).toBe('verified');
  return body.id;
}

const decided = async (image: string, policy: string): Promise<unknown> => {
  const verdict = await verdictOn(gate, image, `policy=${policy}`);
  return [verdict.decision, codesOf(verdict).it];
};
const ALLOWED = ['allow', 'satisfied'];
const REVOKED = ['deny', 'signer_revoked'];
const OPPOSED = ['deny', 'negative_evidence'];

const other = (by: SignerName): SignerName => (by === 'keyed' ? 'keyless' : 'keyed');

describe.each(SIGNERS)('what was signed by %s', (by) => {
  it('supports nothing in the very next verdict once revoked, however it is posted again by its signer', async () => {
    const image = newImage();
    const payload = testOf(image);
    const id = await post(by, payload);
    expect(await decided(image, `tested-by-${by}`)).toEqual(ALLOWED);
    const answer = await acted(id, 'revoke');
    expect(answer).toMatchObject({
      attestation: id,
      act: 'revoked',
      reason: REASON,
      signedDigest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      images: { count: 1 },
      links: { verdicts: `/v1/attestations/${id}/flips` },
    });
    const names = [expect.stringMatching(/^sha256:/)];
    expect(answer.signers).toEqual(by === 'keyed' ? names : [...names, `subject:${JSON.stringify([ISSUER, SUBJECT])}`]);
    const denied = await verdictOn(gate, image, `policy=tested-by-${by}`);
    expect(denied).toMatchObject({
      decision: 'deny',
      requirements: [{ code: 'signer_revoked', considered: [{ attestation: id, code: 'attestation_revoked' }] }],
    });
    expect(denied.requirements[0].message).toMatch(/no test .* counts: it was revoked/);

    const again = await post(by, payload);
    expect(again).not.toBe(id);
    const { body: inAnotherForm } = await postExamined(pipeline, await signers.signOtherwise(by, payload));
    expect(inAnotherForm).toMatchObject({ status: 'verified', verification: { signers: [{ attestor: by }] } });
    expect(await decided(image, `tested-by-${by}`)).toEqual(REVOKED);
    expect(await decided(image, 'tested')).toEqual(REVOKED);
  });

  it('stands by another signer, and so does what the same signer says otherwise', async () => {
    const image = newImage();
    const payload = testOf(image);
    await acted(await post(by, payload), 'revoke');
    await post(other(by), payload);
    expect(await decided(image, `tested-by-${by}`)).toEqual(REVOKED);
    expect(await decided(image, `tested-by-${other(by)}`)).toEqual(ALLOWED);
    expect(await decided(image, 'tested')).toEqual(ALLOWED);
    await post(by, testOf(image, 'PASSED', 'nightly'));
    expect(await decided(image, `tested-by-${by}`)).toEqual(ALLOWED);
  });

  it('goes on objecting where it is merely revoked, and no longer once retracted', async () => {
    const image = newImage();
    await post(by, testOf(image));
    const failed = testOf(image, 'FAILED');
    const id = await post(by, failed);
    expect(await decided(image, `tested-by-${by}`)).toEqual(OPPOSED);
    await acted(id, 'revoke');
    expect(await decided(image, `tested-by-${by}`)).toEqual(OPPOSED);
    expect(await acted(id, 'retract')).toMatchObject({ attestation: id, act: 'retracted' });
    expect(await decided(image, `tested-by-${by}`)).toEqual(ALLOWED);
    await post(by, failed);
    await postExamined(pipeline, await signers.signOtherwise(by, failed));
    expect(await decided(image, `tested-by-${by}`)).toEqual(ALLOWED);
    await post(other(by), failed);
    expect(await decided(image, `tested-by-${by}`)).toEqual(ALLOWED);
    expect(await decided(image, `tested-by-${other(by)}`)).toEqual(OPPOSED);
  });

  it('helps no more than it objects once retracted, if it was a scan that passed', async () => {
    const image = newImage();
    const clean = await post(by, scanOf(image));
    expect(await decided(image, `scanned-by-${by}`)).toEqual(ALLOWED);
    await acted(clean, 'retract');
    const denied = await verdictOn(gate, image, `policy=scanned-by-${by}`);
    expect(codesOf(denied)).toEqual({ it: 'signer_revoked' });
    expect(denied.requirements[0].considered).toMatchObject([
      { attestation: clean, code: 'attestation_revoked', message: 'it was retracted' },
    ]);
  });
});

describe('an act', () => {
  const entriesOf = async (id: string): Promise<readonly Answer['body'][]> =>
    (await walk(auditor, '/v1/history', 1000)).filter(
      ({ attestation, type }) => attestation === id && /revoked|retracted/.test(type),
    );

  it('is on record with who did it, why and to which image, and repeated it changes nothing', async () => {
    const image = newImage();
    const id = await post('keyed', testOf(image));
    const first = await acted(id, 'revoke');
    const again = demand(await act(id, 'revoke', { reason: 'another reason' }), 200).body;
    expect(again).toEqual(first);
    const retracted = await acted(id, 'retract');
    expect(retracted.trustRevision).toBeGreaterThan(first.trustRevision);
    expect(await acted(id, 'retract')).toEqual(retracted);
    // What neither helps nor objects need not be revoked.
    expect(await acted(id, 'revoke')).toEqual(retracted);
    await eventually(async () => {
      const entries = await entriesOf(id);
      expect(entries).toMatchObject([
        { type: 'attestation.revoked', image, actor: expect.stringMatching(/^token:security#/) },
        { type: 'attestation.retracted', image, actor: expect.stringMatching(/^token:security#/) },
      ]);
      expect(entries.map(({ data }) => data)).toEqual(
        [first, retracted].map(({ signedDigest, signers, trustRevision }) => ({
          reason: REASON,
          signedDigest,
          signers,
          trustRevision,
        })),
      );
    });
    const told = (await walk(auditor, `/v1/images/${image}/history`, 2)).map(({ type }) => type);
    expect(told).toEqual(expect.arrayContaining(['attestation.revoked', 'attestation.retracted']));
  });

  it('answers, when repeated, what was done to these signers and not to others of the same statement', async () => {
    const image = newImage();
    const payload = testOf(image);
    const [keyed, keyless] = [await post('keyed', payload), await post('keyless', payload)];
    const first = await acted(keyed, 'revoke');
    const second = demand(await act(keyless, 'retract', { reason: 'the workflow was tampered with' }), 200).body;
    expect(second).toMatchObject({ attestation: keyless, act: 'retracted', signedDigest: first.signedDigest });
    expect(second.signers).not.toEqual(first.signers);
    expect(await acted(keyed, 'revoke')).toEqual(first);
    expect(await acted(keyless, 'revoke')).toEqual(second);
  });

  it('names the attestation it is asked about, though another with the same content was named first', async () => {
    const payload = testOf(newImage());
    const [one, two] = [await post('keyed', payload), await post('keyed', payload)];
    const first = await acted(one, 'revoke');
    expect(await acted(two, 'revoke')).toMatchObject({
      attestation: two,
      trustRevision: first.trustRevision,
      links: { verdicts: `/v1/attestations/${two}/flips` },
    });
    expect(await entriesOf(two)).toEqual([]);
  });

  it('on what many acts are directed at once is done once', async () => {
    const id = await post('keyed', testOf(newImage()));
    const answers = await Promise.all(Array.from({ length: 10 }, () => acted(id, 'revoke')));
    expect(new Set(answers.map(({ trustRevision }) => trustRevision)).size).toBe(1);
    await eventually(async () => {
      expect(await entriesOf(id)).toHaveLength(1);
    });
  });

  it('binds what a stranger signed, whoever is found to have signed it', async () => {
    const key = makeKey();
    const image = newImage();
    const { body } = await postExamined(pipeline, envelopeOf(testOf(image), [key]));
    expect(body).toMatchObject({ status: 'rejected', verification: { code: 'untrusted_signer' } });
    expect(await acted(body.id, 'revoke')).toMatchObject({ act: 'revoked', signers: null });
    const keys = [{ id: 'late', publicKey: key.publicKey }];
    demand(await admin.put('/v1/attestors/late', { kinds: ['test'], keys }), 201);
    await publish(admin, 'by-late', 'policy: by-late\nrequirements: [{id: it, kind: test, from: [late]}]\n');
    await eventually(async () => {
      expect((await admin.get(`/v1/attestations/${body.id}`)).body.status).toBe('verified');
    });
    expect(await decided(image, 'by-late')).toEqual(REVOKED);
  });

  it('needs a reason that can be read', async () => {
    const id = await post('keyed', testOf(newImage()));
    for (const kind of ['revoke', 'retract'] as const) {
      for (const body of [
        {},
        { reason: '' },
        { reason: 'x'.repeat(1001) },
        { reason: 'with a \u0007 bell' },
        { reason: 7 },
        { reason: null },
      ]) {
        expectRefused(await act(id, kind, body), { status: 400, code: 'act_malformed', paths: ['reason'] });
      }
      const more = await act(id, kind, { reason: REASON, effectiveFrom: new Date().toISOString() });
      expectRefused(more, { status: 400, code: 'act_malformed' });
    }
    expect(await entriesOf(id)).toEqual([]);
    demand(await act(id, 'revoke', { reason: `${'x'.repeat(997)}\n\u{1f600}` }), 200);
  });

  it('is on an attestation that is stored, and by a trust administrator', async () => {
    const id = await post('keyed', testOf(newImage()));
    const missing = `sha256:${'0'.repeat(64)}`;
    for (const kind of ['revoke', 'retract'] as const) {
      expectRefused(await act(missing, kind), { status: 404, code: 'attestation_not_found' });
      expectRefused(await act('latest', kind), { status: 400, code: 'attestation_id_malformed', paths: ['id'] });
      for (const api of [pipeline, gate, auditor]) {
        expectRefused(await act(id, kind, { reason: REASON }, api), { status: 403, code: 'role_missing' });
      }
      expectRefused(await act(id, kind, { reason: REASON }, apiOf(app, null)), { status: 401, code: 'token_missing' });
    }
    expectRefused(await auditor.get(`/v1/attestations/${missing}/flips`), {
      status: 404,
      code: 'attestation_not_found',
    });
    expectRefused(await gate.get(`/v1/attestations/${id}/flips`), { status: 403, code: 'role_missing' });
  });
});

describe('an act on evidence that nobody has examined yet', () => {
  it.each([
    ['revoke', 'PASSED', REVOKED],
    ['retract', 'FAILED', REVOKED],
    ['revoke', 'FAILED', OPPOSED],
  ] as const)('binds it once it is: %s of %s', async (kind, result, expected) => {
    const ownDatabase = await createTestDatabase();
    const api = await startTestApp({ database: ownDatabase, role: 'api' });
    const own = apiOf(api);
    const ownSigners = await prepareSigners(own);
    const image = newImage();
    const payload = testOf(image, result);
    const { body } = demand(await own.post('/v1/attestations', await ownSigners.sign('keyed', payload)), 201);
    const answer = demand(await own.post(`/v1/attestations/${body.id}/${kind}`, { reason: REASON }), 200).body;
    expect(answer).toMatchObject({ signers: null, images: { count: 1 } });
    const worker = await startTestApp({ database: ownDatabase, role: 'worker' });
    await eventually(async () => {
      expect((await own.get(`/v1/attestations/${body.id}`)).body.status).toBe('verified');
    });
    const verdict = await verdictOn(own, image, 'policy=tested-by-keyed');
    expect([verdict.decision, codesOf(verdict).it]).toEqual(expected);
    await postExamined(own, await ownSigners.sign('keyed', payload));
    expect(codesOf(await verdictOn(own, image, 'policy=tested-by-keyed'))).toEqual({ it: expected[1] });
    await worker.stop();
    await api.stop();
    await ownDatabase.drop();
  });
});

/** A certificate of the domain for a workflow of the repository. */
const certificateFor = (subject: string) => ({
  extensions: [
    keyUsage(0),
    extendedKeyUsage(CODE_SIGNING),
    alternativeNames(uri(subject)),
    fulcio(8, ISSUER),
    fulcio(12, 'https://github.com/acme/app'),
  ],
});

describe('the verdicts that flip', () => {
  interface Flip {
    readonly image: string;
    readonly policy: string;
    readonly recorded: { readonly verdict: string };
  }

  /** Puts the answers on record, and tells which they were. */
  async function record(policy: string, images: readonly string[], more: object = {}): Promise<Answer['body'][]> {
    return demand(await gate.post('/v1/verdicts', { policy, images, ...more }), 201).body.items;
  }
  const flipsAt = (path: string, limit: number): Promise<readonly Flip[]> => walk(auditor, path, limit);
  const verdictsOf = (flips: readonly Flip[]): readonly string[] =>
    flips.map(({ recorded }) => recorded.verdict).sort();
  const idsOf = (items: readonly Answer['body'][]): readonly string[] => items.map(({ id }) => id).sort();

  it('of a key are exactly the recorded ones that would come out otherwise, page by page', async () => {
    const key = makeKey();
    const keys = [{ id: 'k1', publicKey: key.publicKey }];
    demand(await admin.put('/v1/attestors/lab', { kinds: ['test'], keys }), 201);
    const required = 'parameters:\n  region: {type: string, default: eu}\n';
    const asks = 'requirements: [{id: it, kind: test, from: [lab]}]\n';
    await publish(admin, 'lab-tested', `policy: lab-tested\n${asks}`);
    await publish(admin, 'lab-somewhere', `policy: lab-somewhere\n${required}${asks}`);
    await publish(
      admin,
      'lab-or-keyed',
      'policy: lab-or-keyed\nrequirements: [{id: it, kind: test, from: [lab, keyed]}]\n',
    );
    await publish(admin, 'strict', `policy: strict\n${asks.replace('test,', 'build,')}`);
    const images = Array.from({ length: 5 }, newImage).sort();
    const untouched = newImage();
    for (const image of images) await postExamined(pipeline, envelopeOf(testOf(image), [key]));
    await post('keyed', testOf(images[0]!));
    await post('keyed', testOf(untouched));

    const flipping = [
      ...(await record('lab-tested', images)),
      ...(await record('lab-tested', [`registry.example.com/app@${images[1]!}`])),
      ...(await record('lab-somewhere', [images[2]!], { parameters: { region: 'us' } })),
      ...(await record('lab-or-keyed', images.slice(1))),
    ];
    // Asked again, the later answer is the one that counts.
    const superseded = await record('lab-somewhere', [images[3]!]);
    const again = await record('lab-somewhere', [images[3]!]);
    const others = [
      ...(await record('strict', images)),
      ...(await record('lab-or-keyed', [images[0]!])),
      ...(await record('lab-or-keyed', [untouched])),
    ];
    expect(flipping.map(({ decision }) => decision)).toEqual(flipping.map(() => 'allow'));
    expect(others.map(({ decision }) => decision)).toEqual([...images.map(() => 'deny'), 'allow', 'allow']);

    const before = demand(await auditor.get('/v1/attestors/lab/keys/k1/flips'), 200).body;
    expect(before).toEqual({ items: [], nextCursor: null });
    const { body } = demand(await trustAdmin.post('/v1/attestors/lab/keys/k1/revoke', { reason: 'compromised' }), 200);
    expect(body.images).toEqual({ count: 5 });
    expect(await walk(auditor, body.links.images, 2)).toEqual(images);
    const expected = idsOf([...flipping, ...again]);
    for (const limit of [1, 2, 1000]) {
      const flips = await flipsAt(body.links.verdicts, limit);
      expect(verdictsOf(flips)).toEqual(expected);
      expect(flips.map(({ image }) => image)).toEqual(flips.map(({ image }) => image).toSorted());
    }
    expect(verdictsOf(await flipsAt(body.links.verdicts, 2))).not.toContain(superseded[0]!.id);
    const [one] = (await flipsAt(body.links.verdicts, 1000)).filter(({ policy }) => policy === 'lab-somewhere');
    expect(one).toMatchObject({
      image: images[2],
      repository: null,
      parameters: { region: 'us' },
      recorded: { decision: 'allow', at: expect.any(String) },
      decision: 'deny',
      code: null,
      unsatisfied: ['it'],
    });

    // Recorded by what is so by then, nothing flips any more; and looking puts nothing on record.
    const count = (await walk(auditor, '/v1/verdicts', 1000)).length;
    await flipsAt(body.links.verdicts, 2);
    expect(await walk(auditor, '/v1/verdicts', 1000)).toHaveLength(count);
    await record('lab-tested', images);
    const left = await flipsAt(body.links.verdicts, 1000);
    expect(left.filter(({ policy }) => policy === 'lab-tested')).toMatchObject([
      { image: images[1], repository: 'registry.example.com/app' },
    ]);
  });

  it('are refused as questions where the policy asks for more by then, which is told', async () => {
    const key = makeKey();
    const keys = [{ id: 'k1', publicKey: key.publicKey }];
    demand(await admin.put('/v1/attestors/changed', { kinds: ['test'], keys }), 201);
    const asks = 'requirements: [{id: it, kind: test, from: [changed]}]\n';
    await publish(admin, 'changing', `policy: changing\n${asks}`);
    const image = newImage();
    await postExamined(pipeline, envelopeOf(testOf(image), [key]));
    const [recorded] = await record('changing', [image]);
    const parameters = 'parameters:\n  region: {type: string, required: true}\n';
    const yaml = `policy: changing\n${parameters}${asks}`;
    await publish(admin, 'changing', yaml);
    expect(await flipsAt('/v1/attestors/changed/keys/k1/flips', 10)).toMatchObject([
      {
        image,
        recorded: { verdict: recorded!.id, decision: 'allow' },
        decision: null,
        code: 'parameter_invalid',
        unsatisfied: [],
      },
    ]);
  });

  it('of an attestation are those about its images alone, those that an objection kept out included', async () => {
    const [image, elsewhere] = [newImage(), newImage()];
    const id = await post('keyed', testOf(image));
    await post('keyed', testOf(elsewhere));
    const [allowed] = await record('tested-by-keyed', [image, elsewhere]);
    await acted(id, 'revoke');
    const path = `/v1/attestations/${id}/flips`;
    expect(await flipsAt(path, 1)).toMatchObject([
      { image, policy: 'tested-by-keyed', recorded: { verdict: allowed!.id }, decision: 'deny', unsatisfied: ['it'] },
    ]);
    await post('keyed', testOf(image, 'PASSED', 'another'));
    expect(await flipsAt(path, 1)).toEqual([]);

    const failed = await post('keyed', testOf(image, 'FAILED', 'another'));
    const [denied] = await record('tested-by-keyed', [image]);
    expect(denied!.decision).toBe('deny');
    await acted(failed, 'retract');
    expect(await flipsAt(`/v1/attestations/${failed}/flips`, 1)).toMatchObject([
      { image, recorded: { verdict: denied!.id, decision: 'deny' }, decision: 'allow', unsatisfied: [] },
    ]);
  });

  it('of an identity are those of every image that it signed for', async () => {
    const subject = SUBJECT.replace('release.yml', 'nightly.yml');
    const holder = { id: 'nightly', issuer: ISSUER, subject, trustRoot: 'acme' };
    demand(await admin.put('/v1/attestors/nightly', { kinds: ['test'], keys: [], identities: [holder] }), 201);
    await publish(admin, 'nightly', 'policy: nightly\nrequirements: [{id: it, kind: test, from: [nightly]}]\n');
    const images = [newImage(), newImage(), newImage()].sort();
    for (const image of images) {
      const at = lastSecond();
      const bytes = await signers.bundle(testOf(image), { at, certificate: certificateFor(subject) });
      expect((await postExamined(pipeline, bytes)).body.status).toBe('verified');
    }
    const recorded = await record('nightly', images);
    expect(recorded.map(({ decision }) => decision)).toEqual(images.map(() => 'allow'));
    const path = '/v1/attestors/nightly/identities/nightly';
    expect(await walk(auditor, `${path}/images`, 1)).toEqual(images);
    // What was signed before a moment goes on counting.
    const moment = new Date(Date.now() - 1).toISOString();
    demand(await trustAdmin.post(`${path}/revoke`, { reason: 'compromised', effectiveFrom: moment }), 200);
    expect(await flipsAt(`${path}/flips`, 1)).toEqual([]);
    const { body } = demand(await trustAdmin.post(`${path}/revoke`, { reason: 'compromised' }), 200);
    expect(body).toMatchObject({
      images: { count: 3 },
      links: { images: `${path}/images`, verdicts: `${path}/flips` },
    });
    expect(verdictsOf(await flipsAt(body.links.verdicts, 1))).toEqual(idsOf(recorded));
    for (const image of images) expect(await decided(image, 'nightly')).toEqual(REVOKED);
  });

  it('are asked for page by page with limits and cursors that are held', async () => {
    const path = '/v1/attestors/keyed/keys/k1/flips';
    for (const limit of ['0', '1001', 'x']) {
      expectRefused(await auditor.get(`${path}?limit=${limit}`), { status: 400, code: 'limit_invalid' });
    }
    expectRefused(await auditor.get(`${path}?cursor=xyz`), { status: 400, code: 'cursor_invalid' });
    expectRefused(await auditor.get('/v1/attestors/keyed/keys/k9/flips'), { status: 404, code: 'key_not_found' });
    expectRefused(await auditor.get('/v1/attestors/keyless/identities/x/flips'), {
      status: 404,
      code: 'identity_not_found',
    });
    expectRefused(await auditor.get('/v1/attestors/nobody/keys/k1/flips'), { status: 404, code: 'attestor_not_found' });
  });
});
