import { createHmac, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attestationIdOf } from '../../src/intoto/digest.js';
import { demand, walk } from '../support/answers.js';
import { apiAs, apiOf, type Answer, type Api } from '../support/api.js';
import {
  asCosignLayer,
  asVersion01,
  base64url,
  certifiedEnvelope,
  corporateDomain,
  earlier,
  jsonOf,
  jws,
  lastSecond,
  publicPem,
  RIG,
  type CorporateDomain,
} from '../support/evidence-forms.js';
import { approval, PREDICATE_TYPES, provenance, testResult } from '../support/predicates.js';
import { expectRefused } from '../support/problems.js';
import { codesOf, newImage, postExamined, publish, verdictOn } from '../support/release.js';
import { envelopeOf, makeKey, statementAbout } from '../support/sign.js';
import { signBundle, type BundleRequest, type SignedBundle } from '../support/signed-bundle.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { ISSUER, MINUTE, SUBJECT, trustDomain, type TrustDomain } from '../support/trust-domain.js';
import {
  alternativeNames,
  CODE_SIGNING,
  email,
  extendedKeyUsage,
  fulcio,
  issue,
  keyPair,
  keyUsage,
  uri,
  type KeyPair,
} from '../support/x509.js';

const ARTIFACT_SIGNED = 'https://sigstore.dev/cosign/sign/v1';
const KINDS = ['test', 'build', 'other'];

let database: TestDatabase;
let app: TestApp;
let admin: Api;
let pipeline: Api;
let gate: Api;
let domain: TrustDomain;
let elsewhere: TrustDomain;
let corporate: CorporateDomain;
let keys: KeyPair;
/** When a log of the domain saw what is signed with it. */
let signedAt: Date;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  admin = apiOf(app);
  [pipeline, gate] = await Promise.all([
    apiAs(app, { name: 'pipeline', roles: ['attester'] }),
    apiAs(app, { name: 'gate', roles: ['gate'] }),
  ]);
  signedAt = earlier(120);
  const since = earlier(24 * 60);
  [domain, elsewhere, corporate] = await Promise.all([
    trustDomain({ since }),
    trustDomain({ since, host: 'elsewhere.example' }),
    corporateDomain(),
  ]);
  keys = keyPair();
  demand(await admin.put('/v1/trust-roots/acme', domain.root), 201);
  demand(await admin.put('/v1/trust-roots/corporate', corporate.root), 201);
  const register = async (name: string, holds: object): Promise<void> => {
    demand(await admin.put(`/v1/attestors/${name}`, { kinds: KINDS, ...holds }), 201);
    for (const [policy, asks] of [
      ['tests', 'kind: test'],
      ['signed', `predicateType: ${ARTIFACT_SIGNED}, check: 'true'`],
    ] as const) {
      const yaml = `policy: ${policy}-by-${name}\nrequirements: [{id: it, ${asks}, from: [${name}]}]\n`;
      await publish(admin, `${policy}-by-${name}`, yaml);
    }
  };
  await register('keyed', { keys: [{ id: 'k1', publicKey: publicPem(keys), trustRoot: 'acme' }] });
  await register('keyless', {
    keys: [],
    identities: [{ id: 'release', issuer: ISSUER, subject: SUBJECT, trustRoot: 'acme' }],
  });
  await register('rig', { keys: [], identities: [{ id: 'gpu', subject: RIG, trustRoot: 'corporate' }] });
  const two = 'kind: test, from: [keyed, keyless, rig], count: 2, distinct: attestor';
  await publish(admin, 'two', `policy: two\nrequirements: [{id: it, ${two}}]\n`);
  const signers = 'kind: test, from: [keyed, keyless, rig], count: 2, distinct: signer';
  await publish(admin, 'two-signers', `policy: two-signers\nrequirements: [{id: it, ${signers}}]\n`);
});

afterAll(async () => {
  await app.stop();
  await database.drop();
});

const statement = (image: string, says: unknown = testResult('PASSED')): string =>
  statementAbout(image, PREDICATE_TYPES.testResult, says);

const bundle = (payload: string, changes: Partial<BundleRequest> = {}): Promise<SignedBundle> =>
  signBundle(domain, { at: signedAt, payload, ...changes });
const managed = (payload: string, changes: Partial<BundleRequest> = {}): Promise<SignedBundle> =>
  bundle(payload, { managed: { keys, hint: 'k1' }, ...changes });
