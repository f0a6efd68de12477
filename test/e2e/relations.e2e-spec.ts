import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/intoto/digest.js';
import { demand, eventually, walk } from '../support/answers.js';
import { apiAs, apiOf, type Answer, type Api } from '../support/api.js';
import { PREDICATE_TYPES, provenance, trivyScan } from '../support/predicates.js';
import { newImage, postExamined, publish } from '../support/release.js';
import { envelopeOf, makeKey, statementAbout, type TestKey } from '../support/sign.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let app: TestApp;
let admin: Api;
let pipeline: Api;
let auditor: Api;
let gate: Api;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  admin = apiOf(app);
  pipeline = await apiAs(app, { name: 'pipeline', roles: ['attester'] });
  auditor = await apiAs(app, { name: 'auditor', roles: ['auditor'] });
  gate = await apiAs(app, { name: 'gate', roles: ['gate'] });
});

afterAll(async () => {
  await app.stop();
  await database.drop();
});

interface Index {
  readonly digest: string;
  readonly bytes: Buffer;
  readonly path: string;
}

function indexOf(manifests: readonly object[], rest: object = {}): Index {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests, ...rest }, null, 3));
  const digest = sha256(bytes);
  return { digest, bytes, path: `/v1/images/${digest}/manifests` };
}

function manifest(digest: string, rest: object = {}): object {
  const platform = { os: 'linux', architecture: 'arm64', variant: 'v8' };
  return { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 500, platform, ...rest };
}

async function revisionOf(image: string): Promise<number> {
  return demand(await auditor.get(`/v1/images/${image}`), 200).body.revision;
}

const TYPE = { 'content-type': 'application/vnd.oci.image.index.v1+json' };

