import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demand, eventually } from '../support/answers.js';
import { apiOf, type Api } from '../support/api.js';
import { carelessCaller, type Careless } from '../support/careless.js';
import { expectRefused, type Refusal } from '../support/problems.js';
import { answerIn, sendRaw } from '../support/raw-http.js';
import { newImage, postExamined, prepareRelease, publish, verdictOn, type Release } from '../support/release.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

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
  await publish(
    admin,
    'regional',
    `policy: regional
parameters:
  region: {type: string, required: true, oneOf: [eu, us]}
  replicas: {type: integer}
  canary: {type: boolean, default: false}
requirements: [{id: sure, check: 'params.region == "eu"'}]
`,
  );
});

afterAll(async () => {
  await app.stop();
  await database.drop();
});

describe('a question that is not understood', () => {
  const image = newImage();
  const verdict = (query: string, digest = image): string => `/v1/images/${digest}/verdict?${query}`;
  const parameter = (...paths: readonly string[]): Refusal => ({ status: 400, code: 'parameter_invalid', paths });
  const unread = (...paths: readonly string[]): Refusal => ({ status: 400, code: 'request_invalid', paths });
  const digest: Refusal = { status: 400, code: 'digest_malformed', paths: ['digest'] };
  const notFound: Refusal = { status: 404, code: 'policy_not_found' };

  it.each<readonly [string, string, Refusal]>([
    ['no policy', verdict(''), unread('query.policy')],
    ['an empty name', verdict('policy='), unread('query.policy')],
    ['an unknown policy', verdict('policy=unknown'), notFound],
    ['a policy called __proto__', verdict('policy=__proto__'), notFound],
    ['a policy called constructor', verdict('policy=constructor'), notFound],
    ['a policy named by half an escape', verdict('policy=%'), notFound],
    ['a policy named by bytes that are not UTF-8', verdict('policy=%ff'), notFound],
    ['two policies', verdict('policy=release&policy=regional&param.region=eu'), unread('query.policy')],
    ['a digest too short', verdict('policy=release', 'sha256:abc'), digest],
    ['a digest in capitals', verdict('policy=release', image.toUpperCase()), digest],
    ['a digest of another algorithm', verdict('policy=release', `sha512:${'a'.repeat(128)}`), digest],
    ['a digest called __proto__', verdict('policy=release', '__proto__'), digest],
    ['a missing parameter', verdict('policy=regional'), parameter('region')],
    ['a value that is not admitted', verdict('policy=regional&param.region=mars'), parameter('region')],
    ['an empty value', verdict('policy=regional&param.region='), parameter('region')],
    ['a value twice', verdict('policy=regional&param.region=eu&param.region=us'), unread('query.param.region')],
    [
      'values of other types',
      verdict('policy=regional&param.region=eu&param.replicas=05&param.canary=yes'),
      parameter('canary', 'replicas'),
    ],
    ['an unknown parameter', verdict('policy=regional&param.region=eu&param.zone=a'), parameter('zone')],
    ['a parameter without a name', verdict('policy=regional&param.region=eu&param.=a'), parameter('')],
    [
      'a parameter called __proto__',
      verdict('policy=regional&param.region=eu&param.__proto__=a'),
      parameter('__proto__'),
    ],
    ['a parameter called constructor', verdict('policy=release&param.constructor=a'), parameter('constructor')],
    ['a name that is not known', verdict('policy=release&polcy=x'), unread('query.polcy')],
    ['a name called __proto__', verdict('policy=release&__proto__=x'), unread('query.__proto__')],
    ['a time that is none', verdict('policy=release&at=yesterday'), unread('query.at')],
    ['a time to come', verdict('policy=release&at=2999-01-01T00:00:00Z'), unread('query.at')],
    [
      'a repository in capitals',
      verdict('policy=release&repository=Acme/App'),
      { status: 400, code: 'repository_malformed', paths: ['query.repository'] },
    ],
    [
      'a repository with a tag',
      verdict('policy=release&repository=registry.example.com/app:v1'),
      { status: 400, code: 'repository_malformed', paths: ['query.repository'] },
    ],
    ['U+0000', verdict('policy=rel%00ease'), { status: 400, code: 'request_invalid' }],
    ['a line break', verdict('policy=x%0d%0aSet-Cookie:%20a=b'), notFound],
  ])('%s', async (_name, path, refusal) => {
    const answer = await careless.get(path);
    expectRefused(answer, refusal);
    expect(answer.headers.get('set-cookie')).toBeNull();
  });

  const asking = (change: object): object => ({ policy: 'release', images: [image], ...change });

  it.each<readonly [string, object, Refusal]>([
    [
      'a tag alone',
      asking({ images: ['alpine:3.22'] }),
      { status: 400, code: 'digest_required', paths: ['images[0]'] },
    ],
    [
      'a bare name',
      asking({ images: [image, 'alpine'] }),
      { status: 400, code: 'digest_required', paths: ['images[1]'] },
    ],
    [
      'a digest too short behind a name',
      asking({ images: ['alpine@sha256:abc'] }),
      { status: 400, code: 'digest_malformed', paths: ['images[0]'] },
    ],
    ['nothing behind the @', asking({ images: ['alpine@'] }), { status: 400, code: 'digest_malformed' }],
    ['nothing before the @', asking({ images: [`@${image}`] }), { status: 400, code: 'repository_malformed' }],
    [
      'a repository in capitals',
      asking({ images: [`Registry.example.com/App@${image}`] }),
      { status: 400, code: 'repository_malformed' },
    ],
    ['no images', asking({ images: [] }), unread('images')],
    ['five hundred and one images', asking({ images: Array(501).fill(image) }), unread('images')],
    ['an unknown member', asking({ parameter: {} }), { status: 400, code: 'request_invalid' }],
    ['break glass', asking({ breakGlass: { justification: 'now' } }), { status: 400, code: 'request_invalid' }],
    ['an unknown policy', asking({ policy: 'unknown' }), notFound],
    ['a policy called __proto__', asking({ policy: '__proto__' }), notFound],
    ['a list for a parameter', asking({ parameters: { region: ['eu'] } }), { status: 400, code: 'request_invalid' }],
    ['a missing parameter', asking({ policy: 'regional' }), parameter('region')],
    ['a parameter called constructor', asking({ parameters: { constructor: 'x' } }), parameter('constructor')],
    ['context that is not known', asking({ context: { mood: 'good' } }), { status: 400, code: 'request_invalid' }],
    ['context beyond measure', asking({ context: { cluster: 'x'.repeat(501) } }), unread('context.cluster')],
  ])('on the record: %s', async (_name, body, refusal) => {
    expectRefused(await careless.post('/v1/verdicts', body), refusal);
  });
});