const byKey = (time: string | null) => ({
  attestor: 'keyed',
  keyId: 'k1',
  identity: null,
  signedAt: time,
  counts: true,
});
const byIdentity = (time: string) => ({
  attestor: 'keyless',
  keyId: null,
  identity: {
    id: 'release',
    issuer: ISSUER,
    subjects: [SUBJECT],
    claims: { sourceRepositoryUri: 'https://github.com/acme/app' },
  },
  signedAt: time,
  counts: true,
});
const byRig = (time: string) => ({
  attestor: 'rig',
  keyId: null,
  identity: { id: 'gpu', issuer: null, subjects: [RIG], claims: {} },
  signedAt: time,
  counts: true,
});

interface Form {
  readonly make: (payload: string) => Buffer | Promise<Buffer>;
  readonly signer: () => ReturnType<typeof byKey> | ReturnType<typeof byIdentity> | ReturnType<typeof byRig>;
  readonly contentType?: string;
}

const narrowKeys = keyPair();
const logged = (): string => signedAt.toISOString();
const stamped = new Map<string, string>();
/** A moment at which the timestamp authority of the domain can stamp, kept by the name of who asked for it. */
function stampingMoment(name: string): Date {
  const moment = lastSecond();
  stamped.set(name, moment.toISOString());
  return moment;
}

const FORMS: Readonly<Record<string, Form>> = {
  'a DSSE envelope by key': {
    make: (payload) => envelopeOf(payload, [testKey()]),
    signer: () => byKey(null),
  },
  'a Sigstore bundle 0.3 with a certificate and an entry of Rekor v1': {
    make: async (payload) => jsonOf((await bundle(payload)).json),
    signer: () => byIdentity(logged()),
  },
  'a Sigstore bundle 0.1 with a certificate and an entry of Rekor v1': {
    make: async (payload) => jsonOf(asVersion01((await bundle(payload, { logged: 'intoto/0.0.2' })).json)),
    signer: () => byIdentity(logged()),
  },
  'a Sigstore bundle with an entry of Rekor v2 and a timestamp': {
    make: async (payload) => {
      const at = stampingMoment('v2');
      return jsonOf((await bundle(payload, { at, stampedAt: at, logged: 'dsse/0.0.2' })).json);
    },
    signer: () => byIdentity(stamped.get('v2')!),
  },
  'a bundle by key with a log entry': {
    make: async (payload) => jsonOf((await managed(payload)).json),
    signer: () => byKey(logged()),
  },
  'a bundle by key without a log entry': {
    make: async (payload) => jsonOf((await managed(payload, { logged: 'none' })).json),
    signer: () => byKey(null),
  },
  'a bundle by key with a timestamp alone': {
    make: async (payload) =>
      jsonOf((await managed(payload, { logged: 'none', stampedAt: stampingMoment('managed') })).json),
    signer: () => byKey(stamped.get('managed')!),
  },
  'a compact JWS': {
    make: (payload) => Buffer.from(jws(payload, keys).compact),
    signer: () => byKey(null),
    contentType: 'application/jose',
  },
  'a compact JWS with a type and a line end': {
    make: (payload) =>
      Buffer.from(`${jws(payload, keys, { alg: 'ES256', typ: 'vnd.in-toto+json', kid: 'k1' }).compact}\n`),
    signer: () => byKey(null),
    contentType: 'application/jose',
  },
  'a flattened JWS': {
    make: (payload) => jsonOf(jws(payload, keys).flattened),
    signer: () => byKey(null),
  },
  'a general JWS': {
    make: (payload) => jsonOf(jws(payload, keys).general),
    signer: () => byKey(null),
  },
  'a layer of cosign with a certificate': {
    make: async (payload) => {
      const { json, leaf } = await bundle(payload, { logged: 'intoto/0.0.2' });
      return jsonOf(asCosignLayer(json, leaf));
    },
    signer: () => byIdentity(logged()),
  },
  'a layer of cosign by key, logged': {
    make: async (payload) => jsonOf(asCosignLayer((await managed(payload, { logged: 'intoto/0.0.2' })).json, null)),
    signer: () => byKey(logged()),
  },
  'a layer of cosign by key, not logged': {
    make: async (payload) => jsonOf(asCosignLayer((await managed(payload, { logged: 'none' })).json, null)),
    signer: () => byKey(null),
  },
  'an envelope with the certificate as slsa-github-generator writes it': {
    make: async (payload) =>
      jsonOf(
        certifiedEnvelope(payload, await corporate.certify(), {
          form: 'slsa-generator',
          stampedAt: signedAtRig(),
          domain: corporate,
        }),
      ),
    signer: () => byRig(signedAtRig().toISOString()),
  },
  'an envelope with certificate, intermediates and timestamps as Witness writes it': {
    make: async (payload) =>
      jsonOf(
        certifiedEnvelope(payload, await corporate.certify(), {
          form: 'witness',
          stampedAt: signedAtRig(),
          domain: corporate,
        }),
      ),
    signer: () => byRig(signedAtRig().toISOString()),
  },
};
const signedAtRig = (): Date => new Date(signedAt.getTime() + 90 * MINUTE);
const testKey = () => ({
  publicKey: publicPem(keys),
  privateKey: keys.privateKey,
  sign: (message: Buffer) => sign('sha256', message, keys.privateKey),
});

