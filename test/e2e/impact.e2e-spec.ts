import { request } from 'node:http';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demand, eventually, whileUnderWay } from '../support/answers.js';
import { apiAs, apiOf, type Answer, type Api } from '../support/api.js';
import { expectRefused } from '../support/problems.js';
import {
  newImage,
  postExamined,
  prepareRelease,
  publish,
  RELEASE_POLICY,
  verdictOn,
  type Attestor,
  type Release,
} from '../support/release.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const YAML = { 'content-type': 'application/yaml' };
const REPOSITORY = 'registry.example.com/acme/app';

let database: TestDatabase;
let app: TestApp;
let admin: Api;
let release: Release;
/** Wholly proved; without an approval; without anything. */
let proved: string;
let unapproved: string;
let bare: string;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  admin = apiOf(app);
  release = await prepareRelease(admin);
  [proved, unapproved, bare] = [newImage(), newImage(), newImage()];
  await say(proved, ['ci', 'trivy', 'qa', 'leads']);
  await say(unapproved, ['ci', 'trivy', 'qa']);
  for (const image of [proved, unapproved, bare]) await verdictOn(admin, image);
  await verdictOn(admin, proved, `policy=release&repository=${REPOSITORY}`);
});

afterAll(async () => {
  await app.stop();
  await database.drop();
});

async function say(image: string, by: readonly Attestor[]): Promise<void> {
  await Promise.all(by.map((attestor) => postExamined(admin, release.signed(attestor, image))));
}

interface Impact {
  readonly flips: readonly Answer['body'][];
  readonly progress: readonly { readonly looked: number; readonly of: number }[];
  readonly summary: Answer['body'];
}

async function impactOf(name: string, yaml: string, query = ''): Promise<Impact> {
  const answer = demand(await admin.post(`/v1/policies/${name}/impact${query}`, yaml, YAML), 200);
  expect(answer.headers.get('content-type')).toMatch(/^application\/jsonl\b/);
  const lines: readonly Answer['body'][] = answer.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const { summary } = lines.at(-1);
  return {
    flips: lines.filter((line) => 'image' in line),
    progress: lines.flatMap((line) => ('progress' in line ? [line.progress] : [])),
    summary,
  };
}

const without = (id: string): string =>
  RELEASE_POLICY.split('\n')
    .filter((line) => !line.includes(`id: ${id}`))
    .join('\n');

