import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseTrustRoot, type TrustRoot } from '../../src/intoto/sigstore/trust-root.js';
import { demand, eventually, walk } from '../support/answers.js';
import { apiAs, apiOf, type Answer, type Api } from '../support/api.js';
import {
  certifiedEnvelope,
  corporateDomain,
  earlier,
  jsonOf,
  lastSecond,
  publicPem,
  RIG,
  type CorporateDomain,
} from '../support/evidence-forms.js';
import { expectRefused } from '../support/problems.js';
import { codesOf, newImage, postExamined, publish, verdictOn } from '../support/release.js';
import { scanOf, testOf } from '../support/signers.js';
import { signBundle, type BundleRequest } from '../support/signed-bundle.js';
import { changed } from '../support/sigstore-fixture.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { ISSUER, SUBJECT, trustDomain, type RootJson, type TrustDomain } from '../support/trust-domain.js';
import {
  alternativeNames,
  extendedKeyUsage,
  keyPair,
  keyUsage,
  pemOf,
  SERVER_AUTH,
  uri,
  type KeyPair,
} from '../support/x509.js';

let database: TestDatabase;
let app: TestApp;
/** Another process that answers gates. */
let secondApp: TestApp;
let admin: Api;
let gate: Api;
let otherGate: Api;
let domain: TrustDomain;
let elsewhere: TrustDomain;
let corporate: CorporateDomain;
/** When the log of the domain saw what is logged. */
let signedAt: Date;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  secondApp = await startTestApp({ database, role: 'api' });
  admin = apiOf(app);
  gate = await apiAs(app, { name: 'gate', roles: ['gate'] });
  otherGate = apiOf(secondApp);
  signedAt = earlier(120);
  const since = earlier(24 * 60);
  [domain, elsewhere, corporate] = await Promise.all([
    trustDomain({ since }),
    trustDomain({ since, host: 'elsewhere.example' }),
    corporateDomain(),
  ]);
});

afterAll(async () => {
  await secondApp.stop();
  await app.stop();
  await database.drop();
});

const putRoot = (name: string, root: object): Promise<Answer> => admin.put(`/v1/trust-roots/${name}`, root);
const rootWith = (change: (root: RootJson) => void): RootJson => changed(domain.root, change);

const bundleOf = async (payload: string, changes: Partial<BundleRequest> = {}): Promise<Buffer> =>
  jsonOf((await signBundle(domain, { at: signedAt, payload, ...changes })).json);

let scenes = 0;

interface Scene {
  readonly root: string;
  readonly attestor: string;
  /** The decision of every gate, which must be one, and why. */
  readonly asked: (
    image: string,
    kind?: 'tested' | 'scanned',
  ) => Promise<{ readonly decision: string; readonly code: string; readonly message: string }>;
}

/** A root's name and an attestor of its own under it, with policies that ask for the attestor's evidence. */
async function scene(holds: (root: string) => object = workflow): Promise<Scene> {
  scenes += 1;
  const [root, attestor] = [`root-${scenes}`, `attestor-${scenes}`];
  demand(await admin.put(`/v1/attestors/${attestor}`, { kinds: ['test', 'scan'], keys: [], ...holds(root) }), 201);
  const asks = { tested: 'kind: test', scanned: 'kind: scan, where: {maxSeverity: {critical: 0}}' };
  for (const [name, what] of Object.entries(asks)) {
    const policy = `${name}-${scenes}`;
    await publish(admin, policy, `policy: ${policy}\nrequirements: [{id: it, ${what}, from: [${attestor}]}]\n`);
  }
  const number = scenes;
  return {
    root,
    attestor,
    asked: async (image, kind = 'tested') => {
      const query = `policy=${kind}-${number}`;
      const [verdict, other] = await Promise.all([gate, otherGate].map((api) => verdictOn(api, image, query)));
      expect(codesOf(other)).toEqual(codesOf(verdict));
      const { code, message } = verdict.requirements[0];
      return { decision: verdict.decision, code, message };
    },
  };
}

const workflow = (trustRoot: string): object => ({
  identities: [{ id: 'release', issuer: ISSUER, subject: SUBJECT, trustRoot }],
});