describe('one statement in every form', () => {
  describe.each(Object.entries(FORMS))('as %s', (_, { make, signer, contentType = 'application/json' }) => {
    it('is verified, shows its signer, is given back byte for byte and lets the image in', async () => {
      const image = newImage();
      const bytes = await make(statement(image));
      const { body } = await postExamined(pipeline, bytes);
      expect(body).toMatchObject({
        id: attestationIdOf(bytes),
        status: 'verified',
        kind: 'test',
        predicateType: PREDICATE_TYPES.testResult,
        subjects: [{ digest: image }],
        verification: { outcome: 'verified', code: null, detail: null },
      });
      const expected = signer();
      expect(body.verification.signers).toHaveLength(1);
      expect(body.verification.signers[0]).toMatchObject(expected);
      const read = demand(await admin.get(`/v1/attestations/${body.id}`), 200).body;
      expect(read.verification.signers).toEqual(body.verification.signers);
      expect(read.facts).toMatchObject([{ kind: 'test', content: { result: 'passed' } }]);
      const envelope = demand(await pipeline.get(`/v1/attestations/${body.id}/envelope`), 200);
      expect(envelope.bytes.equals(bytes)).toBe(true);
      expect(envelope.headers.get('content-type')).toMatch(new RegExp(`^${contentType}(?:;|$)`));
      expect(await verdictOn(gate, image, `policy=tests-by-${expected.attestor}`)).toMatchObject({
        decision: 'allow',
        requirements: [{ id: 'it', status: 'satisfied', evidence: [body.id] }],
      });
      for (const other of ['keyed', 'keyless', 'rig'].filter((name) => name !== expected.attestor)) {
        expect((await verdictOn(gate, image, `policy=tests-by-${other}`)).decision).toBe('deny');
      }
      expect((await pipeline.post('/v1/attestations', bytes)).status).toBe(200);
    });
  });

  it.each([
    ['a certificate', 'keyless'],
    ['a key', 'keyed'],
  ])('that is no statement but the signature of an image, by %s, satisfies who asks for that', async (_, name) => {
    const manifest = `{"schemaVersion":2,"annotations":{"for":"${name}"}}`;
    const image = attestationIdOf(Buffer.from(manifest));
    const { json } = await (name === 'keyed' ? managed : bundle)(manifest, { isMessage: true });
    const bytes = jsonOf(json);
    const { body } = await postExamined(pipeline, bytes);
    expect(body).toMatchObject({
      status: 'verified',
      kind: 'other',
      predicateType: ARTIFACT_SIGNED,
      subjects: [{ name: null, digest: image }],
      verification: { signers: [{ attestor: name, counts: true, signedAt: logged() }] },
    });
    const { bytes: read } = demand(await pipeline.get(`/v1/attestations/${body.id}/envelope`), 200);
    expect(read.equals(bytes)).toBe(true);
    expect(await verdictOn(gate, image, `policy=signed-by-${name}`)).toMatchObject({
      decision: 'allow',
      requirements: [{ code: 'satisfied', evidence: [body.id] }],
    });
    expect(codesOf(await verdictOn(gate, image, `policy=tests-by-${name}`))).toEqual({ it: 'no_evidence' });
    expect((await verdictOn(gate, newImage(), `policy=signed-by-${name}`)).decision).toBe('deny');
  });
});

const formsBy = (attestor: string): readonly Form[] =>
  Object.values(FORMS).filter(({ signer }) => {
    for (const name of ['v2', 'managed']) if (!stamped.has(name)) stampingMoment(name);
    return signer().attestor === attestor;
  });