describe('the impact of a policy', () => {
  it('is none where the document says the same', async () => {
    const { flips, progress, summary } = await impactOf('release', RELEASE_POLICY);
    expect(flips).toEqual([]);
    expect(progress[0]).toEqual({ looked: 0, of: 3 });
    expect(progress.at(-1)).toEqual({ looked: 3, of: 3 });
    expect(summary).toMatchObject({
      current: { revision: 1, mode: 'enforce' },
      candidate: { mode: 'enforce' },
      looked: 3,
      asked: 4,
      notAsked: 0,
      flips: 0,
      errors: 0,
      byRequirement: {},
    });
    expect(summary.candidate.digest).toBe(summary.current.digest);
  });

  it('names what would be allowed, and by which requirement it is denied', async () => {
    const { flips, summary } = await impactOf('release', without('approved'));
    expect(flips).toEqual([
      { image: unapproved, repository: null, parameters: {}, from: 'deny', to: 'allow', requirements: ['approved'] },
    ]);
    expect(summary).toMatchObject({
      flips: 1,
      toAllow: 1,
      toDeny: 0,
      byRequirement: { approved: { toAllow: 1, toDeny: 0 } },
    });
  });

  it('names what would be denied, question by question, and agrees with the verdicts once it is published', async () => {
    const stricter = `${RELEASE_POLICY}  - {id: twice, kind: approval, from: [leads], count: 2}\n`;
    const { flips, summary } = await impactOf('release', stricter);
    expect(flips).toMatchObject([
      { image: proved, repository: null, from: 'allow', to: 'deny', requirements: ['twice'] },
      { image: proved, repository: REPOSITORY, from: 'allow', to: 'deny', requirements: ['twice'] },
    ]);
    expect(summary.byRequirement).toEqual({ twice: { toDeny: 2, toAllow: 0 } });
    expect((await verdictOn(admin, proved)).policy.revision).toBe(1);
    const named = stricter.replace('policy: release', 'policy: stricter');
    await publish(admin, 'stricter', named);
    expect((await verdictOn(admin, proved, 'policy=stricter')).decision).toBe('deny');
  });

  it('puts nothing on record', async () => {
    const count = async (): Promise<number> =>
      demand(await admin.get('/v1/verdicts?limit=1000'), 200).body.items.length;
    const before = await count();
    await impactOf('release', without('approved'));
    expect(await count()).toBe(before);
  });

  it('asks images that nobody asked about as the query says', async () => {
    const placed = (requirements: string): string =>
      `policy: placed\nparameters: {region: {type: string, required: true, oneOf: [eu, us]}}\nrequirements: ${requirements}\n`;
    await publish(admin, 'placed', placed('[{id: here, check: \'params.region == "eu"\'}]'));
    const candidate = placed('[{id: there, check: \'params.region == "us"\'}]');
    const silent = await impactOf('placed', candidate);
    expect(silent.summary).toMatchObject({ asked: 0, flips: 0 });
    expect(silent.summary.notAsked).toBe(silent.summary.looked);
    const { flips, summary } = await impactOf('placed', candidate, `?param.region=eu&repository=${REPOSITORY}`);
    expect(summary).toMatchObject({ notAsked: 0, flips: summary.looked, byRequirement: { there: { toAllow: 0 } } });
    expect(flips[0]).toMatchObject({ repository: REPOSITORY, parameters: { region: 'eu' }, from: 'allow', to: 'deny' });
    const path = '/v1/policies/placed/impact';
    const wrong = { status: 400, code: 'parameter_invalid' };
    expectRefused(await admin.post(`${path}?param.region=moon`, candidate, YAML), wrong);
    expectRefused(await admin.post(`${path}?param.planet=moon`, candidate, YAML), wrong);
  });

  it('says which questions would be refused, unless what they lack is given', async () => {
    await publish(admin, 'open', "policy: open\nrequirements: [{id: sure, check: 'true'}]\n");
    await verdictOn(admin, proved, 'policy=open');
    const asking = `policy: open
parameters: {region: {type: string, required: true}}
requirements: [{id: sure, check: 'true'}]
`;
    const { flips, summary } = await impactOf('open', asking);
    expect(flips).toEqual([
      {
        image: proved,
        repository: null,
        parameters: {},
        from: 'allow',
        to: null,
        requirements: [],
        code: 'parameter_invalid',
      },
    ]);
    expect(summary).toMatchObject({ toRefused: 1, flips: 1 });
    expect((await impactOf('open', asking, '?param.region=eu')).flips).toEqual([]);
  });

  it('counts what cannot be evaluated, as the denial that it is', async () => {
    await publish(admin, 'checked', "policy: checked\nrequirements: [{id: sure, check: 'true'}]\n");
    await verdictOn(admin, proved, 'policy=checked');
    const failing = "policy: checked\nrequirements: [{id: sure, check: '1 / 0 == 1'}]\n";
    const { summary } = await impactOf('checked', failing);
    expect(summary.errors).toBe(summary.asked);
    expect(summary.toDeny).toBe(summary.asked);
  });

  it('is refused like the publication of the document, before anything is answered', async () => {
    const post = (name: string, text: string, query = ''): Promise<Answer> =>
      admin.post(`/v1/policies/${name}/impact${query}`, text, YAML);
    const malformed = RELEASE_POLICY.replace('kind: build', 'kind: bulid');
    const [impact, put] = [await post('release', malformed), await admin.put('/v1/policies/release', malformed, YAML)];
    expectRefused(impact, { status: 400, code: 'policy_malformed' });
    expect(impact.body.errors).toEqual(put.body.errors);
    expectRefused(await post('other', RELEASE_POLICY), { status: 400, code: 'policy_name_mismatch' });
    const unknown = RELEASE_POLICY.replace('policy: release', 'policy: unknown');
    expectRefused(await post('unknown', unknown), { status: 404, code: 'policy_not_found' });
    expectRefused(await post('release', RELEASE_POLICY, '?region=eu'), { status: 400, code: 'request_invalid' });
    expectRefused(await post('release', RELEASE_POLICY, '?repository=A'), {
      status: 400,
      code: 'repository_malformed',
    });
    const auditor = await apiAs(app, { roles: ['auditor'] });
    expectRefused(await auditor.post('/v1/policies/release/impact', RELEASE_POLICY, YAML), {
      status: 403,
      code: 'role_missing',
    });
  });
});

describe('the impact on many images', () => {
  const MANY = 3_000;

  beforeAll(async () => {
    const client = new pg.Client({ connectionString: database.ownerUrl });
    await client.connect();
    try {
      await client.query(
        `insert into subject_receipts (subject, received)
         select 'sha256:' || encode(sha256(n::text::bytea), 'hex'), 1 from generate_series(1, ${MANY}) n`,
      );
    } finally {
      await client.end();
    }
  });

  it('looks at each once, while gates are answered', async () => {
    let answered = 0;
    const { summary } = await whileUnderWay(impactOf('release', without('approved')), async () => {
      await verdictOn(admin, proved);
      answered += 1;
    });
    expect(answered).toBeGreaterThan(10);
    expect(summary.looked).toBe(MANY + 3);
    expect(summary.asked).toBe(MANY + 4);
  });

  it('ends where its reader goes away, so that others are let in', async () => {
    for (let times = 0; times < 6; times += 1) {
      await eventually(async () => {
        expect(await statusBeforeLeaving()).toBe(200);
      });
    }
  });
});

/** The status with which an answer begins, of which nothing further is awaited. */
function statusBeforeLeaving(): Promise<number | undefined> {
  const headers = { ...YAML, authorization: `Bearer ${app.adminToken}` };
  const url = new URL('/v1/policies/release/impact', app.url);
  return new Promise((resolve, reject) => {
    const asking = request(url, { method: 'POST', headers, agent: false }, (response) => {
      asking.destroy();
      resolve(response.statusCode);
    });
    asking.on('error', reject);
    asking.end(without('approved'));
  });
}
