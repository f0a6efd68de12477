import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEnvelope } from '../../src/intoto/envelope.js';
import { importPublicKey, type PublicKey } from '../../src/intoto/public-key.js';
import { parseStatement } from '../../src/intoto/statement.js';
import { verifySignatures } from '../../src/intoto/verify-envelope.js';
import { demand } from '../support/answers.js';
import { apiAs, apiOf, type Answer, type Api } from '../support/api.js';
import { testResult } from '../support/predicates.js';
import { expectRefused } from '../support/problems.js';
import { newImage, postExamined, prepareRelease, publish, verdictOn, type Release } from '../support/release.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const DSSE = { accept: 'application/vnd.in-toto+dsse' };
const PUBLIC_URL = 'https://assay.example.com';
const REPOSITORY = 'registry.example.com/acme/app';

const SUMMARISED = `policy: summarised
requirements:
  - id: verified-there
    kind: summary
    from: [other-assay]
    check: fact.result == "passed" && fact.verifier == "${PUBLIC_URL}"
`;

let directory: string;
let retired: string;
const databases: TestDatabase[] = [];
const apps: TestApp[] = [];
let app: TestApp;
let admin: Api;
let gate: Api;
let release: Release;
/** A service that signs nothing itself. */
let other: Api;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'assay-e2e-signing-'));
  const keyFile = join(directory, 'key.pem');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const retiredFile = join(directory, 'retired.pem');
  retired = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
  writeFileSync(retiredFile, retired);
  app = await start({
    ASSAY_SIGNING_KEY_FILE: keyFile,
    ASSAY_SIGNING_RETIRED_KEY_FILES: retiredFile,
    ASSAY_PUBLIC_URL: PUBLIC_URL,
  });
  admin = apiOf(app);
  release = await prepareRelease(admin);
  gate = await apiAs(app, { name: 'gate', roles: ['gate'], policies: ['release'] });
  other = apiOf(await start({}));
});

afterAll(async () => {
  for (const each of apps) await each.stop();
  for (const each of databases) await each.drop();
  rmSync(directory, { recursive: true });
});

async function start(env: Readonly<Record<string, string>>): Promise<TestApp> {
  const database = await createTestDatabase();
  databases.push(database);
  const started = await startTestApp({ database, env });
  apps.push(started);
  return started;
}

async function serviceKey(): Promise<PublicKey> {
  const { body } = demand(await apiOf(app, null).get('/.well-known/assay/keys.json'), 200);
  return importPublicKey(body.keys[0].pem);
}

async function releasedImage(): Promise<string> {
  const image = newImage();
  for (const by of ['ci', 'trivy', 'qa', 'leads'] as const) await postExamined(admin, release.signed(by, image));
  return image;
}

async function signedVerdict(image: string, query = `policy=release&repository=${REPOSITORY}`): Promise<Answer> {
  return demand(await gate.get(`/v1/images/${image}/verdict?${query}`, DSSE), 200);
}

function statementIn(answer: Answer): Answer['body'] {
  return JSON.parse(parseEnvelope(answer.bytes).payload.toString());
}

describe('the keys of a service', () => {
  it('are everybody’s to read, the signing one first, each by its thumbprint and in PEM', async () => {
    const answer = demand(await apiOf(app, null).get('/.well-known/assay/keys.json'), 200);
    const { keys } = answer.body;
    expect(keys).toMatchObject([
      { kty: 'EC', crv: 'P-256', use: 'sig', alg: 'ES256', retired: false },
      { kty: 'OKP', crv: 'Ed25519', use: 'sig', alg: 'EdDSA', retired: true, pem: retired },
    ]);
    for (const key of keys) {
      expect(key.kid).toBe(importPublicKey(key.pem).thumbprint);
      const { kty, crv, x, y, alg } = key;
      expect(importPublicKey({ kty, crv, x, alg, ...(y === undefined ? {} : { y }) }).thumbprint).toBe(key.kid);
      expect(key).not.toHaveProperty('d');
    }
  });
});

