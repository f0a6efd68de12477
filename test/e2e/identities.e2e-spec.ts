import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demand, walk } from '../support/answers.js';
import { apiAs, apiOf, type Api } from '../support/api.js';
import { PREDICATE_TYPES, testResult } from '../support/predicates.js';
import { expectRefused } from '../support/problems.js';
import { newImage, postExamined } from '../support/release.js';
import { envelopeOf, makeKey, statementAbout } from '../support/sign.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const GITHUB = 'https://token.actions.githubusercontent.com';
const RELEASE = {
  id: 'release',
  issuer: GITHUB,
  subjectGlob: 'https://github.com/acme/app/.github/workflows/release.yml@refs/tags/*',
};

let database: TestDatabase;
let app: TestApp;
let admin: Api;

beforeAll(async () => {
  database = await createTestDatabase();
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  await owner.query('alter table fact_signers add column if not exists identity text collate "C"');
  await owner.end();
  app = await startTestApp({ database });
  admin = apiOf(app);
});

afterAll(async () => {
  await app.stop();
  await database.drop();
});

describe('the identities of an attestor', () => {
  it('are put, added, retired and answered with their state', async () => {
    demand(await admin.put('/v1/attestors/ci', { kinds: ['build'], keys: [], identities: [RELEASE] }), 201);
    const nightly = { ...RELEASE, id: 'nightly', subjectGlob: 'https://github.com/acme/app/**' };
    const added = demand(await admin.post('/v1/attestors/ci/identities', nightly), 201);
    expect(added.headers.get('location')).toBe('/v1/attestors/ci');
    demand(await admin.post('/v1/attestors/ci/identities', nightly), 200);
    demand(await admin.put('/v1/attestors/ci', { kinds: ['build'], keys: [], identities: [RELEASE] }), 200);
    const { identities } = demand(await admin.get('/v1/attestors/ci'), 200).body;
    expect(identities).toMatchObject([
      { id: 'nightly', state: 'retired', revocations: [] },
      { ...RELEASE, subject: null, claims: {}, trustRoot: 'public-good', state: 'active', retiredAt: null },
    ]);
  });

  it('are refused with the paths of what is wrong', async () => {
    const answer = await admin.post('/v1/attestors/ci/identities', { id: 'x', subjectGlob: '**' });
    expectRefused(answer, { status: 400, code: 'identity_malformed', paths: ['issuer', 'subjectGlob'] });
    const taken = await admin.post('/v1/attestors/ci/identities', {
      ...RELEASE,
      subjectGlob: 'https://github.com/x/**',
    });
    expectRefused(taken, { status: 409, code: 'identity_id_taken', paths: ['id'] });
    const renamed = await admin.post('/v1/attestors/ci/identities', { ...RELEASE, id: 'other' });
    expectRefused(renamed, { status: 409, code: 'identity_registered', paths: ['id'] });
  });

  it('are revoked for good, and brought in nowhere again', async () => {
    const revoke = (body: object) => admin.post('/v1/attestors/ci/identities/release/revoke', body);
    const { body } = demand(await revoke({ reason: 'superseded' }), 200);
    expect(body).toMatchObject({
      attestor: 'ci',
      identityId: 'release',
      reason: 'superseded',
      images: { count: 0 },
      links: {
        images: '/v1/attestors/ci/identities/release/images',
        verdicts: '/v1/attestors/ci/identities/release/flips',
      },
    });
    expect(demand(await admin.get(body.links.images), 200).body).toEqual({ items: [], nextCursor: null });
    demand(await revoke({ reason: 'compromised' }), 200);
    expectRefused(await revoke({ reason: 'superseded' }), { status: 409, code: 'revocation_not_earlier' });
    const elsewhere = await admin.put('/v1/attestors/qa', { kinds: ['test'], keys: [], identities: [RELEASE] });
    expectRefused(elsewhere, { status: 409, code: 'identity_revoked', paths: ['identities[0]'] });
    const missing = await admin.post('/v1/attestors/ci/identities/none/revoke', { reason: 'superseded' });
    expectRefused(missing, { status: 404, code: 'identity_not_found' });
  });
});

describe('trust roots', () => {
  it('are the built-in one until another is put, and it cannot be deleted', async () => {
    const { items } = demand(await admin.get('/v1/trust-roots'), 200).body;
    expect(items).toMatchObject([{ name: 'public-good', form: 'sigstore', builtIn: true, changedAt: null }]);
    expect(demand(await admin.get('/v1/trust-roots/public-good'), 200).body).toMatchObject(items[0]);
    const refused = await admin.delete('/v1/trust-roots/public-good');
    expectRefused(refused, { status: 409, code: 'trust_root_built_in' });
    expectRefused(await admin.get('/v1/trust-roots/own'), { status: 404, code: 'trust_root_not_found' });
    expectRefused(await admin.delete('/v1/trust-roots/own'), { status: 404, code: 'trust_root_not_found' });
  });

  it('that are none are refused', async () => {
    expectRefused(await admin.put('/v1/trust-roots/own', {}), { status: 400, code: 'trust_root_malformed' });
    const named = await admin.put('/v1/trust-roots/Own', { mediaType: 'x' });
    expectRefused(named, { status: 400, code: 'trust_root_malformed' });
    expect(named.body.errors[0].path).toBe('name');
  });
});

describe('the images that carry evidence signed by a key', () => {
  it('are listed page by page, whether or not the evidence counts', async () => {
    const key = makeKey();
    demand(
      await admin.put('/v1/attestors/lab', { kinds: ['scan'], keys: [{ id: 'k1', publicKey: key.publicKey }] }),
      201,
    );
    const images = [newImage(), newImage(), newImage()].sort();
    for (const image of images) {
      await postExamined(
        admin,
        envelopeOf(statementAbout(image, PREDICATE_TYPES.testResult, testResult('PASSED')), [key]),
      );
    }
    expect(await walk(admin, '/v1/attestors/lab/keys/k1/images', 2)).toEqual(images);
    const { body } = demand(await admin.post('/v1/attestors/lab/keys/k1/revoke', { reason: 'compromised' }), 200);
    expect(body).toMatchObject({ images: { count: 3 }, links: { verdicts: '/v1/attestors/lab/keys/k1/flips' } });
    expect(await walk(admin, body.links.images, 10)).toEqual(images);
    expectRefused(await admin.get('/v1/attestors/lab/keys/k2/images'), { status: 404, code: 'key_not_found' });
  });
});

describe('trust', () => {
  it('is changed by its administrators and read by auditors', async () => {
    const auditor = await apiAs(app, { name: 'auditor', roles: ['auditor'] });
    const gate = await apiAs(app, { name: 'gate', roles: ['gate'] });
    for (const path of ['/v1/trust-roots', '/v1/trust-roots/public-good', '/v1/attestors/lab/keys/k1/images']) {
      demand(await auditor.get(path), 200);
      expectRefused(await gate.get(path), { status: 403, code: 'role_missing' });
    }
    for (const attempt of [
      auditor.put('/v1/trust-roots/own', {}),
      auditor.delete('/v1/trust-roots/own'),
      auditor.post('/v1/attestors/ci/identities', RELEASE),
      auditor.post('/v1/attestors/ci/identities/release/revoke', { reason: 'superseded' }),
    ]) {
      expectRefused(await attempt, { status: 403, code: 'role_missing' });
    }
  });
});
