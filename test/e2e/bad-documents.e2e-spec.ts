import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demand } from '../support/answers.js';
import { apiOf, type Answer, type Api } from '../support/api.js';
import { carelessCaller, type Careless } from '../support/careless.js';
import { expectRefused, type Refusal } from '../support/problems.js';
import {
  codesOf,
  newImage,
  postExamined,
  prepareRelease,
  publish,
  verdictOn,
  type Release,
} from '../support/release.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const YAML_TYPE = { 'content-type': 'application/yaml' };
const DEEP = '['.repeat(10_000) + ']'.repeat(10_000);

let database: TestDatabase;
let app: TestApp;
let admin: Api;
let release: Release;
let careless: Careless;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  admin = apiOf(app);
  release = await prepareRelease(admin);
  careless = await carelessCaller(app);
});

afterAll(async () => {
  await app.stop();
  await database.drop();
});

describe('JSON that no route reads', () => {
  const routes: readonly (readonly ['put' | 'post', string])[] = [
    ['put', '/v1/attestors/x'],
    ['post', '/v1/attestors/ci/keys'],
    ['post', '/v1/attestors/ci/keys/k1/revoke'],
    ['post', '/v1/tokens'],
    ['post', '/v1/verdicts'],
  ];
  const malformed = { status: 400, code: 'json_malformed' };
  const bodies: Readonly<Record<string, string | Buffer>> = {
    nothing: '',
    'half an object': '{"kinds":',
    'ten thousand levels': DEEP,
    'a member that stands twice': '{"reason":"superseded","roles":["auditor"],"reason":"compromised","policy":"a"}',
    'a member called __proto__': '{"__proto__":{"roles":["admin"]},"name":"x"}',
    'bytes that are not UTF-8': Buffer.from([0x22, 0xff, 0x22]),
    'U+0000': '{"name":"a\\u0000b"}',
    'half of a surrogate pair': '{"name":"\\udc00"}',
  };

  it.each(Object.entries(bodies))('%s', async (_name, body) => {
    for (const [method, path] of routes) expectRefused(await careless[method](path, body, JSON_TYPE), malformed);
  });

  it.each([
    ['null', 'null'],
    ['a list', '[]'],
    ['a text', '"x"'],
    ['names of JavaScript', '{"constructor":{"prototype":{}},"toString":1,"hasOwnProperty":2}'],
  ])('%s is none of the documents that are taken', async (_name, body) => {
    for (const [method, path] of routes) {
      const answer = await careless[method](path, body, JSON_TYPE);
      expect(['request_invalid', 'attestor_malformed', 'key_malformed', 'revocation_malformed']).toContain(
        answer.body.code,
      );
      expectRefused(answer, { status: 400, code: answer.body.code });
      expect(answer.body.errors.length).toBeGreaterThan(0);
    }
  });

  it.each(['text/plain', 'application/yaml', 'application/x-www-form-urlencoded', 'nonsense'])(
    'and no body is read as %s by routes that take JSON alone',
    async (type) => {
      for (const [method, path] of routes.slice(0, 4)) {
        expectRefused(await careless[method](path, '{}', { 'content-type': type }), {
          status: 415,
          code: 'content_type_unsupported',
        });
      }
    },
  );
});