describe('a trust root that is replaced', () => {
  const end = (minutes: number): string => new Date(signedAt.getTime() + minutes * 60_000).toISOString();

  it.each<[string, (root: RootJson) => void, RegExp]>([
    [
      'without the certificate authority',
      (root) => (root.certificateAuthorities = elsewhere.root.certificateAuthorities),
      /does not list the authority that issued its certificate/,
    ],
    [
      'with the authority up to before the signing',
      (root) => (root.certificateAuthorities[0]!.validFor.end = end(-1)),
      /does not trust the authority that issued its certificate at that time/,
    ],
    [
      'with the authority only since after the signing',
      (root) => (root.certificateAuthorities[0]!.validFor.start = end(1)),
      /does not trust the authority that issued its certificate at that time/,
    ],
    [
      'with other transparency logs',
      (root) => (root.tlogs = elsewhere.root.tlogs),
      /nobody whom trust root root-\d+ trusts says when it was signed/,
    ],
    ['without transparency logs', (root) => (root.tlogs = []), /nobody whom trust root root-\d+ trusts says when/],
    [
      'with the transparency log up to before the signing',
      (root) => {
        for (const log of root.tlogs) log.publicKey.validFor.end = end(-1);
      },
      /nobody whom trust root root-\d+ trusts says when/,
    ],
    [
      'with another certificate log',
      (root) => (root.ctlogs = elsewhere.root.ctlogs),
      /no certificate transparency log of trust root root-\d+ lists its certificate/,
    ],
  ])('by one %s takes its support in the very next verdict, and gives it back', async (_, change, told) => {
    const { root, asked } = await scene();
    demand(await putRoot(root, domain.root), 201);
    const image = newImage();
    await postExamined(admin, await bundleOf(testOf(image)));
    expect(await asked(image)).toMatchObject({ decision: 'allow' });

    const { body } = demand(await putRoot(root, rootWith(change)), 200);
    const denied = await asked(image);
    expect(denied).toMatchObject({ decision: 'deny', message: expect.stringMatching(told) });
    expect(['signer_revoked', 'wrong_attestor']).toContain(denied.code);
    expect(demand(await putRoot(root, rootWith(change)), 200).body.trustRevision).toBe(body.trustRevision);

    demand(await putRoot(root, domain.root), 200);
    expect(await asked(image)).toMatchObject({ decision: 'allow' });
  });

  it('by one without the timestamp authority denies what that alone gave a time', async () => {
    const { root, asked } = await scene();
    demand(await putRoot(root, domain.root), 201);
    const image = newImage();
    const at = lastSecond();
    await postExamined(admin, await bundleOf(testOf(image), { at, stampedAt: at, logged: 'dsse/0.0.2' }));
    expect(await asked(image)).toMatchObject({ decision: 'allow' });
    demand(
      await putRoot(
        root,
        rootWith((json) => (json.timestampAuthorities = [])),
      ),
      200,
    );
    expect(await asked(image)).toMatchObject({
      decision: 'deny',
      message: expect.stringMatching(/nobody whom trust root/),
    });
    const over = new Date(at.getTime() - 1000).toISOString();
    demand(
      await putRoot(
        root,
        rootWith((json) => (json.timestampAuthorities[0]!.validFor.end = over)),
      ),
      200,
    );
    expect(await asked(image)).toMatchObject({ decision: 'deny' });
    demand(await putRoot(root, domain.root), 200);
    expect(await asked(image)).toMatchObject({ decision: 'allow' });
  });

  it('by one that lists no certificate log asks for none, and by one with both authorities rotates', async () => {
    const { root, asked } = await scene();
    demand(await putRoot(root, domain.root), 201);
    const [image, ofTheOther] = [newImage(), newImage()];
    await postExamined(admin, await bundleOf(testOf(image)));
    demand(
      await putRoot(
        root,
        rootWith((json) => (json.ctlogs = [])),
      ),
      200,
    );
    expect(await asked(image)).toMatchObject({ decision: 'allow' });

    const { json } = await signBundle(elsewhere, { at: signedAt, payload: testOf(ofTheOther) });
    await postExamined(admin, jsonOf(json));
    expect(await asked(ofTheOther)).toMatchObject({ decision: 'deny' });
    const both = rootWith((old) => {
      old.tlogs = [...old.tlogs, ...elsewhere.root.tlogs];
      old.ctlogs = [...old.ctlogs, ...elsewhere.root.ctlogs];
      old.certificateAuthorities = [...old.certificateAuthorities, ...elsewhere.root.certificateAuthorities];
    });
    demand(await putRoot(root, both), 200);
    await eventually(async () => {
      expect(await asked(ofTheOther)).toMatchObject({ decision: 'allow' });
    });
    expect(await asked(image)).toMatchObject({ decision: 'allow' });
  });

  it('by one without the log leaves a key that ran out nothing by which it signed in time', async () => {
    const keys: KeyPair = keyPair();
    const { root, asked } = await scene((trustRoot) => ({
      keys: [{ id: 'k1', publicKey: publicPem(keys), trustRoot, validUntil: earlier(60).toISOString() }],
    }));
    demand(await putRoot(root, domain.root), 201);
    const image = newImage();
    const { body } = await postExamined(admin, await bundleOf(testOf(image), { managed: { keys, hint: 'k1' } }));
    expect(body.verification.signers).toMatchObject([{ keyId: 'k1', signedAt: signedAt.toISOString(), counts: true }]);
    expect(await asked(image)).toMatchObject({ decision: 'allow' });
    demand(
      await putRoot(
        root,
        rootWith((json) => (json.tlogs = elsewhere.root.tlogs)),
      ),
      200,
    );
    expect(await asked(image)).toMatchObject({
      decision: 'deny',
      code: 'signer_revoked',
      message: expect.stringMatching(/received .* key k1|key k1 .*(?:received|ended|expired|until)/),
    });
    demand(await putRoot(root, domain.root), 200);
    expect(await asked(image)).toMatchObject({ decision: 'allow' });
  });

  it('of certificates without Sigstore acts as well', async () => {
    const rig = (trustRoot: string): object => ({ identities: [{ id: 'gpu', subject: RIG, trustRoot }] });
    const { root, asked } = await scene(rig);
    demand(await putRoot(root, corporate.root), 201);
    const image = newImage();
    const leaf = await corporate.certify();
    const stamping = { form: 'witness', stampedAt: earlier(30), domain: corporate } as const;
    await postExamined(admin, jsonOf(certifiedEnvelope(testOf(image), leaf, stamping)));
    expect(await asked(image)).toMatchObject({ decision: 'allow' });
    const another = await corporateDomain();
    demand(await putRoot(root, another.root), 200);
    expect(await asked(image)).toMatchObject({ decision: 'deny' });
    const { certificateAuthorities } = corporate.root as { certificateAuthorities: readonly object[] };
    const narrowed = [{ ...certificateAuthorities[0], validFor: { end: earlier(31).toISOString() } }];
    demand(await putRoot(root, { ...corporate.root, certificateAuthorities: narrowed }), 200);
    expect(await asked(image)).toMatchObject({
      decision: 'deny',
      message: expect.stringMatching(/does not trust the authority that issued its certificate at that time/),
    });
    demand(await putRoot(root, corporate.root), 200);
    expect(await asked(image)).toMatchObject({ decision: 'allow' });
  });
});

