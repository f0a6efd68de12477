import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demand, eventually, walk } from '../support/answers.js';
import { apiAs, apiOf, type Api } from '../support/api.js';
import { expectRefused, type Refusal } from '../support/problems.js';
import { approval, PREDICATE_TYPES, provenance, trivyScan } from '../support/predicates.js';
import { newImage, postExamined, publish } from '../support/release.js';
import { envelopeOf, makeKey, statementAbout } from '../support/sign.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const FORMULA = '=HYPERLINK("http://evil.example"),app';

let database: TestDatabase;
let app: TestApp;
let admin: Api;
let auditor: Api;
const keys = { ci: makeKey(), trivy: makeKey('Ed25519'), syft: makeKey(), leads: makeKey('P-384') };
const image = newImage();

/** What docs/search.md asks. */
const questions = [
  ...readFileSync(join(import.meta.dirname, '../../docs/search.md'), 'utf8').matchAll(
    /\$ASSAY_URL(\/v1\/images\?\S+)"/g,
  ),
].map(([, path = '']) => path);

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  admin = apiOf(app);
  auditor = await apiAs(app, { name: 'auditor', roles: ['auditor'] });
  const kinds = { ci: 'build', trivy: 'scan', syft: 'sbom', leads: 'approval' } as const;
  for (const [name, kind] of Object.entries(kinds)) {
    const { publicKey } = keys[name as keyof typeof kinds];
    demand(await admin.put(`/v1/attestors/${name}`, { kinds: [kind], keys: [{ id: 'k1', publicKey }] }), 201);
  }
  await publish(
    admin,
    'production',
    `policy: production
parameters:
  environment: {type: string, default: production}
requirements: [{id: built, kind: build, from: [ci]}]
`,
  );
  const build = provenance({ builder: 'https://ci.example.com/release' });
  const bom = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    components: [{ type: 'library', name: 'left-pad', purl: 'pkg:npm/left-pad@1.3.0' }],
  };
  const evidence = [
    envelopeOf(statementAbout(image, PREDICATE_TYPES.provenance, build, FORMULA), [keys.ci]),
    envelopeOf(statementAbout(image, PREDICATE_TYPES.cosignVuln, trivyScan(new Date(), ['CRITICAL'])), [keys.trivy]),
    envelopeOf(statementAbout(image, 'https://cyclonedx.org/bom', bom), [keys.syft]),
    envelopeOf(statementAbout(image, PREDICATE_TYPES.approval, approval('ann', new Date())), [keys.leads]),
  ];
  for (const envelope of evidence) expect((await postExamined(admin, envelope)).body.status).toBe('verified');
  const asked = { policy: 'production', images: [image], context: { environment: 'staging' } };
  expect(demand(await admin.post('/v1/verdicts', asked), 201).body.items).toMatchObject([{ decision: 'allow' }]);
  demand(await admin.post('/v1/attestors/ci/keys/k1/revoke', { reason: 'compromised' }), 200);
});

afterAll(async () => {
  await app.stop();
  await database.drop();
});

describe('what docs/search.md asks', () => {
  it('is there', () => {
    expect(questions.length).toBeGreaterThanOrEqual(15);
  });

  it.each(questions)('is answered by the image it is about: %s', async (path) => {
    const answer = demand(await auditor.get(path), 200);
    if (path.includes('format=csv')) expect(answer.text).toContain(image);
    else expect(answer.body.items).toMatchObject([{ digest: image }]);
  });
});