describe('an index', () => {
  it('goes on record with its manifests once, and is no evidence about the images concerned', async () => {
    const [image, attestation] = [newImage(), newImage()];
    const notRun = { platform: { os: 'unknown', architecture: 'unknown' } };
    const { digest, bytes, path } = indexOf([manifest(image), manifest(attestation, notRun)]);
    const answer = {
      digest,
      manifests: [
        { digest: image, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' }, runnable: true },
        { digest: attestation, platform: { os: 'unknown', architecture: 'unknown', variant: null }, runnable: false },
      ],
    };
    const posted = await Promise.all(Array.from({ length: 5 }, () => pipeline.post(path, bytes, TYPE)));
    expect(posted.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 201]);
    for (const { body } of posted) expect(body).toMatchObject(answer);
    expect(demand(await auditor.get(path), 200).body).toMatchObject(answer);
    for (const each of [digest, image, attestation]) expect(await revisionOf(each)).toBe(0);
    await eventually(async () => {
      const told = await walk(auditor, `/v1/history?digest=${digest}&type=image.related`, 10);
      expect(told).toMatchObject([
        { actor: expect.stringMatching(/^token:pipeline#/), data: { manifests: 2, size: bytes.length } },
      ]);
    });
  });

  it('shares manifests with others, posted at once in whatever order they list them', async () => {
    const images = Array.from({ length: 20 }, newImage);
    const indexes = Array.from({ length: 6 }, (_, turn) =>
      indexOf([...images.slice(turn), ...images.slice(0, turn)].map((image) => manifest(image))),
    );
    await Promise.all(indexes.map(async ({ path, bytes }) => demand(await pipeline.post(path, bytes, TYPE), 201)));
    const listed = await Promise.all(
      indexes.map(async ({ path }) => demand(await auditor.get(path), 200).body.manifests),
    );
    expect(listed.map((manifests) => manifests.length)).toEqual(Array(6).fill(20));
  });

  it('may be empty', async () => {
    const { path, bytes } = indexOf([]);
    demand(await pipeline.post(path, bytes, TYPE), 201);
    expect(demand(await auditor.get(path), 200).body.manifests).toEqual([]);
  });

  it('is refused where its bytes are not those of the digest', async () => {
    const { bytes, path } = indexOf([manifest(newImage())]);
    const spaced = Buffer.concat([bytes, Buffer.from('\n')]);
    expect(await pipeline.post(path, spaced, TYPE)).toMatchObject({ status: 400, body: { code: 'manifest_mismatch' } });
    expect(await auditor.get(path)).toMatchObject({ status: 404, body: { code: 'index_not_found' } });
  });

  it('is refused with every fault where it is none', async () => {
    const { bytes, path } = indexOf([manifest('sha256:x'), {}], { config: {} });
    expect(await pipeline.post(path, bytes, TYPE)).toMatchObject({
      status: 400,
      body: {
        code: 'index_malformed',
        errors: [
          { path: 'config' },
          { path: 'manifests[0].digest' },
          { path: 'manifests[1].mediaType' },
          { path: 'manifests[1].digest' },
        ],
      },
    });
    expect((await auditor.get(path)).status).toBe(404);
  });

  it('is refused where it lists another index, whether it says so or not', async () => {
    const inner = indexOf([manifest(newImage())]);
    const honest = indexOf([{ ...manifest(inner.digest), mediaType: TYPE['content-type'] }]);
    expect(await pipeline.post(honest.path, honest.bytes, TYPE)).toMatchObject({
      status: 400,
      body: { code: 'index_malformed', errors: [{ path: 'manifests[0].mediaType' }] },
    });
    demand(await pipeline.post(inner.path, inner.bytes, TYPE), 201);
    const dishonest = indexOf([manifest(newImage()), manifest(inner.digest)]);
    expect(await pipeline.post(dishonest.path, dishonest.bytes, TYPE)).toMatchObject({
      status: 400,
      body: { code: 'index_malformed', errors: [{ path: 'manifests[1].digest' }] },
    });
    expect((await auditor.get(dishonest.path)).status).toBe(404);
  });

  it('is refused where it is too large, is of no digest, or is nobody’s to post', async () => {
    const { bytes, path } = indexOf([], { annotations: { padding: 'x'.repeat(4 * 1024 * 1024) } });
    expect(await pipeline.post(path, bytes, TYPE)).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
    const small = indexOf([]);
    const unnamed = await pipeline.post('/v1/images/latest/manifests', small.bytes, TYPE);
    expect(unnamed).toMatchObject({ status: 400, body: { code: 'digest_malformed' } });
    expect((await gate.post(small.path, small.bytes, TYPE)).status).toBe(403);
    expect((await gate.get(small.path)).status).toBe(403);
    expect((await admin.get(small.path.replace(small.digest, 'latest'))).status).toBe(400);
  });
});

describe('a requirement that is met through an index', () => {
  const ci = makeKey('P-256');
  const trivy = makeKey('Ed25519');
  let number = 0;

  beforeAll(async () => {
    await admin.put('/v1/attestors/ci', { kinds: ['build'], keys: [{ id: 'k1', publicKey: ci.publicKey }] });
    await admin.put('/v1/attestors/trivy', { kinds: ['scan'], keys: [{ id: 'k1', publicKey: trivy.publicKey }] });
    await publish(
      admin,
      'through',
      `policy: through
requirements:
  - {id: built, kind: build, from: [ci], via: index}
  - {id: scanned, kind: scan, from: [trivy], via: index, where: {maxSeverity: {critical: 0, high: 0}}}
`,
    );
  });

  const ask = async (image: string): Promise<Answer['body']> =>
    demand(await gate.get(`/v1/images/${image}/verdict?policy=through`), 200).body;

  async function said(key: TestKey, image: string, type: string, predicate: unknown): Promise<string> {
    const statement = statementAbout(image, type, predicate, `statement ${++number}`);
    return (await postExamined(pipeline, envelopeOf(statement, [key]))).body.id;
  }
  const built = (image: string): Promise<string> => said(ci, image, PREDICATE_TYPES.provenance, provenance());
  const scanned = (image: string, ...severities: readonly string[]): Promise<string> =>
    said(trivy, image, PREDICATE_TYPES.cosignVuln, trivyScan(new Date(), severities));

  it('counts what is said of the index from the moment in which the index is posted', async () => {
    const [image, other] = [newImage(), newImage()];
    const { digest, bytes, path } = indexOf([manifest(image), manifest(other)]);
    const build = await built(digest);
    const scan = await scanned(image);
    for (let turn = 0; turn < 3; turn += 1) expect(await ask(image)).toMatchObject({ decision: 'deny' });
    demand(await pipeline.post(path, bytes, TYPE), 201);
    expect(await ask(image)).toMatchObject({
      decision: 'allow',
      requirements: [
        { id: 'built', evidence: [build], via: [{ relation: 'index', digest, evidence: [build] }] },
        { id: 'scanned', evidence: [scan] },
      ],
      revisions: { related: { [digest]: 1 }, relations: 1 },
    });
    expect(await ask(other)).toMatchObject({ decision: 'deny' });
  });

  it('denies at once what an index or a manifest has against it', async () => {
    const [image, other] = [newImage(), newImage()];
    const { digest, bytes, path } = indexOf([manifest(image), manifest(other)]);
    demand(await pipeline.post(path, bytes, TYPE), 201);
    await built(digest);
    await scanned(digest);
    for (const each of [digest, image, other]) expect(await ask(each)).toMatchObject({ decision: 'allow' });
    const bad = await scanned(other, 'HIGH');
    for (const each of [digest, other]) {
      expect(await ask(each)).toMatchObject({
        decision: 'deny',
        requirements: [{}, { id: 'scanned', code: 'negative_evidence', evidence: [bad] }],
      });
    }
    expect(await ask(image)).toMatchObject({ decision: 'allow' });
    await scanned(other);
    expect(await ask(digest)).toMatchObject({ decision: 'allow' });
  });

  it('lifts an index only by every manifest that runs, and says for which something is missing', async () => {
    const [image, other, attestation] = [newImage(), newImage(), newImage()];
    const notRun = { platform: { os: 'unknown', architecture: 'unknown' } };
    const { digest, bytes, path } = indexOf([manifest(image), manifest(other), manifest(attestation, notRun)]);
    demand(await pipeline.post(path, bytes, TYPE), 201);
    await built(digest);
    await scanned(image);
    const { decision, requirements, missing } = await ask(digest);
    expect(decision).toBe('deny');
    expect(requirements[1]).toMatchObject({
      code: 'no_evidence',
      message: expect.stringContaining(`manifest ${other}`),
    });
    expect(missing).toMatchObject([{ requirement: 'scanned', count: 1, from: ['trivy'] }]);
    await scanned(other);
    expect(await ask(digest)).toMatchObject({ decision: 'allow' });
    const verdict = demand(await gate.post('/v1/verdicts', { policy: 'through', images: [digest] }), 201).body.items[0];
    await scanned(image, 'HIGH');
    const replay = demand(await auditor.get(`/v1/verdicts/${verdict.id}/replay`), 200).body;
    expect(replay).toMatchObject({ same: true, reasons: [], now: { decision: 'deny' } });
  });

  it('is among the verdicts that flip where evidence about the index goes', async () => {
    const [image, other] = [newImage(), newImage()];
    const { digest, bytes, path } = indexOf([manifest(image), manifest(other)]);
    demand(await pipeline.post(path, bytes, TYPE), 201);
    const build = await built(digest);
    await scanned(image);
    expect(await ask(image)).toMatchObject({ decision: 'allow' });
    demand(await admin.post(`/v1/attestations/${build}/revoke`, { reason: 'built elsewhere' }), 200);
    const flips = await walk(admin, `/v1/attestations/${build}/flips`, 10);
    expect(flips).toMatchObject([{ image, recorded: { decision: 'allow' }, decision: 'deny', unsatisfied: ['built'] }]);
    const ofKey = await walk(admin, '/v1/attestors/ci/keys/k1/flips', 10);
    expect(ofKey.map((flip) => flip.image)).toContain(image);
  });

  it('refuses via for evidence about the source, and by another name', async () => {
    const put = (requirement: string): Promise<Answer> =>
      admin.put(
        '/v1/policies/wrong',
        `policy: wrong\nrequirements:\n  - {id: built, kind: build, from: [ci]}\n  - ${requirement}\n`,
        { 'content-type': 'application/yaml' },
      );
    expect(await put('{id: tested, kind: test, from: [qa], of: source, via: index}')).toMatchObject({
      status: 400,
      body: { code: 'policy_malformed', errors: [{ path: 'requirements[1].via' }] },
    });
    expect(await put('{id: tested, kind: test, from: [qa], via: tag}')).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'requirements[1].via', message: expect.stringContaining('expected index') }] },
    });
  });
});
