import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/intoto/digest.js';
import type { TimelinePage } from '../../src/policy/timeline.answer.js';
import { demand } from '../support/answers.js';
import { apiAs, apiOf, type Answer, type Api } from '../support/api.js';
import { ApiContract } from '../support/api-contract.js';
import { expectRefused } from '../support/problems.js';
import { approval, PREDICATE_TYPES, provenance, testResult } from '../support/predicates.js';
import { newImage, postExamined, publish } from '../support/release.js';
import { envelopeOf, makeKey, statementAbout, type TestKey } from '../support/sign.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

type Item = TimelinePage['items'][number];

let database: TestDatabase;
let app: TestApp;
let admin: Api;
let gate: Api;
let auditor: Api;
let contract: ApiContract;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  admin = apiOf(app);
  gate = await apiAs(app, { name: 'gate', roles: ['gate'] });
  auditor = await apiAs(app, { name: 'auditor', roles: ['auditor'] });
  contract = new ApiContract(demand(await apiOf(app, null).get('/openapi.yaml'), 200).text);
});

afterAll(async () => {
  await app.stop();
  await database.drop();
});

const INDEX_TYPE = { 'content-type': 'application/vnd.oci.image.index.v1+json' };

let cases = 0;

interface Case {
  readonly name: string;
  readonly image: string;
  readonly repository: string;
  readonly key: TestKey;
}

/** An attestor with one key and a policy of one requirement, each of its own. */
async function newCase(): Promise<Case> {
  const name = `case-${(cases += 1)}`;
  const key = makeKey();
  const keys = [{ id: 'k1', publicKey: key.publicKey }];
  demand(await admin.put(`/v1/attestors/${name}`, { kinds: ['test'], keys }), 201);
  await publish(admin, name, policyOf(name));
  return { name, image: newImage(), repository: `registry.example.com/${name}`, key };
}

const policyOf = (name: string, extra = ''): string =>
  `policy: ${name}\nrequirements: [{id: tested, kind: test, from: [${name}]${extra}}]\n`;

async function tested({ image, key }: Case, result = 'PASSED'): Promise<Answer['body']> {
  const statement = statementAbout(image, PREDICATE_TYPES.testResult, testResult(result, { run: (cases += 1) }));
  return (await postExamined(admin, envelopeOf(statement, [key]))).body;
}

async function asked({ name, image, repository }: Case): Promise<Answer['body']> {
  await sleep(2);
  const images = [`${repository}@${image}`];
  return demand(await gate.post('/v1/verdicts', { policy: name, images }), 201).body.items[0];
}

async function page(image: string, query = 'limit=1000'): Promise<TimelinePage> {
  const answer = demand(await auditor.get(`/v1/images/${image}/history?${query}`), 200);
  expect(contract.faultOf('GET /v1/images/{digest}/history', answer)).toBeNull();
  return answer.body;
}

/** The whole timeline, when all that was done is placed. */
async function timeline(image: string): Promise<readonly Item[]> {
  for (let before = -1; ;) {
    await sleep(600);
    const { items, completeTo } = await page(image);
    if (completeTo === before) return items;
    before = completeTo;
  }
}

const typesOf = (items: readonly Item[]): string[] => items.map(({ type }) => type);
const causesOf = (item: Item | undefined): (readonly [string, string])[] =>
  (item?.flip?.causes ?? []).map(({ of, summary }) => [of, summary] as const);