describe('one statement by one signer', () => {
  it.each(['keyed', 'keyless', 'rig'])('counts once, in however many forms %s signs it', async (attestor) => {
    const image = newImage();
    const payload = statement(image);
    const forms = formsBy(attestor);
    expect(forms.length).toBeGreaterThan(1);
    const posted = await Promise.all(forms.map(async ({ make }) => postExamined(pipeline, await make(payload))));
    expect(posted.map(({ body }) => body.status)).toEqual(forms.map(() => 'verified'));
    const { body } = demand(await admin.get(`/v1/images/${image}`), 200);
    expect(body).toMatchObject({ received: forms.length, examined: forms.length });
    expect(body.facts).toHaveLength(1);
    for (const policy of ['two', 'two-signers']) {
      const verdict = await verdictOn(gate, image, `policy=${policy}`);
      expect(verdict).toMatchObject({ decision: 'deny', requirements: [{ code: 'not_enough_evidence' }] });
      expect(verdict.requirements[0].message).toMatch(/\b1\b.*\b2\b/);
    }
    const [another] = formsBy(attestor === 'keyed' ? 'keyless' : 'keyed');
    // Word for word the same would be the same statement, whoever signs it.
    await postExamined(pipeline, await another!.make(statement(image, testResult('PASSED', { suite: 'nightly' }))));
    for (const policy of ['two', 'two-signers']) {
      expect(await verdictOn(gate, image, `policy=${policy}`)).toMatchObject({ decision: 'allow' });
    }
  });

  it('is one, though another certificate names its signer each time', async () => {
    const image = newImage();
    const payload = statement(image);
    const [first, second] = await Promise.all([bundle(payload), bundle(payload, { at: earlier(60) })]);
    const posted = [
      await postExamined(pipeline, jsonOf(first.json)),
      await postExamined(pipeline, jsonOf(second.json)),
    ];
    expect(posted.map(({ body }) => body.verification.signers[0].signedAt)).toEqual([
      logged(),
      expect.not.stringMatching(logged()),
    ]);
    expect(codesOf(await verdictOn(gate, image, 'policy=two-signers'))).toEqual({ it: 'not_enough_evidence' });
  });
});

describe('one envelope by several signers', () => {
  it('counts for each of them, whatever else has signed it, and once for the count', async () => {
    const image = newImage();
    const payload = statement(image);
    const read = (bytes: Buffer) => JSON.parse(bytes.toString()) as { readonly signatures: readonly object[] };
    const stamping = { form: 'witness', stampedAt: signedAtRig(), domain: corporate } as const;
    const byCertificate = read(jsonOf(certifiedEnvelope(payload, await corporate.certify(), stamping)));
    const strange = read(envelopeOf(payload, [makeKey(), makeKey('Ed25519')]));
    const own = read(envelopeOf(payload, [testKey()]));
    const unreadable = { sig: 'AAAA', certificate: 'AAAA', timestamps: [{ type: 'tsp', data: 'AAAA' }] };
    const signatures = [unreadable, ...strange.signatures, ...byCertificate.signatures, ...own.signatures];
    const { body } = await postExamined(pipeline, jsonOf({ ...own, signatures }));
    expect(body.status).toBe('verified');
    expect(body.verification.signers.filter(({ counts }: { counts: boolean }) => counts)).toMatchObject([
      byKey(null),
      byRig(signedAtRig().toISOString()),
    ]);
    for (const name of ['keyed', 'rig']) {
      expect((await verdictOn(gate, image, `policy=tests-by-${name}`)).decision).toBe('allow');
    }
    for (const policy of ['two', 'two-signers']) {
      expect(codesOf(await verdictOn(gate, image, `policy=${policy}`))).toEqual({ it: 'not_enough_evidence' });
    }
  });
});