describe('the form of a trust root', () => {
  it('decides whether a certificate must be for signing code, wherever it was proved', async () => {
    const rig = (trustRoot: string): object => ({ identities: [{ id: 'gpu', subject: RIG, trustRoot }] });
    const own = await corporateDomain();
    const { root, asked } = await scene(rig);
    demand(await putRoot(root, own.root), 201);
    const image = newImage();
    const leaf = await own.certify({
      extensions: [keyUsage(0), extendedKeyUsage(SERVER_AUTH), alternativeNames(uri(RIG))],
    });
    const stamping = { form: 'witness', stampedAt: earlier(30), domain: own } as const;
    await postExamined(admin, jsonOf(certifiedEnvelope(testOf(image), leaf, stamping)));
    expect(await asked(image)).toMatchObject({ decision: 'allow' });
    // The same authorities with the same windows.
    demand(await putRoot(root, asSigstore(parseTrustRoot(own.root))), 200);
    expect(demand(await admin.get(`/v1/trust-roots/${root}`), 200).body.form).toBe('sigstore');
    expect(await asked(image)).toMatchObject({
      decision: 'deny',
      message: expect.stringMatching(/certificate is not for signing code/),
    });
    demand(await putRoot(root, own.root), 200);
    expect(await asked(image)).toMatchObject({ decision: 'allow' });
  });

  const asSigstore = ({ json }: TrustRoot): object => json;
});