describe('the timeline of an image', () => {
  it('holds in one stream what was posted, asked and answered, waived and revoked, and marks what changed the verdict', async () => {
    const each = await newCase();
    const { name, image, repository } = each;
    const other = await newCase();
    await tested(other);
    await asked(each);
    const { id } = await tested(each);
    await asked(each);
    demand(await admin.post(`/v1/attestations/${id}/revoke`, { reason: 'the runner was not ours' }), 200);
    await asked(each);
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const waiver = { policy: name, requirement: 'tested', scope: { repository }, reason: 'r', reference: 'T-1', until };
    const made = demand(await admin.post('/v1/waivers', waiver), 201).body;
    await asked(each);
    demand(await admin.post(`/v1/waivers/${made.id}/revoke`, { reason: 'over' }), 200);
    await asked(each);
    await tested(each);
    await asked(each);
    await publish(admin, name, policyOf(name, ', count: 2'));
    await asked(each);
    await publish(admin, name, policyOf(name));
    await asked(each);
    demand(await admin.post(`/v1/attestors/${name}/keys/k1/revoke`, { reason: 'compromised' }), 200);
    await asked(each);
    demand(await admin.delete(`/v1/attestors/${name}`), 204);
    await asked(each);

    const items = await timeline(image);
    expect(typesOf(items)).toEqual([
      'attestor.created',
      'policy.changed',
      'verdict.recorded',
      'attestation.received',
      'attestation.verified',
      'verdict.recorded',
      'attestation.revoked',
      'verdict.recorded',
      'waiver.created',
      'verdict.recorded',
      'waiver.revoked',
      'verdict.recorded',
      'attestation.received',
      'attestation.verified',
      'verdict.recorded',
      'policy.changed',
      'verdict.recorded',
      'policy.changed',
      'verdict.recorded',
      'key.revoked',
      'verdict.recorded',
      'attestor.deleted',
      'verdict.recorded',
    ]);
    const verdicts = items.filter(({ type }) => type === 'verdict.recorded');
    expect(verdicts.map(({ data }) => data.decision)).toEqual([
      'deny',
      'allow',
      'deny',
      'allow',
      'deny',
      'allow',
      'deny',
      'allow',
      'deny',
      'deny',
    ]);
    expect(verdicts.map(causesOf)).toEqual([
      [],
      [['evidence', `a test was verified, signed by ${name}/k1`]],
      [['trust', 'what a test says was revoked: the runner was not ours']],
      [['waiver', `a waiver of requirement tested of policy ${name} was made`]],
      [['waiver', `a waiver under policy ${name} was revoked: over`]],
      [['evidence', `a test was verified, signed by ${name}/k1`]],
      [['policy', `policy ${name} became revision 2`]],
      [['policy', `policy ${name} became revision 3`]],
      [['trust', `key k1 of attestor ${name} was revoked as compromised`]],
      [],
    ]);
    expect(verdicts.map(({ flip }) => flip?.from ?? null)).toEqual([
      null,
      'deny',
      'allow',
      'deny',
      'allow',
      'deny',
      'allow',
      'deny',
      'allow',
      null,
    ]);
    for (const [place, { flip }] of verdicts.entries()) {
      if (flip !== null) expect(flip.former).toBe(verdicts[place - 1]?.data.verdict);
      for (const { sequence } of flip?.causes ?? []) {
        expect(items.find((item) => item.sequence === sequence)?.summary).toBe(
          flip?.causes.find((cause) => cause.sequence === sequence)?.summary,
        );
      }
    }
    expect(verdicts[1]?.summary).toBe(`allow by policy ${name}, revision 1; before it was deny`);
    expect(items[0]?.summary).toBe(`attestor ${name} was registered`);
  });

  it('names only changes of trust that the policy of the verdict could notice', async () => {
    const [each, other] = [await newCase(), await newCase()];
    const { name, image } = each;
    await tested(each);
    // What another attestor says of the same image is not asked for.
    await tested({ ...other, image });
    await asked(each);
    const keys = (of: Case): object => [{ id: 'k1', publicKey: of.key.publicKey }];
    const narrowed = { kinds: ['test'], repositories: ['elsewhere/*'] };
    demand(await admin.put(`/v1/attestors/${other.name}`, { ...narrowed, keys: keys(other) }), 200);
    demand(await admin.put(`/v1/attestors/${name}`, { ...narrowed, keys: keys(each) }), 200);
    demand(await admin.post(`/v1/attestors/${other.name}/keys/k1/revoke`, { reason: 'compromised' }), 200);
    await asked(each);
    demand(await admin.delete(`/v1/attestors/${other.name}`), 204);
    demand(await admin.put(`/v1/attestors/${name}`, { kinds: ['test'], keys: keys(each) }), 200);
    await asked(each);
    demand(await admin.delete(`/v1/attestors/${name}`), 204);
    await asked(each);
    const items = await timeline(image);
    expect(items.filter(({ type }) => type === 'verdict.recorded').map(causesOf)).toEqual([
      [],
      [['trust', `attestor ${name} was changed`]],
      [['trust', `attestor ${name} was changed`]],
      [['trust', `attestor ${name} was deleted`]],
    ]);
    // They touch the image all the same.
    expect(typesOf(items).filter((type) => type.startsWith('attestor.') || type === 'key.revoked')).toHaveLength(8);
  });

  it('names an attestor that the policy does not name, where it says that two approvers are one person', async () => {
    const [one, two] = [makeKey(), makeKey()];
    const [image, repository] = [newImage(), 'registry.example.com/approved'];
    const attestor = (...keys: readonly object[]): object => ({ kinds: ['approval'], keys });
    const first = { id: 'k1', publicKey: one.publicKey };
    const second = { id: 'k2', publicKey: two.publicKey };
    demand(await admin.put('/v1/attestors/leads', attestor(first, second)), 201);
    demand(await admin.put('/v1/attestors/staff', attestor(first, second)), 201);
    await publish(
      admin,
      'approved',
      'policy: approved\nrequirements: [{id: approved, kind: approval, from: [leads], count: 2}]\n',
    );
    for (const [id, key] of Object.entries({ ann: one, ben: two })) {
      const statement = statementAbout(image, PREDICATE_TYPES.approval, approval(id, new Date()));
      await postExamined(admin, envelopeOf(statement, [key]));
    }
    const each = { name: 'approved', image, repository, key: one };
    await asked(each);
    const persons = [first, second].map((key) => ({ ...key, person: 'ann@example.com' }));
    demand(await admin.put('/v1/attestors/staff', attestor(...persons)), 200);
    demand(await admin.put('/v1/attestors/staff', { ...attestor(...persons), description: 'known by name' }), 200);
    await asked(each);
    const last = (await timeline(image)).at(-1);
    expect(last?.flip).toMatchObject({ from: 'allow', to: 'deny' });
    expect(causesOf(last)).toEqual([['trust', 'attestor staff was changed']]);
  });

  it('names whoever ties two approvers by a key that signed nothing, and nobody who speaks of others alone', async () => {
    const [one, two, third] = [makeKey(), makeKey(), makeKey()];
    const [image, repository] = [newImage(), 'registry.example.com/tied'];
    const attestor = (...keys: readonly object[]): object => ({ kinds: ['approval'], keys });
    const holding = (key: TestKey, person: string): object => ({ id: `k-${person}`, publicKey: key.publicKey, person });
    demand(await admin.put('/v1/attestors/seniors', attestor(holding(one, 'cat'), holding(two, 'dan'))), 201);
    demand(await admin.put('/v1/attestors/hold', attestor({ id: 'k1', publicKey: one.publicKey })), 201);
    await publish(admin, 'tied', 'policy: tied\nrequirements: [{id: a, kind: approval, from: [seniors], count: 2}]\n');
    for (const [id, key] of Object.entries({ cat: one, dan: two })) {
      const statement = statementAbout(image, PREDICATE_TYPES.approval, approval(id, new Date()));
      await postExamined(admin, envelopeOf(statement, [key]));
    }
    const each = { name: 'tied', image, repository, key: one };
    await asked(each);
    demand(await admin.put('/v1/attestors/hr-one', { kinds: ['test'], keys: [holding(third, 'cat')] }), 201);
    const unrelated = [{ id: 'k1', publicKey: one.publicKey }, holding(makeKey(), 'zed')];
    demand(await admin.put('/v1/attestors/hold', attestor(...unrelated)), 200);
    demand(await admin.put('/v1/attestors/hr-two', { kinds: ['test'], keys: [holding(third, 'dan')] }), 201);
    await asked(each);
    const items = await timeline(image);
    const last = items.at(-1);
    expect(last?.flip).toMatchObject({ from: 'allow', to: 'deny' });
    expect(causesOf(last)).toEqual([['trust', 'attestor hr-two was registered']]);
    // It is in the stream as well.
    expect(items.filter(({ type, data }) => type.startsWith('attestor.') && data.attestor === 'hr-two')).toHaveLength(
      1,
    );
  });

  it('keeps questions apart: another repository is another question, and break-glass answers none', async () => {
    const each = await newCase();
    await asked(each);
    await tested(each);
    await asked({ ...each, repository: 'registry.example.com/elsewhere' });
    await publish(admin, each.name, policyOf(each.name, ', count: 3'));
    demand(
      await admin.post('/v1/verdicts', {
        policy: each.name,
        images: [`${each.repository}@${each.image}`],
        breakGlass: { justification: 'the house is on fire' },
      }),
      201,
    );
    await asked(each);
    const items = await timeline(each.image);
    expect(items.every(({ flip }) => flip === null)).toBe(true);
    expect(items.find(({ type }) => type === 'verdict.break_glass')?.summary).toBe(
      `allowed by break-glass under policy ${each.name}: the house is on fire`,
    );
  });

  it('names time where nothing else happened', async () => {
    const each = await newCase();
    await publish(admin, each.name, policyOf(each.name, ', maxAge: 1s'));
    await tested(each);
    await asked(each);
    await sleep(1_200);
    await asked(each);
    const last = (await timeline(each.image)).at(-1);
    expect(last?.flip).toMatchObject({ from: 'allow', to: 'deny', causes: [{ of: 'time', sequence: null }] });
  });

  it('names evidence that objects', async () => {
    const each = await newCase();
    await tested(each);
    await asked(each);
    await tested(each, 'FAILED');
    await asked(each);
    const last = (await timeline(each.image)).at(-1);
    expect(causesOf(last)).toEqual([['evidence', `a test was verified, signed by ${each.name}/k1`]]);
  });

  it('has the evidence about the commit that the image was built from, where a policy asks for it', async () => {
    const each = await newCase();
    const { name, image, key } = each;
    const commit = '1'.repeat(40);
    const keys = [{ id: 'k1', publicKey: key.publicKey }];
    demand(await admin.put(`/v1/attestors/${name}`, { kinds: ['test', 'build'], keys }), 200);
    const document = `policy: ${name}
requirements:
  - {id: built, kind: build, from: [${name}]}
  - {id: tested, kind: test, from: [${name}], of: source}
`;
    await publish(admin, name, document);
    const built = envelopeOf(statementAbout(image, PREDICATE_TYPES.provenance, provenance({ commit })), [key]);
    await postExamined(admin, built);
    await asked(each);
    await tested({ ...each, image: `gitCommit:${commit}` });
    await asked(each);
    const items = await timeline(image);
    const aboutCommit = items.filter(({ related }) => related !== null);
    expect(aboutCommit.map(({ type, related }) => [type, related])).toEqual([
      ['attestation.received', `gitCommit:${commit}`],
      ['attestation.verified', `gitCommit:${commit}`],
    ]);
    expect(items.at(-1)?.flip?.causes.map(({ sequence }) => sequence)).toEqual([aboutCommit[1]?.sequence]);
  });

  it('begins with the policy as it was first asked under, and has nothing of policies never asked', async () => {
    const each = await newCase();
    await publish(admin, each.name, policyOf(each.name, ', count: 2'));
    await asked(each);
    await publish(admin, each.name, policyOf(each.name, ', count: 3'));
    const items = await timeline(each.image);
    expect(items.map(({ type, data }) => [type, data.revision])).toEqual([
      ['policy.changed', 2],
      ['verdict.recorded', 2],
      ['policy.changed', 3],
    ]);
  });

  it('has the indexes that list it', async () => {
    const image = newImage();
    const manifest = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: image, size: 100 };
    const index = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.index.v1+json',
        manifests: [{ ...manifest, platform: { os: 'linux', architecture: 'amd64' } }],
      }),
    );
    const { createHash } = await import('node:crypto');
    const digest = `sha256:${createHash('sha256').update(index).digest('hex')}`;
    demand(await admin.post(`/v1/images/${digest}/manifests`, index), 201);
    for (const about of [image, digest]) {
      expect((await timeline(about)).map(({ type, image: of, summary }) => [type, of, summary])).toEqual([
        ['image.related', digest, 'an index of 1 manifests was put on record'],
      ]);
    }
    const body = demand(await auditor.get(`/v1/images/${image}`), 200).body;
    expect(body).toMatchObject({ indexes: [digest], manifests: [] });
    expect(demand(await auditor.get(`/v1/images/${digest}`), 200).body).toMatchObject({ manifests: [image] });
  });

  it('names the index that was posted, where a policy looks at that', async () => {
    const each = await newCase();
    await publish(admin, each.name, policyOf(each.name, ', via: index'));
    const manifest = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: each.image, size: 500 };
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [manifest] }));
    const index = sha256(bytes);
    await tested({ ...each, image: index });
    await asked(each);
    demand(await admin.post(`/v1/images/${index}/manifests`, bytes, INDEX_TYPE), 201);
    await asked(each);
    const [, allowed] = (await timeline(each.image)).filter(({ type }) => type === 'verdict.recorded');
    expect(allowed?.flip).toMatchObject({ from: 'deny', to: 'allow' });
    expect(causesOf(allowed)).toContainEqual(['index', 'an index of 1 manifests was put on record']);
  });

  it('is read in pages, filtered by type, actor and time', async () => {
    const each = await newCase();
    await asked(each);
    await tested(each);
    await asked(each);
    const whole = await timeline(each.image);
    const read: Item[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const part: TimelinePage = await page(each.image, cursor === '' ? 'limit=2' : `limit=2&cursor=${cursor}`);
      read.push(...part.items);
      cursor = part.nextCursor;
    }
    expect(read).toEqual(whole);
    const verdicts = await page(each.image, 'type=verdict.recorded');
    expect(verdicts.items).toEqual(whole.filter(({ type }) => type === 'verdict.recorded'));
    expect((await page(each.image, 'actor=service')).items).toHaveLength(1);
    const since = encodeURIComponent(whole[3]!.at);
    expect((await page(each.image, `since=${since}`)).items.length).toBeLessThan(whole.length);
  });

  it('is for auditors, of images by sha256', async () => {
    expectRefused(await gate.get(`/v1/images/${newImage()}/history`), { status: 403, code: 'role_missing' });
    expectRefused(await auditor.get('/v1/images/latest/history'), { status: 400, code: 'digest_malformed' });
    const twice = await auditor.get(`/v1/images/${newImage()}/history?digest=${newImage()}`);
    expectRefused(twice, { status: 400, code: 'request_invalid', paths: ['query'] });
    const after = await auditor.get(`/v1/images/${newImage()}/history?wait=1`);
    expectRefused(after, { status: 400, code: 'request_invalid' });
    expect(await page(newImage())).toMatchObject({ items: [], nextCursor: null });
  });
});
