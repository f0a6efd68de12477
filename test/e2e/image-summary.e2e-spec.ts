import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demand } from '../support/answers.js';
import { apiAs, apiOf, type Answer, type Api } from '../support/api.js';
import { ApiContract } from '../support/api-contract.js';
import { expectRefused } from '../support/problems.js';
import { newImage, postExamined, prepareRelease, verdictOn, type Release } from '../support/release.js';
import { makeKey } from '../support/sign.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const REPOSITORY = 'registry.example.com/team/app';

let database: TestDatabase;
let app: TestApp;
let admin: Api;
let gate: Api;
let auditor: Api;
let release: Release;
let contract: ApiContract;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  admin = apiOf(app);
  gate = await apiAs(app, { name: 'gate', roles: ['gate'] });
  auditor = await apiAs(app, { name: 'auditor', roles: ['auditor'] });
  release = await prepareRelease(admin);
  contract = new ApiContract(demand(await apiOf(app, null).get('/openapi.yaml'), 200).text);
});

afterAll(async () => {
  await app.stop();
  await database.drop();
});

async function summaryOf(image: string, at?: string): Promise<Answer['body']> {
  const query = at === undefined ? '' : `?at=${encodeURIComponent(at)}`;
  const answer = demand(await auditor.get(`/v1/images/${image}${query}`), 200);
  expect(contract.faultOf('GET /v1/images/{digest}', answer)).toBeNull();
  expect(answer.headers.get('cache-control')).toBe('no-store');
  return answer.body;
}

/** The service's clock, some milliseconds away from what is done before and after. */
async function clock(): Promise<string> {
  await sleep(5);
  const { evaluatedAt } = await verdictOn(gate, newImage());
  await sleep(5);
  return evaluatedAt;
}

const record = async (image: string, policy = 'release'): Promise<Answer['body']> =>
  demand(await gate.post('/v1/verdicts', { policy, images: [`${REPOSITORY}@${image}`] }), 201).body.items[0];

describe('the summary of an image', () => {
  it('of which nobody has spoken is empty', async () => {
    const image = newImage();
    expect(await summaryOf(image)).toEqual({
      digest: image,
      at: null,
      received: 0,
      examined: 0,
      pending: false,
      revision: 0,
      evidence: [],
      facts: [],
      claimedNames: [],
      repositories: [],
      verdicts: [],
      indexes: [],
      manifests: [],
      waivers: [],
    });
  });

  it('tells what was posted, what came of it, what was asked and answered last, and what is waived', async () => {
    const image = newImage();
    await postExamined(admin, release.signed('qa', image));
    await postExamined(admin, release.signed('ci', image));
    await postExamined(admin, release.signed('ci', image, { key: makeKey() }));
    await record(image);
    const last = await record(image);
    const other = await verdictOn(gate, image);
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const waiver = demand(
      await admin.post('/v1/waivers', {
        policy: 'release',
        requirement: 'scanned',
        scope: { repository: REPOSITORY },
        reason: 'the scanner is away',
        reference: 'TICKET-1',
        until,
      }),
      201,
    ).body;
    expect(await summaryOf(image)).toMatchObject({
      received: 3,
      examined: 3,
      pending: false,
      evidence: [
        { kind: 'build', status: 'rejected', count: 1 },
        { kind: 'build', status: 'verified', count: 1 },
        { kind: 'test', status: 'verified', count: 1 },
      ],
      facts: [{ kind: 'test' }, { kind: 'build' }],
      claimedNames: [expect.any(String)],
      repositories: [REPOSITORY],
      verdicts: [
        { verdict: other.id, policy: 'release', repository: null, decision: 'deny' },
        { verdict: last.id, policy: 'release', repository: REPOSITORY, decision: 'deny', at: last.evaluatedAt },
      ],
      waivers: [{ waiver: waiver.id, policy: 'release', requirement: 'scanned', scope: { repository: REPOSITORY } }],
    });
  });
});

describe('the summary as of a moment', () => {
  it('is what was answered then, whatever happened since', async () => {
    const image = newImage();
    const then: { readonly at: string; readonly said: Answer['body'] }[] = [];
    const note = async (): Promise<void> => {
      await sleep(5);
      const said = await summaryOf(image);
      then.push({ at: await clock(), said });
    };
    await note();
    const first = (await postExamined(admin, release.signed('qa', image))).body;
    await note();
    await record(image);
    await note();
    await postExamined(admin, release.signed('ci', image));
    await postExamined(admin, release.signed('trivy', image, { key: makeKey() }));
    await note();
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const asked = {
      policy: 'release',
      requirement: 'scanned',
      scope: { digest: image },
      reason: 'r',
      reference: 'T',
      until,
    };
    const { id } = demand(await admin.post('/v1/waivers', asked), 201).body;
    await note();
    demand(await admin.post(`/v1/attestations/${first.id}/revoke`, { reason: 'wrong' }), 200);
    demand(await admin.post(`/v1/waivers/${id}/revoke`, { reason: 'done' }), 200);
    await record(image);
    await note();
    expect(new Set(then.map(({ said }) => JSON.stringify(said))).size).toBe(then.length);
    for (const { at, said } of then) expect(await summaryOf(image, at)).toEqual({ ...said, at });
  });

  it('is exact with a verdict as of that moment', async () => {
    const image = newImage();
    await postExamined(admin, release.signed('qa', image));
    const at = await clock();
    await postExamined(admin, release.signed('ci', image));
    const verdict = demand(await auditor.get(`/v1/images/${image}/verdict?policy=release&at=${at}`), 200).body;
    expect(await summaryOf(image, at)).toMatchObject({ revision: verdict.revisions.evidence, received: 1 });
  });

  it.each(['', 'yesterday', '2026-01-01', '2026-01-01T00:00:00', '2026-02-30T00:00:00Z'])(
    'is refused at %j',
    async (at) => {
      const answer = await auditor.get(`/v1/images/${newImage()}?at=${at}`);
      expectRefused(answer, { status: 400, code: 'request_invalid', paths: ['query.at'] });
    },
  );

  it('is refused where it is still to come, and with what is not known here', async () => {
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
    const early = await auditor.get(`/v1/images/${newImage()}?at=${tomorrow}`);
    expectRefused(early, { status: 400, code: 'request_invalid', paths: ['query.at'] });
    const twice = await auditor.get(`/v1/images/${newImage()}?at=2026-01-01T00:00:00Z&at=2026-01-01T00:00:00Z`);
    expectRefused(twice, { status: 400, code: 'request_invalid', paths: ['query.at'] });
    expectRefused(await auditor.get(`/v1/images/${newImage()}?when=x`), { status: 400, code: 'request_invalid' });
    expectRefused(await auditor.get('/v1/images/x?at=2026-01-01T00:00:00Z'), { status: 400, code: 'digest_malformed' });
  });
});