describe('a file of `gh attestation download`', () => {
  it('brings every bundle in it, each with its own answer', async () => {
    const image = newImage();
    const payloads = [
      statementAbout(image, PREDICATE_TYPES.provenance, provenance()),
      statement(image),
      statementAbout(image, PREDICATE_TYPES.approval, approval('lead', lastSecond())),
    ];
    const bundles = await Promise.all(payloads.map((payload) => bundle(payload)));
    const stranger = await signBundle(elsewhere, { at: signedAt, payload: statement(image, testResult('FAILED')) });
    const lines = [...bundles, stranger].map(({ json }) => JSON.stringify(json));
    const answer = await pipeline.post('/v1/attestations', `${lines.join('\n')}\n`, {
      'content-type': 'application/jsonl',
      prefer: 'wait=30',
    });
    const { items } = demand(answer, 200).body;
    expect(items).toMatchObject([
      { line: 1, status: 201, attestation: { kind: 'build', status: 'verified' } },
      { line: 2, status: 201, attestation: { kind: 'test', status: 'verified' } },
      // Its signer is known and may not sign these.
      { line: 3, status: 201, attestation: { kind: 'approval', verification: { code: 'signer_not_allowed' } } },
      { line: 4, status: 201, attestation: { kind: 'test', verification: { code: 'untrusted_signer' } } },
    ]);
    expect(items.map(({ attestation }: Answer['body']) => attestation.id)).toEqual(
      lines.map((line) => attestationIdOf(Buffer.from(line))),
    );
    expect(items[0].attestation.verification.signers[0]).toMatchObject(byIdentity(logged()));
    expect(await walk(admin, `/v1/images/${image}/attestations`, 2)).toHaveLength(4);
    expect((await verdictOn(gate, image, 'policy=tests-by-keyless')).decision).toBe('allow');
  });
});

/** How a forgery is answered: refused at the door, or kept and rejected. */
type Fate =
  | { readonly refused: string; readonly paths: readonly string[] }
  | { readonly rejected: string; readonly detail: RegExp; readonly verdict: string; readonly told: RegExp };

interface Attack {
  readonly forge: (payload: string) => Buffer | Promise<Buffer>;
  readonly fate: Fate;
  /** Whom the attacker would like to be. */
  readonly as: 'keyed' | 'keyless' | 'rig';
}

const NOTHING_PROVED = { verdict: 'no_evidence', told: /there is no test/ };

/** A certificate of the domain for somebody else. */
const certificateFor = (name: Buffer, issuer = ISSUER, repository = 'https://github.com/acme/app') => ({
  extensions: [
    keyUsage(0),
    extendedKeyUsage(CODE_SIGNING),
    alternativeNames(name),
    fulcio(1, issuer),
    fulcio(8, issuer),
    fulcio(12, repository),
  ],
});
const lookalike =
  (name: Buffer, issuer?: string): Attack['forge'] =>
  async (payload) =>
    jsonOf((await bundle(payload, { certificate: certificateFor(name, issuer) })).json);