describe('an answer', () => {
  it('says why, and up to where it is complete', async () => {
    await eventually(async () => {
      const { body } = demand(
        await auditor.get('/v1/images?commit=c0ffee0000000000000000000000000000000000&policy=production'),
        200,
      );
      expect(body).toMatchObject({ nextCursor: null, leftOut: 0 });
      expect(body.items[0]).toMatchObject({ names: [FORMULA] });
      expect(body.items[0].attestations).toHaveLength(1);
      expect(body.items[0].verdicts).toHaveLength(1);
      expect(body.items[0].firstAt <= body.items[0].lastAt).toBe(true);
      expect(body.completeTo).toBeGreaterThan(10);
      const verdict = demand(await auditor.get(`/v1/verdicts/${body.items[0].verdicts[0]}`), 200).body;
      expect(verdict).toMatchObject({ image: { digest: image } });
    });
  });

  it('comes in pages, each image once, whatever is posted meanwhile', async () => {
    const images = Array.from({ length: 7 }, newImage);
    const post = (each: string) =>
      postExamined(
        admin,
        envelopeOf(statementAbout(each, PREDICATE_TYPES.approval, approval('ben', new Date())), [keys.leads]),
      );
    await Promise.all(images.map(post));
    const walking = walk(auditor, '/v1/images?approver=ben', 2);
    await Promise.all(Array.from({ length: 5 }, newImage).map(post));
    const digests = (await walking).map(({ digest }) => digest as string);
    expect(digests).toEqual([...new Set(digests)].sort());
    expect(digests).toEqual(expect.arrayContaining(images));
  });

  it('is CSV where that is accepted, with a link to the next page', async () => {
    const pages: string[] = [];
    for (let path: string | undefined = '/v1/images?attestor=leads&limit=3'; path !== undefined;) {
      const answer = demand(await auditor.get(path, { accept: 'text/csv' }), 200);
      expect(answer.headers.get('content-type')).toMatch(/^text\/csv/);
      expect(Number(answer.headers.get('assay-complete-to'))).toBeGreaterThan(0);
      pages.push(answer.text);
      path = /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1];
    }
    expect(pages.length).toBeGreaterThan(2);
    for (const page of pages) expect(page).toMatch(/^digest,names,firstAt,lastAt,attestations,verdicts\r\nsha256:/);
    const all = demand(await auditor.get('/v1/images?attestor=leads&limit=1000'), 200).body.items;
    const rows = pages.flatMap((page) => page.split('\r\n').filter((line) => line.startsWith('sha256:')));
    expect(rows.map((row) => row.slice(0, 71))).toEqual(all.map(({ digest }: { digest: string }) => digest));
  });

  it('lets no spreadsheet run what evidence calls an image', async () => {
    const { text } = demand(await auditor.get('/v1/images?attestor=ci&format=csv'), 200);
    expect(text).toContain(`,"'=HYPERLINK(""http://evil.example""),app",`);
  });
});

describe('a search that is not understood', () => {
  const unread = (...paths: readonly string[]): Refusal => ({ status: 400, code: 'request_invalid', paths });
  const missing: Refusal = { status: 400, code: 'search_filter_missing', paths: ['query'] };
  const cursor: Refusal = { status: 400, code: 'cursor_invalid' };

  it.each<readonly [string, string, Refusal]>([
    ['nothing', '', missing],
    ['a period alone', 'since=2026-01-01T00:00:00Z', missing],
    ['a limit alone', 'limit=5', missing],
    ['a decision alone', 'decision=allow', unread('query.decision')],
    ['a filter that is not known', 'commmit=1', unread('query')],
    ['an empty filter', 'builder=', unread('query.builder')],
    ['a filter twice', 'builder=a&builder=b', unread('query.builder')],
    ['U+0000', 'builder=a%00b', { status: 400, code: 'request_invalid' }],
    ['half a commit', 'commit=c0ffee', unread('query.commit')],
    ['no package URL', 'component=left-pad', unread('query.component')],
    ['a package URL with qualifiers', 'component=pkg:deb/debian/openssl%3Farch=amd64', unread('query.component')],
    ['an unheard-of severity', 'severity=terrible', unread('query.severity')],
    ['dates upside down', 'builder=a&since=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z', unread('query.until')],
    ['a date that is none', 'builder=a&since=yesterday', unread('query.since')],
    ['a gigantic limit', 'builder=a&limit=1000000', { status: 400, code: 'limit_invalid', paths: ['query.limit'] }],
    ['a limit of 0', 'builder=a&limit=0', { status: 400, code: 'limit_invalid', paths: ['query.limit'] }],
    ['a cursor that is none', 'builder=a&cursor=x', cursor],
    ['a cursor of another list', `builder=a&cursor=${Buffer.from('[1,"history",7]').toString('base64url')}`, cursor],
    ['a cursor made up', `builder=a&cursor=${Buffer.from('[1,"images","x"]').toString('base64url')}`, cursor],
    ['an attestor nobody knows', 'attestor=nobody', { status: 404, code: 'attestor_not_found' }],
    ['a key nobody knows', 'key=ci/k9', { status: 404, code: 'key_not_found' }],
    ['a key id without its attestor', 'key=k1', unread('query.key')],
    ['a policy nobody knows', 'policy=productoin', { status: 404, code: 'policy_not_found' }],
    ['such a policy beside what finds much', 'attestor=leads&policy=nope', { status: 404, code: 'policy_not_found' }],
    ['such a policy as CSV', 'policy=nope&format=csv', { status: 404, code: 'policy_not_found' }],
    ['half a thumbprint', 'key=sha256:abcd', unread('query.key')],
    ['a key of an attestor nobody knows', 'revoking=nobody/k1', { status: 404, code: 'attestor_not_found' }],
    ['a revoked key nobody knows', 'allowedWhileBad=ci/k9', { status: 404, code: 'key_not_found' }],
    ['an identity without its attestor', 'identity=release', unread('query.identity')],
    ['an identity nobody knows', 'attestor=ci&identity=release', { status: 404, code: 'identity_not_found' }],
    ['a bad time of a key that is not revoked', 'allowedWhileBad=leads/k1', { status: 409, code: 'key_not_revoked' }],
    ['another form', 'builder=a&format=xml', unread('query.format')],
  ])('%s', async (_name, query, refusal) => {
    expectRefused(await auditor.get(`/v1/images?${query}`), refusal);
  });

  it('is not answered to those who may not read everything', async () => {
    const attester = await apiAs(app, { name: 'ci', roles: ['attester'] });
    expectRefused(await attester.get('/v1/images?builder=a'), { status: 403, code: 'role_missing' });
  });
});