describe('a trust root that comes later', () => {
  it('lets what waited for it count, without posting anything again', async () => {
    const late = await trustDomain({ since: earlier(24 * 60), host: 'late.example' });
    const { root, attestor, asked } = await scene();
    const image = newImage();
    const logged = signedAt.toISOString();
    const { json } = await signBundle(late, { at: signedAt, payload: testOf(image) });
    const { body } = await postExamined(admin, jsonOf(json));
    expect(body).toMatchObject({
      status: 'rejected',
      verification: {
        code: 'untrusted_signer',
        detail: 'the certificate was issued by an authority of no trust root',
        signers: [],
      },
    });
    expect(await asked(image)).toMatchObject({ decision: 'deny', code: 'no_evidence' });
    demand(await putRoot(root, { ...late.root, tlogs: elsewhere.root.tlogs }), 201);
    await eventually(async () => {
      const { verification } = (await admin.get(`/v1/attestations/${body.id}`)).body;
      expect(verification).toMatchObject({ outcome: 'rejected', code: 'log_proof_invalid' });
    });
    expect(await asked(image)).toMatchObject({ decision: 'deny' });
    demand(await putRoot(root, late.root), 200);
    await eventually(async () => {
      expect(await asked(image)).toMatchObject({ decision: 'allow' });
    });
    expect((await admin.get(`/v1/attestations/${body.id}`)).body).toMatchObject({
      status: 'verified',
      verification: {
        signers: expect.arrayContaining([expect.objectContaining({ attestor, signedAt: logged, counts: true })]),
      },
      facts: [{ kind: 'test' }],
    });
  });

  it('counts at once where the authorities are known from another root', async () => {
    demand(await putRoot('first', domain.root), 201);
    const image = newImage();
    await postExamined(admin, await bundleOf(testOf(image)));
    const { root, asked } = await scene();
    expect(await asked(image)).toMatchObject({
      decision: 'deny',
      message: expect.stringContaining(`there is no trust root ${root}`),
    });
    demand(await putRoot(root, domain.root), 201);
    expect(await asked(image)).toMatchObject({ decision: 'allow' });
  });
});

describe('a trust root that is deleted', () => {
  it('supports nothing from the next verdict on, and what objected goes on objecting', async () => {
    const { root, asked } = await scene();
    demand(await putRoot(root, domain.root), 201);
    const [passed, failed, later] = [newImage(), newImage(), newImage()];
    await postExamined(admin, await bundleOf(scanOf(passed)));
    const { body: objection } = await postExamined(admin, await bundleOf(scanOf(failed, ['CRITICAL'])));
    expect(objection.status).toBe('verified');
    expect(await asked(passed, 'scanned')).toMatchObject({ decision: 'allow' });
    expect(await asked(failed, 'scanned')).toMatchObject({ decision: 'deny', code: 'negative_evidence' });

    demand(await admin.delete(`/v1/trust-roots/${root}`), 204);
    expect(await asked(passed, 'scanned')).toMatchObject({
      decision: 'deny',
      message: expect.stringContaining(`there is no trust root ${root}`),
    });
    expect(await asked(failed, 'scanned')).toMatchObject({ decision: 'deny', code: 'negative_evidence' });
    // What comes once it is gone never objected.
    await postExamined(admin, await bundleOf(scanOf(later, ['CRITICAL'])));
    expect((await asked(later, 'scanned')).code).not.toBe('negative_evidence');
    expectRefused(await admin.get(`/v1/trust-roots/${root}`), { status: 404, code: 'trust_root_not_found' });
    expectRefused(await admin.delete(`/v1/trust-roots/${root}`), { status: 404, code: 'trust_root_not_found' });
    expect((await walk(admin, '/v1/trust-roots', 2)).map(({ name }) => name)).not.toContain(root);

    demand(await putRoot(root, domain.root), 201);
    expect(await asked(passed, 'scanned')).toMatchObject({ decision: 'allow' });
    demand(await admin.delete(`/v1/trust-roots/${root}`), 204);
    demand(await admin.post(`/v1/attestations/${objection.id}/retract`, { reason: 'another image' }), 200);
    expect((await asked(failed, 'scanned')).code).not.toBe('negative_evidence');
    await eventually(async () => {
      const told = await walk(admin, '/v1/history', 1000);
      const ofRoot = told.filter(({ data }) => data.trustRoot === root).map(({ type }) => type);
      expect(ofRoot).toEqual(['trust_root.created', 'trust_root.deleted', 'trust_root.created', 'trust_root.deleted']);
    });
  });

  it('leaves objections where it is replaced by one that lists nothing of before', async () => {
    const { root, asked } = await scene();
    demand(await putRoot(root, domain.root), 201);
    const image = newImage();
    await postExamined(admin, await bundleOf(testOf(image, 'FAILED')));
    demand(await putRoot(root, elsewhere.root), 200);
    expect(await asked(image)).toMatchObject({ decision: 'deny', code: 'negative_evidence' });
  });
});