describe('a verdict under signature', () => {
  it('is a summary of what the same question is answered as JSON, signed by the key of the service', async () => {
    const image = await releasedImage();
    const answer = await signedVerdict(image);
    expect(answer.headers.get('content-type')).toBe('application/vnd.in-toto+dsse');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const envelope = parseEnvelope(answer.bytes);
    const key = await serviceKey();
    expect((await verifySignatures(envelope, [key])).matches).toMatchObject([{ thumbprint: key.thumbprint }]);
    expect(envelope.signatures[0]?.keyid).toBe(key.thumbprint);

    const verdict = await verdictOn(gate, image, `policy=release&repository=${REPOSITORY}`);
    const statement = parseStatement(envelope.payload);
    expect(statement).toMatchObject({
      predicateType: 'https://slsa.dev/verification_summary/v1',
      subjects: [{ name: REPOSITORY, digests: [image] }],
      predicate: {
        verifier: { id: PUBLIC_URL },
        timeVerified: verdict.evaluatedAt,
        policy: {
          uri: `${PUBLIC_URL}/v1/policies/release/revisions/1`,
          digest: { sha256: verdict.policy.digest.replace('sha256:', '') },
        },
        verificationResult: 'PASSED',
        verifiedLevels: ['SLSA_BUILD_LEVEL_UNEVALUATED'],
        assay_verdict: verdict.id,
        assay_policyRevision: 1,
        assay_parameters: {},
      },
    });
    const used = verdict.requirements.flatMap(({ evidence }: { evidence: readonly string[] }) => evidence).sort();
    const { predicate } = statementIn(answer);
    expect(predicate.inputAttestations.map(({ uri }: { uri: string }) => uri)).toEqual(
      used.map((id: string) => `${PUBLIC_URL}/v1/attestations/${id}`),
    );
    demand(await admin.get(`/v1/verdicts/${predicate.assay_verdict}`), 200);
  });

  it('is the same bytes as long as the answer stands', async () => {
    const image = await releasedImage();
    expect((await signedVerdict(image)).text).toBe((await signedVerdict(image)).text);
    await postExamined(admin, release.signed('qa', image, { predicate: testResult('FAILED') }));
    expect(statementIn(await signedVerdict(image)).predicate.verificationResult).toBe('FAILED');
  });

  it('says FAILED for a deny', async () => {
    const { predicate } = statementIn(await signedVerdict(newImage()));
    expect(predicate).toMatchObject({
      verificationResult: 'FAILED',
      verifiedLevels: ['FAILED'],
      inputAttestations: [],
    });
  });

  it('says the level that the policy proved', async () => {
    await publish(
      admin,
      'levelled',
      'policy: levelled\nrequirements: [{id: built, kind: build, from: [builder], where: {slsaLevel: 2}}]\n',
    );
    const { publicKey } = release.keys.ci;
    const attestor = {
      kinds: ['build'],
      keys: [{ id: 'k1', publicKey }],
      builders: [{ id: '**', slsaLevel: 3 }],
    };
    demand(await admin.put('/v1/attestors/builder', attestor), 201);
    const image = await releasedImage();
    const answer = demand(await admin.get(`/v1/images/${image}/verdict?policy=levelled`, DSSE), 200);
    expect(statementIn(answer).predicate).toMatchObject({
      resourceUri: image,
      verificationResult: 'PASSED',
      verifiedLevels: ['SLSA_BUILD_LEVEL_2'],
    });
  });

  it('is not given of an audit or an earlier moment', async () => {
    await publish(admin, 'audited', "policy: audited\nmode: audit\nrequirements: [{id: sure, check: 'true'}]\n");
    const refused = { status: 409, code: 'verdict_not_signed' };
    const about = `/v1/images/${newImage()}/verdict`;
    expectRefused(await admin.get(`${about}?policy=audited`, DSSE), refused);
    expectRefused(await admin.get(`${about}?policy=release&at=2026-01-01T00:00:00Z`, DSSE), refused);
    demand(await admin.get(`${about}?policy=audited`), 200);
  });

  it('is for those who may ask, with what they may ask', async () => {
    const about = `/v1/images/${newImage()}/verdict`;
    expectRefused(await apiOf(app, null).get(`${about}?policy=release`, DSSE), { status: 401, code: 'token_missing' });
    const attester = await apiAs(app, { roles: ['attester'] });
    expectRefused(await attester.get(`${about}?policy=release`, DSSE), { status: 403, code: 'role_missing' });
    expectRefused(await gate.get(`${about}?policy=levelled`, DSSE), { status: 403, code: 'policy_not_permitted' });
  });

  it('is not to be had where no key is configured', async () => {
    await publish(other, 'plain', "policy: plain\nrequirements: [{id: sure, check: 'true'}]\n");
    const path = `/v1/images/${newImage()}/verdict?policy=plain`;
    expectRefused(await other.get(path, DSSE), { status: 409, code: 'signing_not_configured' });
    expect(demand(await other.get(path), 200).body.decision).toBe('allow');
    expect(demand(await other.get('/.well-known/assay/keys.json'), 200).body).toEqual({ keys: [] });
  });
});

describe('a signed verdict as evidence', () => {
  async function trust(api: Api): Promise<void> {
    const { pem } = await serviceKey();
    const attestor = { kinds: ['summary'], keys: [{ id: 'k1', publicKey: pem }] };
    demand(await api.put('/v1/attestors/other-assay', attestor), 201);
    await publish(api, 'summarised', SUMMARISED);
  }

  it('counts for another service that trusts the key, and only where it passed', async () => {
    await trust(other);
    const [allowed, denied] = [await releasedImage(), newImage()];
    for (const image of [allowed, denied]) {
      const { body } = await postExamined(other, (await signedVerdict(image)).bytes);
      expect(body).toMatchObject({ status: 'verified', kind: 'summary', verification: { outcome: 'verified' } });
    }
    expect((await verdictOn(other, allowed, 'policy=summarised')).decision).toBe('allow');
    expect((await verdictOn(other, denied, 'policy=summarised')).decision).toBe('deny');
  });

  it('never counts for the service that signed it, whoever registers its key', async () => {
    await trust(admin);
    const image = await releasedImage();
    const { body } = await postExamined(admin, (await signedVerdict(image)).bytes);
    expect(body.status).toBe('verified');
    const verdict = await verdictOn(admin, image, 'policy=summarised');
    expect(verdict).toMatchObject({
      decision: 'deny',
      requirements: [{ considered: [{ attestation: body.id, message: 'it is signed by this service itself' }] }],
    });
  });
});