describe('a search by what is no longer there, or was never asked', () => {
  it('is answered: by an attestor and its keys that were deleted, and a policy that says another thing by now', async () => {
    const [gone, key] = [newImage(), makeKey()];
    const keys = [{ id: 'k1', publicKey: key.publicKey }];
    demand(await admin.put('/v1/attestors/gone', { kinds: ['approval'], keys }), 201);
    const policy = (from: string): string =>
      `policy: moving\nrequirements: [{id: approved, kind: approval, from: [${from}]}]\n`;
    await publish(admin, 'moving', policy('gone'));
    const approved = statementAbout(gone, PREDICATE_TYPES.approval, approval('cyd', new Date()));
    await postExamined(admin, envelopeOf(approved, [key]));
    demand(await admin.post('/v1/verdicts', { policy: 'moving', images: [gone] }), 201);
    demand(await admin.delete('/v1/attestors/gone'), 204);
    await publish(admin, 'moving', policy('leads'));
    for (const query of ['attestor=gone', 'key=gone/k1', 'revoking=gone/k1', 'policy=moving']) {
      expect(demand(await auditor.get(`/v1/images?${query}`), 200).body.items).toMatchObject([{ digest: gone }]);
    }
  });

  it('finds nothing by a policy that nobody was asked about', async () => {
    await publish(admin, 'fresh', 'policy: fresh\nrequirements: [{id: built, kind: build, from: [ci]}]\n');
    expect(demand(await auditor.get('/v1/images?policy=fresh'), 200).body.items).toEqual([]);
  });
});

describe('a search that takes too long', () => {
  it('is told to come back, and answered when what held it up is over', async () => {
    const owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    await owner.query('begin');
    await owner.query('lock table search_evidence in access exclusive mode');
    const path = '/v1/images?builder=https://ci.example.com/release';
    const began = performance.now();
    const refused = await auditor.get(path);
    expectRefused(refused, { status: 503, code: 'overloaded' });
    expect(refused.headers.get('retry-after')).toBe('10');
    expect(refused.body.detail).toContain('name something rarer');
    expect(performance.now() - began).toBeLessThan(15_000);
    await owner.query('rollback');
    await owner.end();
    expect(demand(await auditor.get(path), 200).body.items).toMatchObject([{ digest: image }]);
  });
});
