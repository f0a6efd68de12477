import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attestationIdOf } from '../../src/intoto/digest.js';
import { apiOf, type Api } from '../support/api.js';
import { carelessCaller, type Careless } from '../support/careless.js';
import { PREDICATE_TYPES, testResult } from '../support/predicates.js';
import { expectRefused, type Refusal } from '../support/problems.js';
import { answerIn, sendRaw } from '../support/raw-http.js';
import { newImage, postExamined, prepareRelease, type Release } from '../support/release.js';
import { envelopeOf } from '../support/sign.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const MAX_BODY_BYTES = 1_500_000;
const JSON_TYPE = { 'content-type': 'application/json' };
const DEEP = '['.repeat(10_000) + ']'.repeat(10_000);

let database: TestDatabase;
let app: TestApp;
let admin: Api;
let release: Release;
let careless: Careless;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database, env: { ASSAY_MAX_BODY_BYTES: String(MAX_BODY_BYTES) } });
  admin = apiOf(app);
  release = await prepareRelease(admin);
  careless = await carelessCaller(app);
});

afterAll(async () => {
  await app.stop();
  await database.drop();
});

describe('evidence that is none', () => {
  const digest = { sha256: 'a'.repeat(64) };
  const statement = (change: object): string =>
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ digest }],
      predicateType: PREDICATE_TYPES.testResult,
      predicate: testResult('PASSED'),
      ...change,
    });
  const carrying = (payload: string | Buffer, payloadType?: string): Buffer =>
    envelopeOf(payload, [release.keys.qa], payloadType);
  const subjects = (count: number): readonly object[] => Array.from({ length: count }, () => ({ digest }));

  const envelope = (body: string | Buffer, ...paths: readonly string[]) => ({
    body: () => Buffer.from(body),
    refusal: { status: 400, code: 'envelope_malformed', ...(paths.length === 0 ? {} : { paths }) },
  });
  const payload = (text: string | Buffer, ...paths: readonly string[]) => ({
    body: () => carrying(text),
    refusal: { status: 400, code: 'statement_malformed', ...(paths.length === 0 ? {} : { paths }) },
  });
  const unrecognized = (body: string) => ({
    body: () => Buffer.from(body),
    refusal: { status: 415, code: 'format_unrecognized', paths: [''] },
  });

  const cases: Readonly<Record<string, { readonly body: () => Buffer; readonly refusal: Refusal }>> = {
    'nothing at all': envelope('', ''),
    'white space': envelope(' \n ', ''),
    'JSON that ends in the middle': envelope('{"payloadType":"application/vnd.in-toto+json","payload":'),
    'two values': envelope('{}{}'),
    'an array ten thousand levels deep': envelope(DEEP),
    'an envelope with a payload ten thousand levels deep': payload(`{"predicate":${DEEP}}`),
    'a member that stands twice': envelope(
      '{"payload":"","payload":"e30=","payloadType":"x","signatures":[]}',
      'payload',
    ),
    'a member called __proto__': envelope('{"__proto__":{"payload":""},"payloadType":"x"}', '__proto__'),
    'bytes that are not UTF-8': envelope(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), ''),
    'a byte order mark': envelope('\ufeff{"payload":"","payloadType":"x","signatures":[]}'),
    'U+0000 in a text': envelope('{"payload":"","payloadType":"\\u0000","signatures":[{"sig":""}]}', 'payloadType'),
    'half of a surrogate pair': envelope(
      '{"payload":"","payloadType":"\\ud800","signatures":[{"sig":""}]}',
      'payloadType',
    ),
    'every member of the wrong type': envelope(
      '{"payload":1,"payloadType":2,"signatures":3}',
      'payloadType',
      'payload',
      'signatures',
    ),
    'an envelope without signatures': envelope('{"payload":"","payloadType":"x","signatures":[]}', 'signatures'),
    'a hundred and one signatures': envelope(
      JSON.stringify({ payload: '', payloadType: 'x', signatures: Array(101).fill({ sig: '' }) }),
      'signatures',
    ),
    'a number': unrecognized('5'),
    null: unrecognized('null'),
    'a text': unrecognized('"envelope"'),
    'a list': unrecognized('[]'),
    'an object of something else': unrecognized('{"constructor":{},"toString":1}'),
    'a payload that is not what payloadType says': payload('name: app\nresult: PASSED\n', ''),
    'a payload that is JSON and no statement': payload('{"hello":"world"}', '_type', 'subject', 'predicateType'),
    'a payload that is not UTF-8': payload(Buffer.from([0xff, 0xfe]), ''),
    'a payload with a member that stands twice': payload(
      statement({}).replace('"_type"', '"predicateType":"https://example.com/other","_type"'),
      'predicateType',
    ),
    'a payload with a member called __proto__': payload('{"predicate":{"__proto__":{}}}', 'predicate.__proto__'),
    'U+0000 in a payload': payload(statement({ predicate: { suite: '\0' } }), 'predicate.suite'),
    'a statement without subjects': payload(statement({ subject: [] }), 'subject'),
    'a statement about nothing but md5': payload(
      statement({ subject: [{ digest: { md5: 'a'.repeat(32) } }] }),
      'subject[0].digest',
    ),
    'a digest in capitals': payload(
      statement({ subject: [{ digest: { sha256: 'A'.repeat(64) } }] }),
      'subject[0].digest.sha256',
    ),
    'a digest too short': payload(statement({ subject: [{ digest: { sha256: 'ab' } }] }), 'subject[0].digest.sha256'),
    'a digest called like a property of objects': payload(
      statement({ subject: [{ digest: { constructor: 'a'.repeat(64), toString: 'b' } }] }),
      'subject[0].digest',
    ),
    'ten thousand and one subjects': payload(statement({ subject: subjects(10_001) }), 'subject'),
    'a predicate type beyond all measure': payload(statement({ predicateType: 'x'.repeat(2_001) }), 'predicateType'),
  };

  it.each(Object.entries(cases))(
    '%s is refused, with what is wrong, and not stored',
    async (_name, { body, refusal }) => {
      const bytes = body();
      expectRefused(await careless.post('/v1/attestations', bytes, JSON_TYPE), refusal);
      expect((await admin.get(`/v1/attestations/${attestationIdOf(bytes)}`)).status).toBe(404);
    },
  );

  it('is refused with an option that is not known, since the sender may rely on it', async () => {
    const bytes = release.signed('qa', newImage());
    const answer = await careless.post('/v1/attestations?dryrun=true', bytes);
    expectRefused(answer, { status: 400, code: 'request_invalid', paths: ['query.dryrun'] });
    expect((await admin.get(`/v1/attestations/${attestationIdOf(bytes)}`)).status).toBe(404);
  });

  it('is no evidence of ten thousand subjects, which is taken', async () => {
    const { body } = await postExamined(admin, carrying(statement({ subject: subjects(10_000) })));
    expect(body).toMatchObject({ status: 'verified' });
    expect(body.subjects).toHaveLength(10_000);
  });

  it.each(['text/plain', 'application/octet-stream', 'application/yaml', 'image/png'])(
    'is not told by its content type: an envelope sent as %s is taken',
    async (type) => {
      const answer = await admin.post('/v1/attestations', release.signed('qa', newImage()), { 'content-type': type });
      expect(answer.status).toBe(201);
    },
  );

  it.each(['wait=abc', 'wait=-1', 'wait=', 'wait=99999999999', 'respond-async', ', ,;='])(
    'is taken with a preference nobody understands: %s',
    async (prefer) => {
      expect((await admin.post('/v1/attestations', release.signed('qa', newImage()), { prefer })).status).toBe(201);
    },
  );
});