describe('the root that is built in', () => {
  it('gives way to another of its name, and is there again once that is deleted', async () => {
    const { asked } = await scene(() => ({ identities: [{ id: 'release', issuer: ISSUER, subject: SUBJECT }] }));
    const image = newImage();
    await postExamined(admin, await bundleOf(testOf(image)));
    const builtIn = demand(await admin.get('/v1/trust-roots/public-good'), 200).body;
    expect(builtIn).toMatchObject({ builtIn: true, form: 'sigstore', changedAt: null });
    expect(await asked(image)).toMatchObject({ decision: 'deny' });

    const put = demand(await putRoot('public-good', domain.root), 200);
    expect(put.headers.get('location')).toBeNull();
    expect(put.body).toMatchObject({ name: 'public-good', builtIn: false, changedAt: expect.any(String) });
    await eventually(async () => {
      expect(await asked(image)).toMatchObject({ decision: 'allow' });
    });
    demand(await admin.delete('/v1/trust-roots/public-good'), 204);
    expect(await asked(image)).toMatchObject({ decision: 'deny' });
    const again = demand(await admin.get('/v1/trust-roots/public-good'), 200).body;
    expect(again.authorities).toEqual(builtIn.authorities);
    expect(again.builtIn).toBe(true);
    expectRefused(await admin.delete('/v1/trust-roots/public-good'), { status: 409, code: 'trust_root_built_in' });
    await eventually(async () => {
      const told = (await walk(admin, '/v1/history', 1000)).filter(({ data }) => data.trustRoot === 'public-good');
      expect(told.map(({ type }) => type)).toEqual(['trust_root.changed', 'trust_root.deleted']);
    });
  });
});