describe('a policy with mistakes', () => {
  const put = (text: string | Buffer, headers: Readonly<Record<string, string>> = YAML_TYPE): Promise<Answer> =>
    careless.put('/v1/policies/mistaken', text, headers);
  const places = ({ body }: Answer): readonly string[] =>
    body.errors.map(({ line, path }: { line: number; path: string }) => `${line} ${path}`);
  const malformed = { status: 400, code: 'policy_malformed' };

  it('is refused with all of them, each with its line and path', async () => {
    const answer = await put(`policy: mistaken
mode: enforced
parameters:
  region: {type: text}
requirements:
  - id: scanned
    kind: scann
    from: [trivy]
  - id: built
    kind: build
    from: []
    where:
      sorce: https://example.com/*
  - id: sure
    check: 'params.regoin == '
retries: 3
`);
    expectRefused(answer, malformed);
    expect(places(answer)).toEqual([
      '2 mode',
      '4 parameters.region.type',
      '7 requirements[0].kind',
      '11 requirements[1].from',
      '13 requirements[1].where.sorce',
      '15 requirements[2].check',
      '16 retries',
    ]);
  });

  it('in JSON is refused by the lines that were sent', async () => {
    const text = '{\n\n "policy": "mistaken",\n\n "requirements": [\n  {"id": "a",\n   "chek": "true"}]}';
    const answer = await put(text, JSON_TYPE);
    expectRefused(answer, malformed);
    expect(places(answer)).toContain('7 requirements[0].chek');
  });

  it.each<readonly [string, string | Buffer, Readonly<Record<string, string>>]>([
    ['no text', '', YAML_TYPE],
    ['no document', '# nothing\n', YAML_TYPE],
    ['a text', 'production', YAML_TYPE],
    ['two documents', 'policy: mistaken\n---\npolicy: mistaken\n', YAML_TYPE],
    ['a list that does not end', 'policy: [', YAML_TYPE],
    ['ten thousand levels', '['.repeat(10_000), YAML_TYPE],
    ['an alias', 'policy: &a mistaken\ndescription: *a\nrequirements: []', YAML_TYPE],
    ['a tag', 'policy: !!binary mistaken\nrequirements: []', YAML_TYPE],
    [
      'a field that stands twice',
      "policy: mistaken\nrequirements: [{id: a, check: 'false'}]\nrequirements: []",
      YAML_TYPE,
    ],
    ['a field called __proto__', "policy: mistaken\n__proto__: {}\nrequirements: [{id: a, check: 'true'}]", YAML_TYPE],
    ['U+0000', 'policy: mistaken\ndescription: "\\0"\nrequirements: []', YAML_TYPE],
    ['bytes that are not UTF-8', Buffer.from([0x70, 0x3a, 0x20, 0xff]), YAML_TYPE],
    ['half an object', '{"policy":', JSON_TYPE],
    ['YAML that says it is JSON', 'policy: mistaken\n', JSON_TYPE],
    [
      'JSON with a member that stands twice',
      '{"policy":"mistaken","requirements":[{"id":"a","check":"false"}],"requirements":[{"id":"a","check":"true"}]}',
      JSON_TYPE,
    ],
    ['a text in JSON', '"policy: mistaken"', JSON_TYPE],
    [
      'an expression beyond measure',
      `policy: mistaken\nrequirements: [{id: a, check: '${'('.repeat(500)}'}]`,
      YAML_TYPE,
    ],
  ])('that is %s', async (_name, text, headers) => {
    const answer = await put(text, headers);
    expectRefused(answer, malformed);
    for (const place of answer.body.errors) {
      expect(place).toMatchObject({ path: expect.any(String), message: expect.any(String), line: expect.any(Number) });
    }
    expectRefused(await careless.post('/v1/policies/check', text, headers), malformed);
  });

  it('of another name than the request, or on another revision than its author thinks, is refused', async () => {
    const other = "policy: other\nrequirements: [{id: a, check: 'true'}]\n";
    expectRefused(await put(other), { status: 400, code: 'policy_name_mismatch', paths: ['policy'] });
    const mistaken = other.replace('other', 'mistaken');
    expectRefused(await put(mistaken, { ...YAML_TYPE, 'if-match': '"7"' }), {
      status: 412,
      code: 'revision_mismatch',
    });
    expectRefused(await put(mistaken, { ...YAML_TYPE, 'if-match': 'seven' }), {
      status: 400,
      code: 'request_invalid',
    });
    expectRefused(await put(mistaken, { 'content-type': 'text/plain' }), {
      status: 415,
      code: 'content_type_unsupported',
    });
  });

  it('is published nowhere', async () => {
    expectRefused(await careless.get('/v1/policies/mistaken'), { status: 404, code: 'policy_not_found' });
  });
});