describe('a list that is not understood', () => {
  const lists = ['attestations', 'attestors', 'history', 'policies', 'tokens', 'verdicts'] as const;
  const filtered = ['attestations', 'history', 'verdicts'] as const;

  it.each(['0', '1001', '-1', 'abc', '', '1e2', '1.0', '%31%30%30%30%31', '９'])(
    'by a limit of "%s"',
    async (limit) => {
      for (const list of lists) {
        expectRefused(await careless.get(`/v1/${list}?limit=${limit}`), { status: 400, code: 'limit_invalid' });
      }
    },
  );

  it('by a cursor of another list, or of nobody', async () => {
    for (const attestor of ['ci', 'qa'] as const) await postExamined(admin, release.signed(attestor, newImage()));
    const cursors = new Map<string, string>();
    await eventually(async () => {
      for (const list of lists) {
        const { body } = demand(await admin.get(`/v1/${list}?limit=1`), 200);
        if (body.nextCursor !== null) cursors.set(list, body.nextCursor);
      }
      expect([...cursors.keys()]).toEqual(expect.arrayContaining(['attestations', 'attestors', 'history', 'policies']));
    });
    const forged = [
      'x',
      '%20',
      Buffer.from('[]').toString('base64url'),
      Buffer.from('[1,"attestations","0","x",{}]').toString('base64url'),
      Buffer.from('[1,"history",1.5]').toString('base64url'),
      Buffer.from('[1,"history",1e999]').toString('base64url'),
      Buffer.from('[1,"tokens",-1e300,"x"]').toString('base64url'),
      Buffer.from(`[1,"attestations","1; drop table attestations","${newImage()}"]`).toString('base64url'),
      'x'.repeat(3_000),
    ];
    for (const list of lists) {
      const foreign = [...cursors].filter(([of]) => of !== list).map(([, cursor]) => cursor);
      for (const cursor of [...foreign, ...forged]) {
        expectRefused(await careless.get(`/v1/${list}?cursor=${cursor}`), { status: 400, code: 'cursor_invalid' });
      }
    }
  });

  it.each([
    ['since=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z', 'query.until'],
    ['since=2026-01-01T00:00:00Z&until=2026-01-01T00:00:00%2B01:00', 'query.until'],
    ['since=yesterday', 'query.since'],
    ['since=2026-02-30T00:00:00Z', 'query.since'],
    ['until=2026-01-01', 'query.until'],
    ['since=2026-01-01T00:00:00', 'query.since'],
  ])('by a period of %s', async (period, path) => {
    for (const list of filtered) {
      const refusal = { status: 400, code: 'request_invalid', paths: [path] };
      expectRefused(await careless.get(`/v1/${list}?${period}`), refusal);
    }
  });

  it.each([
    'since=0000-01-01T00:00:00Z',
    'until=9999-12-31T23:59:59.999999999-23:59',
    'since=2026-01-01T00:00:00Z&until=2026-01-01T00:00:00Z',
  ])('but answers a period as far off as %s', async (period) => {
    for (const list of filtered) expect((await admin.get(`/v1/${list}?${period}`)).status).toBe(200);
  });

  it.each([
    ['attestations?digest=x', 'digest_malformed'],
    [`attestations?digest=sha256:${'A'.repeat(64)}`, 'digest_malformed'],
    ['attestations?digest=md5:d41d8cd98f00b204e9800998ecf8427e', 'digest_malformed'],
    ['attestations?digest=constructor:ab', 'digest_malformed'],
    ['history?digest=x', 'digest_malformed'],
    ['verdicts?digest=x', 'digest_malformed'],
    ['images/x', 'digest_malformed'],
    ['images/x/attestations', 'digest_malformed'],
    ['images/x/history', 'digest_malformed'],
    ['attestations?kind=constructor', 'request_invalid'],
    ['attestations?status=unknown', 'request_invalid'],
    ['attestations?kind=build&kind=scan', 'request_invalid'],
    ['attestations?knd=build', 'request_invalid'],
    ['attestations?__proto__=x', 'request_invalid'],
    ['attestations?limit=1&limit=2', 'request_invalid'],
    ['history?type=unknown', 'request_invalid'],
    ['verdicts?decision=maybe', 'request_invalid'],
    ['attestations?attestor=a%00b', 'request_invalid'],
    ['attestations?predicateType=a%00b', 'request_invalid'],
    ['attestations?receivedBy=a%00b', 'request_invalid'],
    ['history?actor=a%00b', 'request_invalid'],
    ['verdicts?policy=a%00b', 'request_invalid'],
    ['policies/a%00b/revisions', 'request_invalid'],
    ['attestations/x', 'attestation_id_malformed'],
    [`attestations/${'A'.repeat(64)}/envelope`, 'attestation_id_malformed'],
  ])('%s', async (path, code) => {
    expectRefused(await careless.get(`/v1/${path}`), { status: 400, code });
  });
});