describe('the document of a trust root', () => {
  it('is answered with whom it lists and for how long', async () => {
    const put = demand(await putRoot('shown', domain.root), 201);
    expect(put.headers.get('location')).toBe('/v1/trust-roots/shown');
    const { body } = demand(await admin.get('/v1/trust-roots/shown'), 200);
    expect(body).toEqual({ ...put.body, document: expect.objectContaining({ mediaType: expect.any(String) }) });
    expect(body).toMatchObject({ name: 'shown', form: 'sigstore', builtIn: false, trustRevision: expect.any(Number) });
    const window = { validFrom: domain.root.tlogs[0]!.publicKey.validFor.start, validUntil: null };
    const id = (type: string) => expect.stringMatching(new RegExp(`^${type}:[0-9a-f]{64}$`));
    expect(body.authorities).toEqual([
      { id: id('ca'), type: 'ca', name: expect.stringContaining('issuer of sigstore.example'), ...window },
      { id: id('ctlog'), type: 'ctlog', name: 'https://ctfe.sigstore.example', ...window },
      { id: id('tlog'), type: 'tlog', name: 'https://rekor.sigstore.example', ...window },
      { id: id('tlog'), type: 'tlog', name: 'https://log2.sigstore.example', ...window },
      { id: id('tsa'), type: 'tsa', name: expect.any(String), ...window },
    ]);
    demand(await putRoot('shown-plain', corporate.root), 201);
    expect(demand(await admin.get('/v1/trust-roots/shown-plain'), 200).body).toMatchObject({
      form: 'x509',
      authorities: [
        { type: 'ca', name: expect.stringContaining('Corp CA') },
        { type: 'tsa', name: expect.stringContaining('Corp clock') },
      ],
    });
    const names = (await walk(admin, '/v1/trust-roots', 1)).map(({ name }) => name);
    expect(names).toEqual(names.toSorted());
    expect(names).toEqual(expect.arrayContaining(['public-good', 'shown', 'shown-plain']));
    expectRefused(await admin.get('/v1/trust-roots?limit=0'), { status: 400, code: 'limit_invalid' });
    expectRefused(await admin.get('/v1/trust-roots?cursor=x'), { status: 400, code: 'cursor_invalid' });
  });

  it('can be taken and put again, which changes nothing', async () => {
    demand(await putRoot('kept', domain.root), 201);
    demand(await putRoot('kept-plain', corporate.root), 201);
    for (const name of ['kept', 'kept-plain', 'public-good']) {
      const { body } = demand(await admin.get(`/v1/trust-roots/${name}`), 200);
      const { document, ...answer } = body;
      expect(demand(await putRoot(name, document), 200).body).toEqual(answer);
    }
  });

  it('of several documents, one per line, is refused and says so', async () => {
    const lines = [domain.root, elsewhere.root].map((root) => JSON.stringify(root)).join('\n');
    const refused = await admin.put('/v1/trust-roots/lines', lines, { 'content-type': 'application/json' });
    expectRefused(refused, { status: 400, code: 'json_malformed' });
    expect(refused.body.detail).toMatch(/several documents, one per line/);
  });

  const PRIVATE_KEY = keyPair().privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const malformed = { status: 400, code: 'trust_root_malformed' };
  const plain = (certificates: unknown, more: object = {}): object => ({
    certificateAuthorities: [{ certificates, ...more }],
  });

  it.each<[string, () => object, readonly string[]]>([
    ['is another document', () => ({ mediaType: 'application/json' }), ['mediaType', '']],
    ['lists nobody', () => ({ mediaType: domain.root.mediaType }), ['']],
    ['is empty', () => ({}), ['']],
    ['is a list', () => [domain.root], ['']],
    [
      'trusts an authority since ever',
      () => rootWith((root) => delete root.certificateAuthorities[0]!.validFor.start),
      ['certificateAuthorities[0].validFor.start'],
    ],
    [
      'ends before it starts, at two places at once',
      () =>
        rootWith((root) => {
          root.tlogs[1]!.publicKey.validFor.end = '2001-01-01T00:00:00Z';
          root.ctlogs[0]!.publicKey.validFor.end = 'yesterday';
        }),
      ['ctlogs[0].publicKey.validFor.end', 'tlogs[1].publicKey.validFor'],
    ],
    [
      'holds what is no certificate',
      () => rootWith((root) => (root.certificateAuthorities[0]!.certChain.certificates[1]!.rawBytes = 'AAAA')),
      ['certificateAuthorities[0].certChain.certificates[1]'],
    ],
    ['holds no PEM', () => plain('MIIB'), ['certificateAuthorities[0].certificates']],
    [
      'holds a field that is not known',
      () => plain(pemOf(corporate.ca.der), { x: 1 }),
      ['certificateAuthorities[0].x'],
    ],
    ['holds a private key', () => plain(PRIVATE_KEY), ['certificateAuthorities[0].certificates[0]']],
    ['has logs beside plain certificates', () => ({ ...corporate.root, tlogs: domain.root.tlogs }), ['tlogs']],
    [
      'lists more authorities than anybody has',
      () => rootWith((root) => (root.tlogs = Array(65).fill(root.tlogs[0]))),
      [''],
    ],
  ])('that %s is refused at its paths', async (_, make, paths) => {
    const answer = await putRoot('malformed', make());
    expectRefused(answer, malformed);
    expect(answer.body.errors.map(({ path }: { path: string }) => path).toSorted()).toEqual(paths.toSorted());
    expect(answer.text).not.toContain(PRIVATE_KEY.split('\n')[1]);
    expectRefused(await admin.get('/v1/trust-roots/malformed'), { status: 404, code: 'trust_root_not_found' });
  });

  it('that is no JSON, too large or sent as something else is refused', async () => {
    const send = (body: string | Buffer, type = 'application/json'): Promise<Answer> =>
      admin.put('/v1/trust-roots/malformed', body, { 'content-type': type });
    expectRefused(await send('{"mediaType":'), { status: 400, code: 'json_malformed' });
    expectRefused(await send('{"mediaType":"a","mediaType":"b"}'), { status: 400, code: 'json_malformed' });
    expectRefused(await send(jsonOf(domain.root), 'text/plain'), { status: 415, code: 'content_type_unsupported' });
    const huge = jsonOf({ ...domain.root, padding: 'x'.repeat(1_100_000) });
    expectRefused(await send(huge), { status: 413, code: 'body_too_large' });
    expectRefused(await putRoot('Upper', domain.root), { ...malformed, paths: ['name'] });
    expectRefused(await putRoot('x'.repeat(300), domain.root), malformed);
  });
});