const ATTACKS: Readonly<Record<string, Attack>> = {
  'a JWS of the algorithm none': {
    forge: (payload) => Buffer.from(`${base64url('{"alg":"none"}')}.${base64url(payload)}.`),
    fate: { refused: 'jws_malformed', paths: ['protected.alg'] },
    as: 'keyed',
  },
  'a JWS by HMAC with the public key as secret': {
    forge: (payload) => {
      const input = `${base64url('{"alg":"HS256","kid":"k1"}')}.${base64url(payload)}`;
      return Buffer.from(`${input}.${createHmac('sha256', publicPem(keys)).update(input).digest('base64url')}`);
    },
    fate: { refused: 'jws_malformed', paths: ['protected.alg'] },
    as: 'keyed',
  },
  'a JWS that brings its own key': {
    forge: (payload) => {
      const own = keyPair();
      const header = { alg: 'ES256', jwk: own.publicKey.export({ format: 'jwk' }) };
      return Buffer.from(jws(payload, own, header).compact);
    },
    fate: { rejected: 'untrusted_signer', detail: /no signature is by a key of a known attestor/, ...NOTHING_PROVED },
    as: 'keyed',
  },
  'a JWS that brings its own key under the name of a known one': {
    forge: (payload) => {
      const own = keyPair();
      const header = {
        alg: 'ES256',
        kid: 'k1',
        jwk: own.publicKey.export({ format: 'jwk' }),
        jku: 'https://evil.example',
      };
      return jsonOf(jws(payload, own, header).general);
    },
    fate: { rejected: 'signature_invalid', detail: /names key k1 does not verify/, ...NOTHING_PROVED },
    as: 'keyed',
  },
  'a JWS with a critical extension': {
    forge: (payload) => Buffer.from(jws(payload, keys, { alg: 'ES256', crit: ['exp'], exp: 1 }).compact),
    fate: { refused: 'jws_malformed', paths: ['protected.crit'] },
    as: 'keyed',
  },
  'a JWS whose payload stands beside it': {
    forge: (payload) => jsonOf({ ...jws(payload, keys).flattened, payload: '' }),
    fate: { refused: 'statement_malformed', paths: [''] },
    as: 'keyed',
  },
  'a JWS that is a token for something else': {
    forge: (payload) => Buffer.from(jws(payload, keys, { alg: 'ES256', typ: 'JWT' }).compact),
    fate: { refused: 'jws_malformed', paths: ['protected.typ'] },
    as: 'keyed',
  },
  'a bundle with the certificate of somebody else': {
    forge: async (payload) => {
      const [own, genuine] = await Promise.all([
        bundle(payload, { certificate: certificateFor(email('eve@evil.example'), 'https://accounts.google.com') }),
        bundle(statement(newImage())),
      ]);
      own.json.verificationMaterial.certificate = genuine.json.verificationMaterial.certificate!;
      return jsonOf(own.json);
    },
    fate: { rejected: 'signature_invalid', detail: /does not verify by the key of its certificate/, ...NOTHING_PROVED },
    as: 'keyless',
  },
  'a bundle with the log entry of another': {
    forge: async (payload) => {
      const [own, genuine] = await Promise.all([bundle(payload, { logged: 'none' }), bundle(statement(newImage()))]);
      own.json.verificationMaterial.tlogEntries = genuine.json.verificationMaterial.tlogEntries;
      return jsonOf(own.json);
    },
    fate: { rejected: 'log_proof_invalid', detail: /log/, ...NOTHING_PROVED },
    as: 'keyless',
  },
  'a bundle without an entry in the log that its root lists': {
    forge: async (payload) => {
      const at = lastSecond();
      return jsonOf((await bundle(payload, { at, stampedAt: at, logged: 'none' })).json);
    },
    fate: { rejected: 'log_proof_invalid', detail: /log/, ...NOTHING_PROVED },
    as: 'keyless',
  },
  'a bundle by a subject that begins alike': {
    forge: lookalike(uri(`${SUBJECT}-of-eve`)),
    fate: {
      rejected: 'identity_mismatch',
      detail: /no attestor has an identity for ".*main-of-eve" at/,
      verdict: 'wrong_attestor',
      told: /keyless/,
    },
    as: 'keyless',
  },
  'a bundle by the same subject as a mail address': {
    forge: lookalike(email(SUBJECT.replace('https://', ''))),
    fate: {
      rejected: 'identity_mismatch',
      detail: /no attestor has an identity for/,
      verdict: 'wrong_attestor',
      told: /keyless/,
    },
    as: 'keyless',
  },
  'a bundle by the same subject of another issuer': {
    forge: lookalike(uri(SUBJECT), 'https://token.actions.githubusercontent.com/evil'),
    fate: {
      rejected: 'identity_mismatch',
      detail: /the issuer is ".*\/evil", not "https:\/\/token\.actions\.githubusercontent\.com"/,
      verdict: 'wrong_attestor',
      told: /keyless/,
    },
    as: 'keyless',
  },
  'a bundle by a subject with a NUL in it': {
    forge: lookalike(uri(`${SUBJECT}\0.evil.example`)),
    fate: { rejected: 'certificate_invalid', detail: /certificate/, ...NOTHING_PROVED },
    as: 'keyless',
  },
  'a bundle of another Sigstore, with the very same subject': {
    forge: async (payload) => jsonOf((await signBundle(elsewhere, { at: signedAt, payload })).json),
    fate: { rejected: 'untrusted_signer', detail: /issued by an authority of no trust root/, ...NOTHING_PROVED },
    as: 'keyless',
  },
  'a bundle whose statement was changed': {
    forge: async (payload) => {
      const { json } = await bundle(payload.replace('PASSED', 'FAILED'));
      json.dsseEnvelope!.payload = Buffer.from(payload).toString('base64');
      return jsonOf(json);
    },
    fate: { rejected: 'signature_invalid', detail: /does not verify by the key of its certificate/, ...NOTHING_PROVED },
    as: 'keyless',
  },
  'a bundle by a known key whose log entry is that of another signature': {
    forge: async (payload) => {
      const [own, another] = await Promise.all([managed(payload), managed(payload)]);
      own.json.verificationMaterial.tlogEntries = another.json.verificationMaterial.tlogEntries;
      return jsonOf(own.json);
    },
    fate: { rejected: 'log_proof_invalid', detail: /log/, ...NOTHING_PROVED },
    as: 'keyed',
  },
  'a bundle stamped for another signature': {
    forge: async (payload) => {
      const at = lastSecond();
      const { json } = await bundle(payload, { at, logged: 'dsse/0.0.2' });
      const signedTimestamp = await domain.stamp(at, Buffer.from('another signature'));
      json.verificationMaterial.timestampVerificationData = { rfc3161Timestamps: [{ signedTimestamp }] };
      return jsonOf(json);
    },
    fate: { rejected: 'timestamp_missing', detail: /timestamp/, ...NOTHING_PROVED },
    as: 'keyless',
  },
  'a bundle with an entry of Rekor v2, which proves no time, alone': {
    forge: async (payload) => jsonOf((await bundle(payload, { logged: 'dsse/0.0.2' })).json),
    fate: { rejected: 'timestamp_missing', detail: /when it was (?:signed|used)/, ...NOTHING_PROVED },
    as: 'keyless',
  },
  'a bundle that is a statement and an image signature at once': {
    forge: async (payload) => {
      const [one, two] = await Promise.all([bundle(payload), bundle(payload, { isMessage: true })]);
      return jsonOf({ ...one.json, messageSignature: two.json.messageSignature });
    },
    fate: { refused: 'bundle_malformed', paths: ['messageSignature'] },
    as: 'keyless',
  },
  'a bundle of a version that nobody knows': {
    forge: async (payload) =>
      jsonOf({ ...(await bundle(payload)).json, mediaType: 'application/vnd.dev.sigstore.bundle.v0.4+json' }),
    fate: { refused: 'bundle_malformed', paths: ['mediaType'] },
    as: 'keyless',
  },
  'a layer of cosign with the certificate of somebody else': {
    forge: async (payload) => {
      const [own, genuine] = await Promise.all([
        bundle(payload, {
          logged: 'intoto/0.0.2',
          certificate: certificateFor(email('eve@evil.example'), 'https://evil'),
        }),
        bundle(statement(newImage())),
      ]);
      return jsonOf(asCosignLayer(own.json, genuine.leaf));
    },
    fate: { rejected: 'signature_invalid', detail: /does not verify by the key of its certificate/, ...NOTHING_PROVED },
    as: 'keyless',
  },
  'a bundle with a certificate that had expired when it was logged': {
    forge: async (payload) =>
      jsonOf((await bundle(payload, { loggedAt: new Date(signedAt.getTime() + 11 * MINUTE) })).json),
    fate: { rejected: 'certificate_invalid', detail: /valid/, ...NOTHING_PROVED },
    as: 'keyless',
  },
  'a bundle with an expired certificate, and nobody who says when it was used': {
    forge: async (payload) => jsonOf((await bundle(payload, { logged: 'none' })).json),
    fate: { rejected: 'timestamp_missing', detail: /when it was (?:signed|used)/, ...NOTHING_PROVED },
    as: 'keyless',
  },
  'an envelope with a certificate, and nobody who says when it was used': {
    forge: async (payload) =>
      jsonOf(
        certifiedEnvelope(payload, await corporate.certify(), {
          form: 'slsa-generator',
          stampedAt: null,
          domain: corporate,
        }),
      ),
    fate: { rejected: 'timestamp_missing', detail: /no timestamp by an authority/, ...NOTHING_PROVED },
    as: 'rig',
  },
  'an envelope with a certificate that its signer made': {
    forge: async (payload) => {
      const own = await issue({
        commonName: 'Corp CA',
        notBefore: earlier(60),
        notAfter: new Date(Date.now() + 60 * MINUTE),
        extensions: [keyUsage(0), alternativeNames(uri(RIG))],
      });
      return jsonOf(certifiedEnvelope(payload, own, { form: 'witness', stampedAt: signedAtRig(), domain: corporate }));
    },
    fate: { rejected: 'untrusted_signer', detail: /issued by an authority of no trust root/, ...NOTHING_PROVED },
    as: 'rig',
  },
  'an envelope with a certificate for a look-alike': {
    forge: async (payload) => {
      const leaf = await corporate.certify({ extensions: [keyUsage(0), alternativeNames(uri(`${RIG}/`))] });
      return jsonOf(certifiedEnvelope(payload, leaf, { form: 'witness', stampedAt: signedAtRig(), domain: corporate }));
    },
    fate: {
      rejected: 'identity_mismatch',
      detail: /no attestor has an identity for/,
      verdict: 'wrong_attestor',
      told: /rig/,
    },
    as: 'rig',
  },
};

