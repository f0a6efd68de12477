import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demand, eventually } from '../support/answers.js';
import { apiAs, apiOf, type Answer, type Api } from '../support/api.js';
import { ApiContract } from '../support/api-contract.js';
import { earlier, jsonOf } from '../support/evidence-forms.js';
import { violatedInvariants } from '../support/invariants.js';
import { PREDICATE_TYPES, testResult } from '../support/predicates.js';
import { expectRefused } from '../support/problems.js';
import {
  codesOf,
  newImage,
  postExamined,
  prepareRelease,
  publish,
  verdictOn,
  type Release,
} from '../support/release.js';
import { openOwner, retain } from '../support/retention.js';
import { envelopeOf, makeKey, statementAbout } from '../support/sign.js';
import { signBundle } from '../support/signed-bundle.js';
import { prepareSigners, testOf } from '../support/signers.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { trustDomain } from '../support/trust-domain.js';

const ALL = { rules: ['build:1d', 'scan:1d', 'test:1d', 'approval:1d'] };
const LOOKS_INSIDE = `policy: inside
requirements:
  - {id: tested, kind: test, from: [qa], check: 'predicate.configuration[0].name == "ci.yml"'}
`;

let database: TestDatabase;
let app: TestApp;
let owner: pg.Client;
let admin: Api;
let auditor: Api;
let gate: Api;
let release: Release;
let contract: ApiContract;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  owner = await openOwner(database.ownerUrl);
  admin = apiOf(app);
  auditor = await apiAs(app, { name: 'auditor', roles: ['auditor'] });
  gate = await apiAs(app, { name: 'gate', roles: ['gate'] });
  release = await prepareRelease(admin);
  await publish(admin, 'inside', LOOKS_INSIDE);
  contract = new ApiContract(demand(await apiOf(app, null).get('/openapi.yaml'), 200).text);
});

afterAll(async () => {
  expect(await violatedInvariants(database.url)).toEqual([]);
  await owner.end();
  await app.stop();
  await database.drop();
});

/** An image that the policy `release` allows, with the ids of its evidence by attestor. */
async function releasedImage(): Promise<{ readonly image: string; readonly ids: Readonly<Record<string, string>> }> {
  const image = newImage();
  const ids: Record<string, string> = {};
  for (const by of ['ci', 'trivy', 'qa', 'leads'] as const) {
    ids[by] = (await postExamined(admin, release.signed(by, image))).body.id;
  }
  return { image, ids };
}

async function record(image: string, policy: string): Promise<Answer['body']> {
  return demand(await gate.post('/v1/verdicts', { policy, images: [image] }), 201).body.items[0];
}