describe('a body too large', () => {
  const filler = (bytes: number): Buffer => Buffer.from(`"${'x'.repeat(bytes - 2)}"`);
  const tooLarge = { status: 413, code: 'body_too_large' };

  it('by one byte is refused, where one of exactly the limit is read', async () => {
    expectRefused(await careless.post('/v1/attestations', filler(MAX_BODY_BYTES + 1)), tooLarge);
    expectRefused(await careless.post('/v1/attestations', filler(MAX_BODY_BYTES)), {
      status: 415,
      code: 'format_unrecognized',
    });
  });

  it('is refused however it is sent', async () => {
    const head = `POST /v1/attestations HTTP/1.1\r\nHost: assay\r\nConnection: close\r\nAuthorization: Bearer ${app.adminToken}\r\n`;
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(23)}0\r\n\r\n`;
    expectRefused(answerIn(await sendRaw(app.url, chunked)), tooLarge);
    const announced = `${head}Content-Length: ${MAX_BODY_BYTES + 1}\r\n\r\n${'x'.repeat(MAX_BODY_BYTES + 1)}`;
    expectRefused(answerIn(await sendRaw(app.url, announced)), tooLarge);
  });

  it('is refused by every other route at a megabyte', async () => {
    const large = filler(1_048_577);
    for (const [method, path] of [
      ['put', '/v1/attestors/x'],
      ['put', '/v1/policies/x'],
      ['post', '/v1/tokens'],
    ] as const) {
      expectRefused(await careless[method](path, large, JSON_TYPE), tooLarge);
    }
  });
});

describe('after all of that', () => {
  it('the service is ready, and nothing that was refused has left a trace', async () => {
    await careless.expectNoTrace();
  });
});
