import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/intoto/digest.js';
import { demand, eventually, walk } from '../support/answers.js';
import { apiAs, apiOf, type Api } from '../support/api.js';
import { newImage } from '../support/release.js';
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