describe('an envelope that was dropped', () => {
  it('is gone, by which rule and since when, and everything else about it stays', async () => {
    const { ids } = await releasedImage();
    const path = `/v1/attestations/${ids.trivy}`;
    const etag = demand(await auditor.get(`${path}/envelope`), 200).headers.get('etag') ?? '';
    const before = demand(await auditor.get(path), 200).body;
    expect(before.dropped).toBeNull();
    expect((await retain(owner, { rules: ['scan:1d'] })).dropped).toEqual([ids.trivy]);
    for (const known of ['"another"', etag]) {
      const gone = await auditor.get(`${path}/envelope`, { 'if-none-match': known });
      expectRefused(gone, { status: 410, code: 'envelope_dropped' });
      expect(gone.body.detail).toMatch(/dropped by retention at \d{4}-.*Z, by the rule scan:1d/);
      expect(contract.faultOf('GET /v1/attestations/{id}/envelope', gone)).toBeNull();
    }
    const after = await eventually(async () => {
      const answer = demand(await auditor.get(path), 200);
      expect(answer.body.history.proof).not.toBeNull();
      return answer;
    });
    const { history: _history, ...rest } = before;
    expect(after.body).toMatchObject({ ...rest, dropped: { at: expect.any(String), rule: 'scan:1d' } });
    expect(contract.faultOf('GET /v1/attestations/{id}', after)).toBeNull();
    const listed = demand(await auditor.get(`/v1/attestations?digest=${after.body.subjects[0].digest}&kind=scan`), 200);
    expect(listed.body.items).toMatchObject([{ id: ids.trivy, dropped: { rule: 'scan:1d' } }]);
    const entries = demand(await auditor.get(`/v1/history?type=envelope.dropped&wait=20`), 200).body.items;
    expect(entries).toMatchObject([
      {
        actor: 'retention',
        attestation: ids.trivy,
        data: { rule: 'scan:1d', kind: 'scan', predicateType: PREDICATE_TYPES.cosignVuln, digest: ids.trivy },
      },
    ]);
  });

  it('is answered as it stands when it is posted again', async () => {
    const envelope = release.signed('qa', newImage());
    const { id } = (await postExamined(admin, envelope)).body;
    await retain(owner, ALL);
    for (const prefer of ['wait=0', 'wait=5']) {
      const again = demand(await admin.post('/v1/attestations', envelope, { prefer }), 200);
      expect(again.body).toMatchObject({ id, status: 'verified', dropped: { rule: 'test:1d' } });
    }
    expectRefused(await auditor.get(`/v1/attestations/${id}/envelope`), { status: 410, code: 'envelope_dropped' });
  });

  it('supports a verdict as before, until trust or an act takes that away', async () => {
    const { image, ids } = await releasedImage();
    const recorded = await record(image, 'release');
    const asked = await verdictOn(gate, image);
    expect([recorded.decision, asked.decision]).toEqual(['allow', 'allow']);
    expect((await retain(owner, ALL)).dropped).toHaveLength(4);
    const after = await verdictOn(gate, image);
    expect(after).toMatchObject({ id: asked.id, decision: 'allow', requirements: asked.requirements });
    const replay = demand(await auditor.get(`/v1/verdicts/${recorded.id}/replay`), 200).body;
    expect(replay).toMatchObject({ same: true, reasons: [], now: { decision: 'allow' } });
    demand(await admin.post(`/v1/attestations/${ids.qa}/revoke`, { reason: 'it was wrong' }), 200);
    expect(codesOf(await verdictOn(gate, image))).toMatchObject({ tested: 'signer_revoked' });
    demand(await admin.post('/v1/attestors/leads/keys/k1/revoke', { reason: 'compromised' }), 200);
    expect(codesOf(await verdictOn(gate, image))).toMatchObject({ approved: 'signer_revoked' });
  });

  it('objects as before', async () => {
    const image = newImage();
    const failed = release.signed('qa', image, { predicate: testResult('FAILED') });
    await postExamined(admin, failed);
    const before = await verdictOn(gate, image);
    await retain(owner, ALL);
    expect(codesOf(await verdictOn(gate, image))).toEqual(codesOf(before));
    expect(codesOf(before)).toMatchObject({ tested: 'negative_evidence' });
  });

  it('comes to object by trust that its signer gains afterwards', async () => {
    const key = makeKey('P-521');
    const keys = [{ id: 'k1', publicKey: key.publicKey }];
    demand(await admin.put('/v1/attestors/lab', { kinds: ['scan'], keys }), 201);
    await publish(
      admin,
      'lab',
      'policy: lab\nrequirements:\n  - {id: tested, kind: test, from: [qa, lab], select: all}\n',
    );
    const image = newImage();
    await postExamined(admin, release.signed('qa', image));
    const failed = release.signed('qa', image, { predicate: testResult('FAILED'), key });
    expect((await postExamined(admin, failed)).body.verification.code).toBe('signer_not_allowed');
    expect((await retain(owner, ALL)).dropped).toHaveLength(2);
    expect((await verdictOn(gate, image, 'policy=lab')).decision).toBe('allow');
    demand(await admin.put('/v1/attestors/lab', { kinds: ['scan', 'test'], keys }), 200);
    expect(codesOf(await verdictOn(gate, image, 'policy=lab'))).toEqual({ tested: 'negative_evidence' });
  });

  it('may be a bundle whose certificate is proved, and none by a certificate of no known root', async () => {
    const signers = await prepareSigners(admin);
    const image = newImage();
    const { id } = (await postExamined(admin, await signers.sign('keyless', testOf(image)))).body;
    const stranger = await trustDomain({ since: earlier(24 * 60), host: 'stranger.example' });
    const { json } = await signBundle(stranger, { at: signers.signedAt, payload: testOf(image, 'FAILED') });
    const unknown = (await postExamined(admin, jsonOf(json))).body;
    expect(unknown.status).toBe('rejected');
    const { dropped, kept } = await retain(owner, ALL);
    expect(dropped).toEqual([id]);
    expect(kept[unknown.id]).toBe('unsettled');
    expect((await verdictOn(gate, image, 'policy=tested-by-keyless')).decision).toBe('allow');
    // The root comes to be known, and what its signer said against the image counts.
    const identities = [{ ...signers.identity, id: 'stranger', trustRoot: 'stranger' }];
    demand(await admin.put('/v1/trust-roots/stranger', stranger.root), 201);
    demand(await admin.put('/v1/attestors/keyless', { kinds: ['test'], keys: [], identities }), 200);
    await eventually(async () => {
      const verdict = await verdictOn(gate, image, 'policy=tested-by-keyless');
      expect(codesOf(verdict)).toEqual({ it: 'negative_evidence' });
    });
  });

  it('is in error for a policy that looks at its predicate, and the replay says why it is none', async () => {
    const image = newImage();
    const { id } = (await postExamined(admin, release.signed('qa', image))).body;
    const recorded = await record(image, 'inside');
    expect([recorded.decision, (await verdictOn(gate, image, 'policy=inside')).decision]).toEqual(['allow', 'allow']);
    await retain(owner, ALL);
    const why = new RegExp(`the predicate of ${id} was dropped by retention at \\d{4}-.*Z, by the rule test:1d`);
    const after = await verdictOn(gate, image, 'policy=inside');
    expect(after).toMatchObject({
      decision: 'deny',
      requirements: [{ status: 'error', code: 'evaluation_error', message: expect.stringMatching(why) }],
    });
    const replay = await auditor.get(`/v1/verdicts/${recorded.id}/replay`);
    expect(demand(replay, 200).body).toMatchObject({
      same: false,
      differences: [],
      reasons: [expect.stringMatching(why)],
      replayed: null,
      now: { decision: 'deny' },
    });
    expect(contract.faultOf('GET /v1/verdicts/{id}/replay', replay)).toBeNull();
    // What was recorded after the drop is evaluated to the same again.
    const later = await record(image, 'inside');
    expect(demand(await auditor.get(`/v1/verdicts/${later.id}/replay`), 200).body).toMatchObject({ same: true });
    const flips = await eventually(async () => {
      const { items } = demand(await auditor.get(`/v1/images/${image}/history?limit=1000`), 200).body;
      const flipped = items.filter(({ flip }: { flip: unknown }) => flip !== null);
      expect(flipped.length).toBeGreaterThan(0);
      return flipped;
    });
    expect(flips[0].flip.causes).toMatchObject([
      { of: 'evidence', summary: 'the envelope of a test was dropped by the rule test:1d' },
    ]);
  });

  it('cannot be revoked where nobody ever found out what it says', async () => {
    const { id } = (await postExamined(admin, envelopeOf('no statement', [makeKey()], 'text/plain'))).body;
    expect((await retain(owner, { rules: ['other:1d'] })).dropped).toEqual([id]);
    expectRefused(await admin.post(`/v1/attestations/${id}/revoke`, { reason: 'r' }), {
      status: 410,
      code: 'envelope_dropped',
    });
  });

  it('is named in an archive, beside envelopes that are stored', async () => {
    const image = newImage();
    const [first, dropped, last] = [
      (await postExamined(admin, release.signed('ci', image))).body.id,
      (await postExamined(admin, release.signed('qa', image))).body.id,
      (await postExamined(admin, release.signed('leads', image, { key: makeKey() }))).body.id,
    ];
    await retain(owner, { rules: ['test:1d'] });
    const { id: hold } = demand(
      await admin.post('/v1/legal-holds', { scope: { digest: image }, reason: 'r' }),
      201,
    ).body;
    demand(await admin.post(`/v1/legal-holds/${hold}/release`, { reason: 'over' }), 200);
    demand(await auditor.get(`/v1/history?type=hold.released&digest=${image}&wait=20`), 200);
    const lines = demand(await auditor.get(`/v1/export?digest=${image}`), 200)
      .text.trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const attestations = lines.filter(({ record }) => record === 'attestation');
    expect(attestations.map(({ row, envelope }) => [row.id, envelope === null])).toEqual([
      [first, false],
      [dropped, true],
      [last, false],
    ]);
    expect(attestations[1].dropped).toMatchObject({ attestation: dropped, rule: 'test:1d', actor: 'retention' });
    expect(lines.filter(({ record }) => record === 'dropped')).toMatchObject([{ row: { attestation: dropped } }]);
    expect(lines.filter(({ record }) => record === 'hold').map(({ table }) => table)).toEqual([
      'legal_holds',
      'legal_hold_releases',
    ]);
  });
});