describe('what is not there', () => {
  it.each([
    ['/', 'route_not_found'],
    ['/v1', 'route_not_found'],
    ['/v1/attestations/', 'route_not_found'],
    ['/V1/attestations', 'route_not_found'],
    ['/v2/attestations', 'route_not_found'],
    ['/v1/..%2f..%2fetc/passwd', 'route_not_found'],
    ['/docs/..%2f..%2fpackage.json', 'route_not_found'],
    ['/constructor', 'route_not_found'],
    ['/__proto__', 'route_not_found'],
    [`/v1/attestations/${newImage()}`, 'attestation_not_found'],
    [`/v1/attestations/${newImage()}/envelope`, 'attestation_not_found'],
    ['/v1/attestors/unknown', 'attestor_not_found'],
    ['/v1/attestors/__proto__', 'attestor_not_found'],
    ['/v1/attestors/constructor', 'attestor_not_found'],
    ['/v1/policies/unknown', 'policy_not_found'],
    ['/v1/policies/__proto__', 'policy_not_found'],
    ['/v1/policies/unknown/revisions', 'policy_not_found'],
    ['/v1/policies/release/revisions/2', 'policy_not_found'],
    ['/v1/policies/release/revisions/01', 'policy_not_found'],
    ['/v1/policies/release/revisions/99999999999', 'policy_not_found'],
    ['/v1/verdicts/1', 'verdict_not_found'],
    ['/v1/verdicts/00000000-0000-4000-8000-000000000000', 'verdict_not_found'],
  ])('%s', async (path, code) => {
    expectRefused(await careless.get(path), { status: 404, code });
  });

  it('is neither changed nor deleted', async () => {
    const missing = { status: 404, code: 'attestor_not_found' };
    const revocation = { reason: 'compromised' };
    expectRefused(await careless.delete('/v1/attestors/unknown'), missing);
    expectRefused(await careless.delete('/v1/attestors/__proto__'), missing);
    expectRefused(await careless.post('/v1/attestors/unknown/keys/k1/revoke', revocation), missing);
    const { publicKey } = release.keys.ci;
    expectRefused(await careless.post('/v1/attestors/unknown/keys', { id: 'k1', publicKey }), missing);
    for (const key of ['k2', '__proto__', 'constructor']) {
      const answer = await careless.post(`/v1/attestors/ci/keys/${key}/revoke`, revocation);
      expectRefused(answer, { status: 404, code: 'key_not_found' });
    }
    expectRefused(await careless.delete('/v1/tokens/unknown'), { status: 404, code: 'token_not_found' });
  });

  it('is a method that the path does not take, and the answer names those that it takes', async () => {
    const response = await app.request('/v1/attestors/ci', {
      method: 'PATCH',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('DELETE, GET, HEAD, PUT');
    expect(await response.json()).toMatchObject({ code: 'method_not_allowed' });
  });
});

describe('an expression that never ends', () => {
  it('denies, says so, and keeps nobody else waiting', async () => {
    const list = `[${'1,'.repeat(400)}1]`;
    const endless = `${list}.all(a, ${list}.all(b, ${list}.all(c, a + b + c > 0)))`;
    await publish(admin, 'endless', `policy: endless\nrequirements: [{id: it, check: '${endless}'}]\n`);
    const [image, other] = [newImage(), newImage()];
    const answered: string[] = [];
    const slow = verdictOn(admin, image, 'policy=endless').finally(() => answered.push('endless'));
    const others = Array.from({ length: 5 }, async () => {
      await verdictOn(admin, other);
      answered.push('other');
    });
    const posted = postExamined(admin, release.signed('qa', other)).finally(() => answered.push('evidence'));
    const verdict = await slow;
    await Promise.all([...others, posted]);
    expect(verdict).toMatchObject({
      decision: 'deny',
      requirements: [{ id: 'it', status: 'error', code: 'evaluation_error' }],
    });
    expect(answered.at(-1)).toBe('endless');
  });

  it('does not spoil the expressions after it', async () => {
    expect((await verdictOn(admin, newImage(), 'policy=regional&param.region=eu')).decision).toBe('allow');
  });
});

describe('bytes that are no request', () => {
  const head = (line: string): string =>
    `${line} HTTP/1.1\r\nHost: assay\r\nConnection: close\r\nAuthorization: Bearer ${app.adminToken}\r\n`;

  it.each<readonly [string, () => string, Refusal]>([
    ['something else than HTTP', () => 'EHLO assay\r\n\r\n', { status: 400, code: 'request_invalid' }],
    [
      'a method that nobody knows',
      () => `${head('MISCHIEF /v1/history')}\r\n`,
      { status: 400, code: 'request_invalid' },
    ],
    [
      'a raw NUL in the URL',
      () => `${head('GET /v1/history?actor=a\0b')}\r\n`,
      { status: 400, code: 'request_invalid' },
    ],
    [
      'raw bytes in the URL',
      () => `${head('GET /v1/history?actor=\xff')}\r\n`,
      { status: 400, code: 'request_invalid' },
    ],
    [
      'half an escape in the path',
      () => `${head('GET /v1/attestors/%')}\r\n`,
      { status: 400, code: 'request_invalid' },
    ],
    [
      'bytes in the path that are not UTF-8',
      () => `${head('GET /v1/attestors/%ff')}\r\n`,
      { status: 400, code: 'request_invalid' },
    ],
    [
      'a path without end',
      () => `${head(`GET /v1/attestors/${'a'.repeat(501)}`)}\r\n`,
      { status: 414, code: 'request_invalid' },
    ],
    [
      'a query without end',
      () => `${head(`GET /v1/history?actor=${'a'.repeat(20_000)}`)}\r\n`,
      { status: 431, code: 'headers_too_large' },
    ],
    [
      'a header without end',
      () => `${head('GET /v1/history')}X-Long: ${'a'.repeat(20_000)}\r\n\r\n`,
      { status: 431, code: 'headers_too_large' },
    ],
    [
      'two lengths',
      () => `${head('POST /v1/attestations')}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      { status: 400, code: 'request_invalid' },
    ],
    [
      'a length below zero',
      () => `${head('POST /v1/attestations')}Content-Length: -1\r\n\r\n{}`,
      { status: 400, code: 'request_invalid' },
    ],
    [
      'chunks of no length',
      () => `${head('POST /v1/attestations')}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
      { status: 400, code: 'request_invalid' },
    ],
    ['a path of two slashes', () => `${head('GET //v1/history')}\r\n`, { status: 404, code: 'route_not_found' }],
  ])('%s', async (_name, request, refusal) => {
    expectRefused(answerIn(await sendRaw(app.url, request())), refusal);
  });

  it('in a request id do not come back', async () => {
    for (const [sent, kept] of [
      ['release-7:gate.1', true],
      ['a b', false],
      ['<script>', false],
      ['x'.repeat(129), false],
    ] as const) {
      const answer = await admin.get('/v1/attestors/unknown', { 'x-request-id': sent });
      expect(answer.headers.get('x-request-id') === sent).toBe(kept);
      expectRefused(answer, { status: 404, code: 'attestor_not_found' });
    }
  });
});

describe('after all of that', () => {
  it('the service is ready, and nothing that was refused has left a trace', async () => {
    await careless.expectNoTrace();
  });
});
