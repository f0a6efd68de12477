import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attestationIdOf } from '../../src/intoto/digest.js';
import { demand, walk } from '../support/answers.js';
import { apiAs, apiOf, type Answer, type Api } from '../support/api.js';
import { expectRefused } from '../support/problems.js';
import { newImage, prepareRelease, verdictOn, type Release } from '../support/release.js';
import { makeKey } from '../support/sign.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let app: TestApp;
let admin: Api;
let pipeline: Api;
let release: Release;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database, env: { ASSAY_MAX_BODY_BYTES: '2000000' } });
  admin = apiOf(app);
  release = await prepareRelease(admin);
  pipeline = await apiAs(app, { name: 'pipeline', roles: ['attester'] });
});

afterAll(async () => {
  await app.stop();
  await database.drop();
});

function post(lines: readonly (string | Buffer)[], headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const body = lines.map(String).join('\n');
  return pipeline.post('/v1/attestations', body, { 'content-type': 'application/jsonl', ...headers });
}

const problemOf = (item: Answer['body']): unknown => [item.line, item.status, item.problem?.code];

describe('JSON Lines', () => {
  it.each(['application/jsonl', 'application/x-ndjson', 'application/vnd.in-toto.bundle', 'Application/JSONL; a=b'])(
    'are taken as %s, with an answer per line in their order',
    async (type) => {
      const image = newImage();
      const envelopes = (['ci', 'trivy', 'qa', 'leads'] as const).map((by) => release.signed(by, image));
      const { body } = demand(await post(envelopes, { 'content-type': type }), 200);
      expect(body.items).toMatchObject(
        envelopes.map((envelope, index) => ({
          line: index + 1,
          status: 201,
          attestation: { id: attestationIdOf(envelope), status: 'pending', subjects: [{ digest: image }] },
        })),
      );
    },
  );

  it('wait for all of their outcomes, and then bring a release into production', async () => {
    const image = newImage();
    const envelopes = (['ci', 'trivy', 'qa', 'leads'] as const).map((by) => release.signed(by, image));
    const { body } = demand(await post(envelopes, { prefer: 'wait=30' }), 200);
    expect(body.items.map(({ attestation }: Answer['body']) => attestation.status)).toEqual(Array(4).fill('verified'));
    expect((await verdictOn(admin, image)).decision).toBe('allow');
  });

  it('stand each for itself: good ones are kept, bad ones are refused as they would be alone', async () => {
    const image = newImage();
    const good = release.signed('ci', image);
    const unsigned = release.signed('qa', image, { key: makeKey() });
    const lines = [
      good,
      '{"payload":',
      '',
      '{"hello":"world"}',
      good,
      '   ',
      '{"payload":"e30","payload":"e30","payloadType":"x","signatures":[{"sig":""}]}',
      `${String(unsigned)}\r`,
      '"\\u0000"',
    ];
    const { body } = demand(await post(lines, { prefer: 'wait=30' }), 200);
    expect(body.items.map(problemOf)).toEqual([
      [1, 201, undefined],
      [2, 400, 'envelope_malformed'],
      [4, 415, 'format_unrecognized'],
      [5, 200, undefined],
      [7, 400, 'envelope_malformed'],
      [8, 201, undefined],
      [9, 400, 'envelope_malformed'],
    ]);
    const [first, malformed, , again, , last] = body.items;
    expect(again.attestation.id).toBe(first.attestation.id);
    expect(first.attestation.status).toBe('verified');
    expect(last.attestation).toMatchObject({ status: 'rejected', verification: { code: 'untrusted_signer' } });
    expect(malformed.problem).toMatchObject({
      type: 'about:blank',
      status: 400,
      detail: expect.any(String),
      requestId: expect.any(String),
      errors: [{ path: 'payload', message: expect.any(String) }],
    });
    expect(malformed.attestation).toBeUndefined();
    expect(await walk(admin, `/v1/images/${image}/attestations`, 10)).toHaveLength(2);
  });

  it('are kept byte for byte without their line ends', async () => {
    const envelope = release.signed('ci', newImage());
    const { body } = demand(await post([`${String(envelope)}\r`, '']), 200);
    expect(body.items).toHaveLength(1);
    const { bytes } = demand(await admin.get(`/v1/attestations/${attestationIdOf(envelope)}/envelope`), 200);
    expect(bytes.equals(envelope)).toBe(true);
  });

  it('may be many, and the same line many times is stored once', async () => {
    const image = newImage();
    const envelopes = Array.from({ length: 300 }, () => release.signed('qa', image));
    const { body } = demand(await post([...envelopes, ...envelopes], { prefer: 'wait=30' }), 200);
    const statuses = body.items.map(({ status }: Answer['body']) => status);
    expect(statuses.filter((status: number) => status === 201)).toHaveLength(300);
    expect(statuses.filter((status: number) => status === 200)).toHaveLength(300);
    expect(body.items.every(({ attestation }: Answer['body']) => attestation.status === 'verified')).toBe(true);
    expect(await walk(admin, `/v1/images/${image}/attestations`, 1000)).toHaveLength(300);
  });

  it('are refused as a whole where there are none, too many, or too large a body', async () => {
    expectRefused(await post(['']), { status: 400, code: 'envelope_malformed' });
    expectRefused(await post(Array<string>(10_001).fill('{}')), { status: 413, code: 'too_many_lines' });
    expectRefused(await post(['x'.repeat(2_000_001)]), { status: 413, code: 'body_too_large' });
  });

  it('that hold nothing but empty lines bring nothing', async () => {
    expect(demand(await post(['', ' ', '\t', '']), 200).body).toEqual({ items: [] });
  });

  it('are one attestation where the content type does not say that there are several', async () => {
    const two = `${String(release.signed('ci', newImage()))}\n${String(release.signed('qa', newImage()))}`;
    expectRefused(await pipeline.post('/v1/attestations', two), { status: 400, code: 'envelope_malformed' });
  });
});