describe('an attestor with mistakes', () => {
  const publicKey = (): string => release.keys.ci.publicKey;

  it.each<readonly [string, string, () => object, Refusal]>([
    [
      'a name in capitals',
      'CI',
      () => ({ kinds: ['build'], keys: [] }),
      { status: 400, code: 'attestor_malformed', paths: ['name'] },
    ],
    [
      'a name of JavaScript',
      '__proto__',
      () => ({ kinds: ['build'], keys: [] }),
      { status: 400, code: 'attestor_malformed', paths: ['name'] },
    ],
    [
      'a name with a line break',
      'x%0d%0aSet-Cookie:a',
      () => ({ kinds: ['build'], keys: [] }),
      { status: 400, code: 'attestor_malformed', paths: ['name'] },
    ],
    [
      'everything wrong',
      'x',
      () => ({ kinds: ['build', 'buid'], keys: 'none', extra: 1 }),
      { status: 400, code: 'attestor_malformed', paths: ['kinds[1]', 'keys', 'extra'] },
    ],
    ['no authority', 'x', () => ({ keys: [] }), { status: 400, code: 'attestor_malformed', paths: ['kinds'] }],
    [
      'a key that is none',
      'x',
      () => ({ kinds: ['build'], keys: [{ id: 'k', publicKey: 'x' }] }),
      { status: 400, code: 'key_unusable', paths: ['keys[0].publicKey'] },
    ],
    [
      'a key twice',
      'x',
      () => ({
        kinds: ['build'],
        keys: [
          { id: 'a', publicKey: publicKey() },
          { id: 'b', publicKey: publicKey() },
        ],
      }),
      { status: 400, code: 'attestor_malformed', paths: ['keys[1].publicKey'] },
    ],
    [
      'identities',
      'x',
      () => ({ kinds: ['build'], keys: [], identities: [{ id: 'i' }] }),
      { status: 400, code: 'attestor_malformed', paths: ['identities[0].issuer', 'identities[0].subject'] },
    ],
  ])('%s', async (_name, name, document, refusal) => {
    const answer = await careless.put(`/v1/attestors/${name}`, document());
    expectRefused(answer, refusal);
    expect(answer.headers.get('set-cookie')).toBeNull();
  });

  it('never gives a private key back', async () => {
    const pem = release.keys.ci.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const answer = await careless.put('/v1/attestors/x', { kinds: ['build'], keys: [{ id: 'k', publicKey: pem }] });
    expectRefused(answer, { status: 400, code: 'key_unusable' });
    expect(answer.text).not.toContain(pem.split('\n')[1]);
  });

  it('that would give a key id another key, or a key another id, is refused as a conflict', async () => {
    const [ci, qa] = [release.keys.ci.publicKey, release.keys.qa.publicKey];
    const taken = await careless.put('/v1/attestors/ci', { kinds: ['build'], keys: [{ id: 'k1', publicKey: qa }] });
    expectRefused(taken, { status: 409, code: 'key_id_taken' });
    const renamed = await careless.post('/v1/attestors/ci/keys', { id: 'k2', publicKey: ci });
    expectRefused(renamed, { status: 409, code: 'key_registered' });
  });
});

describe('names of JavaScript where they are allowed', () => {
  it('are names like any other', async () => {
    const image = newImage();
    await publish(
      admin,
      'constructor',
      `policy: constructor
parameters: {toString: {type: string, required: true}}
requirements: [{id: constructor, kind: test, from: [hasownproperty], check: 'params.toString == "x"'}]
`,
    );
    const ask = (value: string): Promise<Answer['body']> =>
      verdictOn(admin, image, `policy=constructor&param.toString=${value}`);
    expect(codesOf(await ask('x'))).toEqual({ constructor: 'no_evidence' });
    const { publicKey } = release.keys.qa;
    demand(
      await admin.put('/v1/attestors/hasownproperty', { kinds: ['test'], keys: [{ id: 'constructor', publicKey }] }),
      201,
    );
    await postExamined(admin, release.signed('qa', image));
    expect(codesOf(await ask('x'))).toEqual({ constructor: 'satisfied' });
    expect(codesOf(await ask('y'))).toEqual({ constructor: 'condition_false' });
    demand(await admin.delete('/v1/attestors/hasownproperty'), 204);
  });
});

describe('after all of that', () => {
  it('the service is ready, and nothing that was refused has left a trace', async () => {
    await careless.expectNoTrace();
  });
});