describe('an attacker', () => {
  it.each(Object.entries(ATTACKS))('gets nowhere with %s', async (_, { forge, fate, as }) => {
    const image = newImage();
    const bytes = await forge(statement(image));
    const answer = await pipeline.post('/v1/attestations', bytes, { prefer: 'wait=30' });
    const verdict = await verdictOn(gate, image, `policy=tests-by-${as}`);
    expect(verdict.decision).toBe('deny');
    if ('refused' in fate) {
      expectRefused(answer, { status: 400, code: fate.refused, paths: fate.paths });
      expect((await admin.get(`/v1/attestations/${attestationIdOf(bytes)}`)).status).toBe(404);
      return;
    }
    const { body } = demand(answer, 201);
    expect(body).toMatchObject({ status: 'rejected', verification: { outcome: 'rejected', code: fate.rejected } });
    expect(body.verification.detail).toMatch(fate.detail);
    expect(body.verification.signers.filter(({ counts }: { counts: boolean }) => counts)).toEqual([]);
    const [requirement] = verdict.requirements;
    expect(requirement.code).toBe(fate.verdict);
    expect(requirement.message).toMatch(fate.told);
  });

  it('gets no signature of an image counted for another', async () => {
    const manifest = '{"schemaVersion":2}';
    const image = newImage();
    const { json } = await bundle(manifest, { isMessage: true });
    json.messageSignature!.messageDigest.digest = Buffer.from(image.slice('sha256:'.length), 'hex').toString('base64');
    const { body } = await postExamined(pipeline, jsonOf(json));
    expect(body).toMatchObject({ subjects: [{ digest: image }], verification: { code: 'signature_invalid' } });
    expect(codesOf(await verdictOn(gate, image, 'policy=signed-by-keyless'))).toEqual({ it: 'no_evidence' });
  });

  it('gets no statement that an image is signed counted as its signature, unless its signer may sign that', async () => {
    const image = newImage();
    const payload = statementAbout(image, ARTIFACT_SIGNED, {});
    const narrow = { kinds: ['test'], keys: [{ id: 'k1', publicKey: publicPem(narrowKeys) }] };
    demand(await admin.put('/v1/attestors/narrow', narrow), 201);
    const asks = `predicateType: ${ARTIFACT_SIGNED}, check: 'true', from: [narrow]`;
    await publish(admin, 'signed-by-narrow', `policy: signed-by-narrow\nrequirements: [{id: it, ${asks}}]\n`);
    const signed = await bundle(payload, { managed: { keys: narrowKeys, hint: '' } });
    const { body } = await postExamined(pipeline, jsonOf(signed.json));
    expect(body).toMatchObject({ kind: 'other', verification: { code: 'signer_not_allowed' } });
    expect(codesOf(await verdictOn(gate, image, 'policy=signed-by-narrow'))).toEqual({ it: 'wrong_attestor' });
    await postExamined(pipeline, jsonOf((await managed(payload)).json));
    expect((await verdictOn(gate, image, 'policy=signed-by-keyed')).decision).toBe('allow');
  });

  it('gets no certificate of an OIDC issuer counted for an identity that names none', async () => {
    const identity = { id: 'anybody', subject: SUBJECT, trustRoot: 'acme' };
    demand(await admin.put('/v1/attestors/lax', { kinds: KINDS, keys: [], identities: [identity] }), 201);
    await publish(admin, 'by-lax', 'policy: by-lax\nrequirements: [{id: it, kind: test, from: [lax]}]\n');
    const image = newImage();
    await postExamined(pipeline, jsonOf((await bundle(statement(image))).json));
    const verdict = await verdictOn(gate, image, 'policy=by-lax');
    expect(verdict).toMatchObject({ decision: 'deny', requirements: [{ code: 'wrong_attestor' }] });
    expect(verdict.requirements[0].considered[0].message).toMatch(/the issuer is "https:.*", not none/);
  });

  it('gets nothing from an identity of a root that does not list the issuing authority', async () => {
    const identity = { id: 'public', issuer: ISSUER, subject: SUBJECT };
    demand(await admin.put('/v1/attestors/public', { kinds: KINDS, keys: [], identities: [identity] }), 201);
    await publish(admin, 'by-public', 'policy: by-public\nrequirements: [{id: it, kind: test, from: [public]}]\n');
    const image = newImage();
    await postExamined(pipeline, jsonOf((await bundle(statement(image))).json));
    const verdict = await verdictOn(gate, image, 'policy=by-public');
    expect(verdict.decision).toBe('deny');
    expect(verdict.requirements[0].considered[0].message).toMatch(/trust root public-good/);
  });
});