describe('legal holds', () => {
  it('are placed, listed and released, and keep what they are on', async () => {
    const { image, ids } = await releasedImage();
    const placed = await admin.post('/v1/legal-holds', {
      scope: { digest: image },
      reason: 'a suit',
      reference: 'CASE-12',
    });
    expect(contract.faultOf('POST /v1/legal-holds', demand(placed, 201))).toBeNull();
    const { id } = placed.body;
    expect(placed.body).toMatchObject({ scope: { digest: image }, reference: 'CASE-12', released: null });
    expect((await retain(owner, ALL)).kept).toMatchObject(
      Object.fromEntries(Object.values(ids).map((each) => [each, 'held'])),
    );
    demand(await auditor.get(`/v1/attestations/${ids.qa}/envelope`), 200);
    const listed = await auditor.get('/v1/legal-holds?state=in_force');
    expect(contract.faultOf('GET /v1/legal-holds', listed)).toBeNull();
    expect(listed.body.items).toEqual([placed.body]);
    const released = demand(await admin.post(`/v1/legal-holds/${id}/release`, { reason: 'settled' }), 200).body;
    expect(released).toMatchObject({ id, released: { reason: 'settled', actor: expect.any(String) } });
    const again = demand(await admin.post(`/v1/legal-holds/${id}/release`, { reason: 'settled' }), 200).body;
    expect(again).toEqual(released);
    expect(demand(await auditor.get(`/v1/legal-holds/${id}`), 200).body).toEqual(released);
    expect(demand(await auditor.get('/v1/legal-holds?state=in_force'), 200).body.items).toEqual([]);
    expect((await retain(owner, ALL)).dropped).toHaveLength(4);
  });

  it('are released once: another reason afterwards is refused, and told the first', async () => {
    const scope = { repository: 'registry.example/once' };
    const { id } = demand(await admin.post('/v1/legal-holds', { scope, reason: 'a suit' }), 201).body;
    const { released } = demand(await admin.post(`/v1/legal-holds/${id}/release`, { reason: 'settled' }), 200).body;
    const another = await apiAs(app, { name: 'another-admin', roles: ['admin'] });
    const refused = await another.post(`/v1/legal-holds/${id}/release`, { reason: 'lost' });
    expectRefused(refused, { status: 409, code: 'hold_released', paths: ['reason'] });
    expect(refused.body.detail).toContain(`released at ${released.at} by ${released.actor}`);
    expect(refused.body.errors[0].message).toContain('settled');
    expect(contract.faultOf('POST /v1/legal-holds/{id}/release', refused)).toBeNull();
    expect(
      demand(await another.post(`/v1/legal-holds/${id}/release`, { reason: ' settled ' }), 200).body.released,
    ).toEqual(released);
    expect(demand(await auditor.get(`/v1/legal-holds/${id}`), 200).body.released).toEqual(released);
    const entries = demand(await auditor.get('/v1/history?type=hold.released&limit=1000'), 200).body.items;
    expect(entries.filter(({ data }: { data: { hold: string } }) => data.hold === id).length).toBeLessThanOrEqual(1);
  });

  it('are of an image, a repository, an attestation or everything, and come in pages', async () => {
    const { id: attestation } = (await postExamined(admin, release.signed('qa', newImage()))).body;
    const scopes = [{ repository: 'registry.example/app' }, { attestation }, { everything: true }];
    for (const scope of scopes) {
      const { body } = demand(await admin.post('/v1/legal-holds', { scope, reason: 'r' }), 201);
      expect(body.scope).toEqual(scope);
    }
    const seen: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body } = demand(await auditor.get(`/v1/legal-holds?state=in_force&limit=1${query}`), 200);
      seen.push(...body.items.map(({ scope }: { scope: unknown }) => scope));
      for (const { id } of body.items) demand(await admin.post(`/v1/legal-holds/${id}/release`, { reason: 'r' }), 200);
      cursor = body.nextCursor;
    }
    expect(seen).toEqual([...scopes].reverse());
  });

  it.each([
    [{}, 'request_invalid'],
    [{ scope: {}, reason: 'r' }, 'request_invalid'],
    [{ scope: { everything: false }, reason: 'r' }, 'request_invalid'],
    [{ scope: { everything: true, repository: 'a' }, reason: 'r' }, 'request_invalid'],
    [{ scope: { everything: true }, reason: ' ' }, 'request_invalid'],
    [{ scope: { everything: true } }, 'request_invalid'],
    [{ scope: { everything: true }, reason: 'r', until: 'then' }, 'request_invalid'],
    [{ scope: { digest: 'sha256:AB' }, reason: 'r' }, 'digest_malformed'],
    [{ scope: { repository: 'Registry Example' }, reason: 'r' }, 'repository_malformed'],
    [{ scope: { attestation: 'x' }, reason: 'r' }, 'attestation_id_malformed'],
  ])('are refused as %j', async (body, code) => {
    expectRefused(await admin.post('/v1/legal-holds', body), { status: 400, code });
  });

  it('are refused on what is not there', async () => {
    const scope = { attestation: newImage() };
    expectRefused(await admin.post('/v1/legal-holds', { scope, reason: 'r' }), {
      status: 404,
      code: 'attestation_not_found',
    });
    const { id } = (await postExamined(admin, release.signed('qa', newImage()))).body;
    await retain(owner, ALL);
    expectRefused(await admin.post('/v1/legal-holds', { scope: { attestation: id }, reason: 'r' }), {
      status: 410,
      code: 'envelope_dropped',
    });
    for (const unknown of ['x', '00000000-0000-4000-8000-000000000000']) {
      expectRefused(await auditor.get(`/v1/legal-holds/${unknown}`), { status: 404, code: 'hold_not_found' });
      expectRefused(await admin.post(`/v1/legal-holds/${unknown}/release`, { reason: 'r' }), {
        status: 404,
        code: 'hold_not_found',
      });
    }
    expectRefused(await auditor.get('/v1/legal-holds?cursor=x'), { status: 400, code: 'cursor_invalid' });
    expectRefused(await auditor.get('/v1/legal-holds?state=gone'), { status: 400, code: 'request_invalid' });
    expectRefused(await auditor.post('/v1/legal-holds', { scope: { everything: true }, reason: 'r' }), {
      status: 403,
      code: 'role_missing',
    });
  });

  it('are on record when the evidence was posted by nobody yet', async () => {
    const image = newImage();
    const { id } = demand(await admin.post('/v1/legal-holds', { scope: { digest: image }, reason: 'r' }), 201).body;
    const statement = statementAbout(image, PREDICATE_TYPES.testResult, testResult('PASSED'));
    const posted = (await postExamined(admin, envelopeOf(statement, [release.keys.qa]))).body.id;
    expect((await retain(owner, ALL)).kept[posted]).toBe('held');
    demand(await admin.post(`/v1/legal-holds/${id}/release`, { reason: 'r' }), 200);
  });
});
