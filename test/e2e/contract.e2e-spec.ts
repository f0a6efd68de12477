import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiApplication } from '../../src/api.module.js';
import { entities } from '../../src/data-source.js';
import { readConfig } from '../../src/platform/config.js';
import { openDatabase } from '../../src/platform/database.js';
import { createLogger } from '../../src/platform/logger.js';
import { Degradations } from '../../src/platform/degradations.js';
import { Metrics } from '../../src/platform/metrics.js';
import { openQueues } from '../../src/platform/queue.js';
import { ROLES, type Role } from '../../src/platform/roles.js';
import { demand, eventually } from '../support/answers.js';
import { apiAs, apiOf, type Answer, type Api } from '../support/api.js';
import { ApiContract } from '../support/api-contract.js';
import { expectRefused } from '../support/problems.js';
import { newImage, postExamined, prepareRelease, RELEASE_POLICY, type Release } from '../support/release.js';
import { makeKey } from '../support/sign.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** Whom each route lets through beside `admin`. */
const ROUTES: Readonly<Record<string, readonly Role[] | 'public'>> = {
  'GET /healthz': 'public',
  'GET /readyz': 'public',
  'GET /metrics': 'public',
  'GET /openapi.yaml': 'public',
  'GET /.well-known/assay/keys.json': 'public',
  'GET /.well-known/assay/log.json': 'public',
  'GET /.well-known/assay/log.vkey': 'public',
  'GET /log/checkpoint': 'public',
  'GET /log/tile/{level}/{path}': 'public',
  'GET /log/tile/entries/{path}': ['auditor'],
  'POST /log/cosignatures': ['attester', 'auditor'],
  'GET /v1/schemas/policy.json': 'public',
  'POST /v1/attestations': ['attester'],
  'GET /v1/attestations': ['attester', 'auditor'],
  'GET /v1/attestations/{id}': ['attester', 'auditor'],
  'GET /v1/attestations/{id}/envelope': ['attester', 'auditor'],
  'POST /v1/attestations/{id}/revoke': ['trust-admin'],
  'POST /v1/attestations/{id}/retract': ['trust-admin'],
  'GET /v1/attestations/{id}/flips': ['auditor', 'trust-admin'],
  'GET /v1/images': ['auditor'],
  'GET /v1/images/{digest}': ['auditor'],
  'GET /v1/images/{digest}/attestations': ['attester', 'auditor'],
  'GET /v1/images/{digest}/history': ['auditor'],
  'POST /v1/images/{digest}/manifests': ['attester'],
  'GET /v1/images/{digest}/manifests': ['auditor'],
  'GET /v1/images/{digest}/verdict': ['gate', 'auditor', 'policy-admin'],
  'POST /v1/verdicts': ['gate', 'break-glass'],
  'GET /v1/verdicts': ['auditor'],
  'GET /v1/verdicts/{id}': ['gate', 'auditor'],
  'GET /v1/verdicts/{id}/replay': ['auditor'],
  'GET /v1/export': ['auditor'],
  'GET /v1/history': ['auditor'],
  'GET /v1/history/consistency': ['auditor'],
  'GET /v1/history/{sequence}/proof': ['auditor'],
  'POST /v1/legal-holds': [],
  'GET /v1/legal-holds': ['auditor'],
  'GET /v1/legal-holds/{id}': ['auditor'],
  'POST /v1/legal-holds/{id}/release': [],
  'GET /v1/attestors': ['auditor', 'trust-admin'],
  'GET /v1/attestors/{name}': ['auditor', 'trust-admin'],
  'PUT /v1/attestors/{name}': ['trust-admin'],
  'DELETE /v1/attestors/{name}': ['trust-admin'],
  'POST /v1/attestors/{name}/keys': ['trust-admin'],
  'POST /v1/attestors/{name}/keys/{keyId}/revoke': ['trust-admin'],
  'GET /v1/attestors/{name}/keys/{keyId}/images': ['auditor', 'trust-admin'],
  'GET /v1/attestors/{name}/keys/{keyId}/flips': ['auditor', 'trust-admin'],
  'POST /v1/attestors/{name}/identities': ['trust-admin'],
  'POST /v1/attestors/{name}/identities/{identityId}/revoke': ['trust-admin'],
  'GET /v1/attestors/{name}/identities/{identityId}/images': ['auditor', 'trust-admin'],
  'GET /v1/attestors/{name}/identities/{identityId}/flips': ['auditor', 'trust-admin'],
  'GET /v1/trust-roots': ['auditor', 'trust-admin'],
  'GET /v1/trust-roots/{name}': ['auditor', 'trust-admin'],
  'PUT /v1/trust-roots/{name}': ['trust-admin'],
  'DELETE /v1/trust-roots/{name}': ['trust-admin'],
  'GET /v1/policies': ['gate', 'auditor', 'policy-admin'],
  'GET /v1/policies/{name}': ['gate', 'auditor', 'policy-admin'],
  'PUT /v1/policies/{name}': ['policy-admin'],
  'POST /v1/policies/check': ['attester', 'auditor', 'policy-admin'],
  'POST /v1/policies/{name}/impact': ['policy-admin'],
  'GET /v1/policies/{name}/revisions': ['auditor', 'policy-admin'],
  'GET /v1/policies/{name}/revisions/{revision}': ['auditor', 'policy-admin'],
  'POST /v1/waivers': ['policy-admin'],
  'GET /v1/waivers': ['auditor', 'policy-admin'],
  'GET /v1/waivers/{id}': ['auditor', 'policy-admin'],
  'POST /v1/waivers/{id}/approve': ['policy-admin'],
  'POST /v1/waivers/{id}/revoke': ['policy-admin'],
  'POST /v1/tokens': [],
  'GET /v1/tokens': ['auditor'],
  'DELETE /v1/tokens/{id}': [],
};

let database: TestDatabase;
let app: TestApp;
let admin: Api;
let release: Release;
let contract: ApiContract;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  admin = apiOf(app);
  release = await prepareRelease(admin);
  await eventually(async () => {
    demand(await admin.get('/log/tile/0/000.p/1'), 200);
  });
  contract = new ApiContract(demand(await apiOf(app, null).get('/openapi.yaml'), 200).text);
});

afterAll(async () => {
  await app.stop();
  await database.drop();
});

/** A path of the operation that is about nothing there is. */
function somePath(operation: string): string {
  const [, path = ''] = operation.split(' ');
  return path
    .replace('{level}/{path}', '0/000.p/1')
    .replace('{digest}', newImage())
    .replace('{id}', newImage())
    .replace(/\{\w+\}/g, 'unknown')
    .replace(/\/verdict$/, '/verdict?policy=unknown');
}

async function call(api: Api, operation: string, path = somePath(operation)): Promise<Answer> {
  const [method = ''] = operation.split(' ');
  switch (method) {
    case 'GET':
      return api.get(path);
    case 'DELETE':
      return api.delete(path);
    case 'PUT':
      return api.put(path, {});
    default:
      return api.post(path, {});
  }
}

describe('the API’s own description', () => {
  it('lists every route that is registered, and nothing else', async () => {
    const registered = (await registeredRoutes()).filter((route) => !/ \/docs(?:\/|$)/.test(route));
    // The tree of the application shows all routes that end with a star as one.
    const described = new Set(contract.operations.map((route) => route.replace(/ \/.*\{path\}$/, ' *')));
    expect([...described].sort()).toEqual(registered.sort());
  });

  it('says of the routes which are public', () => {
    const open = contract.operations.filter((operation) => contract.isPublic(operation));
    expect(open.sort()).toEqual(
      Object.keys(ROUTES)
        .filter((route) => ROUTES[route] === 'public')
        .sort(),
    );
  });

  it('is for people, too', async () => {
    const answer = await apiOf(app, null).get('/docs');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('text/html');
  });
});

/** As the application itself knows them, with OpenAPI's form of parameters. */
async function registeredRoutes(): Promise<string[]> {
  const opened = await openDatabase({ url: database.url, entities, applicationName: 'routes', poolSize: 1 });
  const queues = await openQueues({ redisUrl: null, databaseUrl: database.url, onError: () => undefined });
  const parts = {
    config: readConfig({}),
    database: opened,
    queues,
    logger: createLogger('silent'),
    metrics: new Metrics(),
    degradations: new Degradations(),
  };
  const { app: application } = await createApiApplication(parts, null);
  await application.init();
  const fastify = application.getHttpAdapter().getInstance();
  await fastify.ready();
  const tree = fastify.printRoutes({ commonPrefix: false });
  await application.close();
  await queues.close();
  await opened.close();
  return routesIn(tree);
}

/** Each line of the tree is drawn four columns to the right of the one whose path it goes on from. */
function routesIn(tree: string): string[] {
  const above: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, drawn = '', segment = '', methods = ''] = /^(.*[├└]── )(\S*) \((.*)\)$/.exec(line) ?? [];
    if (segment === '') return [];
    const depth = drawn.length / 4;
    const path = (above[depth - 1] ?? '') + segment;
    above[depth] = path;
    return methods
      .split(', ')
      .filter((method) => method !== 'HEAD')
      .map((method) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
  });
}

describe('who may do what', () => {
  it('is said here of every route', () => {
    expect(Object.keys(ROUTES).sort()).toEqual([...contract.operations].sort());
  });

  it.each(Object.entries(ROUTES).filter(([, roles]) => roles === 'public'))('%s is everybody’s', async (operation) => {
    for (const token of [null, 'nonsense', app.adminToken]) {
      const answer = await call(apiOf(app, token), operation);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-request-id')).toMatch(/./);
    }
  });

  it.each(Object.entries(ROUTES).filter(([, roles]) => roles !== 'public'))(
    '%s is for %s',
    async (operation, allowed) => {
      const nobody = await call(apiOf(app, null), operation);
      expectRefused(nobody, { status: 401, code: 'token_missing' });
      expect(nobody.headers.get('www-authenticate')).toMatch(/^Bearer\b/);
      expectRefused(await call(apiOf(app, 'nonsense'), operation), { status: 401, code: 'token_invalid' });
      for (const [role, api] of await callers()) {
        const answer = await call(api, operation);
        const may = role === 'admin' || allowed.includes(role);
        if (!may) expectRefused(answer, { status: 403, code: 'role_missing' });
        else expect([role, answer.status]).not.toEqual([role, expect.toBeOneOf([401, 403])]);
        expect(answer.status).toBeLessThan(500);
        expect(answer.headers.get('x-request-id')).toMatch(/./);
      }
    },
  );

  it('is asked before a body is read', async () => {
    const broken = '{"kinds":';
    const types = [{ 'content-type': 'application/json' }, { 'content-type': 'text/plain' }];
    for (const operation of contract.operations.filter((each) => /^(?:PUT|POST) /.test(each))) {
      const method = operation.startsWith('PUT') ? 'put' : 'post';
      for (const headers of types) {
        const answer = await apiOf(app, null)[method](somePath(operation), broken, headers);
        expectRefused(answer, { status: 401, code: 'token_missing' });
      }
    }
  });

  it('is not to be had by another scheme, by half a header or in the URL', async () => {
    for (const authorization of [`Basic ${btoa(`x:${app.adminToken}`)}`, 'Bearer', `Bearer ${app.adminToken} x`, 'x']) {
      const answer = await apiOf(app, null).get('/v1/tokens', { authorization });
      expectRefused(answer, { status: 401, code: 'token_invalid' });
    }
    const inUrl = await apiOf(app, null).get(`/v1/tokens?access_token=${app.adminToken}`);
    expectRefused(inUrl, { status: 401, code: 'token_missing' });
  });
});

let tokens: Promise<ReadonlyMap<Role, Api>> | undefined;

function callers(): Promise<ReadonlyMap<Role, Api>> {
  return (tokens ??= Promise.all(
    ROLES.map(async (role) => [role, await apiAs(app, { name: role, roles: [role] })] as const),
  ).then((entries) => new Map(entries)));
}

describe('a pinned gate', () => {
  it('asks by its policies and with its parameters only, on both routes', async () => {
    const policy = `policy: pinned
parameters: {region: {type: string, required: true}}
requirements: [{id: here, check: 'params.region == "eu"'}]
`;
    demand(await admin.put('/v1/policies/pinned', policy, { 'content-type': 'application/yaml' }), 201);
    const gate = await apiAs(app, { roles: ['gate'], policies: ['pinned'], parameters: { region: 'eu' } });
    const image = newImage();
    const read = (query: string): Promise<Answer> => gate.get(`/v1/images/${image}/verdict?${query}`);
    const record = (question: object): Promise<Answer> => gate.post('/v1/verdicts', { images: [image], ...question });
    expect((await read('policy=pinned')).body).toMatchObject({ decision: 'allow', parameters: { region: 'eu' } });
    expect((await read('policy=pinned&param.region=eu')).status).toBe(200);
    expect((await record({ policy: 'pinned' })).body).toMatchObject({ items: [{ decision: 'allow' }] });
    const parameter = { status: 403, code: 'parameter_not_permitted' };
    expectRefused(await read('policy=pinned&param.region=us'), parameter);
    expectRefused(await record({ policy: 'pinned', parameters: { region: 'us' } }), parameter);
    for (const other of ['release', 'unknown']) {
      const refused = { status: 403, code: 'policy_not_permitted' };
      expectRefused(await read(`policy=${other}`), refused);
      expectRefused(await record({ policy: other }), refused);
    }
  });
});

describe('HEAD and OPTIONS', () => {
  it('HEAD answers as GET does, without the body', async () => {
    for (const operation of contract.operations.filter((each) => each.startsWith('GET '))) {
      const path = somePath(operation);
      const [get, head] = [await app.request(path), await app.request(path, { method: 'HEAD' })];
      expect([operation, head.status]).toEqual([operation, get.status]);
      expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
      expect(head.headers.get('x-request-id')).toMatch(/./);
      expect(await head.text()).toBe('');
      const unknown = await app.request(path, { method: 'HEAD', token: null });
      expect([operation, unknown.status]).toEqual([operation, contract.isPublic(operation) ? 200 : 401]);
    }
  });

  it('OPTIONS is answered with the methods of the path, and lets no other origin in', async () => {
    const headers = { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST' };
    for (const operation of contract.operations) {
      const answer = await app.request(somePath(operation), { method: 'OPTIONS', token: null, headers });
      const [method = ''] = operation.split(' ');
      expect([operation, answer.status]).toEqual([operation, 405]);
      expect(answer.headers.get('allow')?.split(', ')).toContain(method);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});

describe('answers', () => {
  const faultsOf = async (asked: readonly (readonly [string, Promise<Answer>])[]): Promise<readonly unknown[]> => {
    const answers = await Promise.all(asked.map(async ([operation, answer]) => [operation, await answer] as const));
    return answers.flatMap(([operation, answer]) => {
      const fault = contract.faultOf(operation, answer);
      return fault === null ? [] : [[operation, answer.status, fault]];
    });
  };

  it('are as the description foretells', async () => {
    const image = newImage();
    const key = makeKey();
    const name = 'described';
    const json = { 'content-type': 'application/json' };
    const keyBody = { id: 'k1', publicKey: key.publicKey };
    const document = { kinds: ['build'], keys: [], builders: [{ id: 'https://ci.example/*', slsaLevel: 2 }] };
    const put = (body: object): Promise<Answer> => admin.put(`/v1/attestors/${name}`, body);
    const policyText = RELEASE_POLICY.replace('policy: release', `policy: ${name}`);
    const policy = (path: string, method: 'put' | 'post'): Promise<Answer> =>
      admin[method](path, policyText, { 'content-type': 'application/yaml' });
    const evidence = release.signed('ci', image);
    const lines = `${String(release.signed('qa', image))}\n{}\n`;

    const breakGlass = { justification: 'the site is down' };
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const words = { reason: 'for a while', reference: 'SEC-12' };
    const waiver = { policy: name, requirement: 'built', scope: { digest: image }, until, approvals: 1, ...words };

    const writes: [string, () => Promise<Answer>][] = [
      ['PUT /v1/attestors/{name}', () => put(document)],
      ['PUT /v1/attestors/{name}', () => put(document)],
      ['POST /v1/attestors/{name}/keys', () => admin.post(`/v1/attestors/${name}/keys`, keyBody)],
      ['POST /v1/attestors/{name}/keys', () => admin.post(`/v1/attestors/${name}/keys`, keyBody)],
      ['PUT /v1/policies/{name}', () => policy(`/v1/policies/${name}`, 'put')],
      ['PUT /v1/policies/{name}', () => policy(`/v1/policies/${name}`, 'put')],
      ['POST /v1/policies/check', () => policy('/v1/policies/check', 'post')],
      ['POST /v1/attestations', () => admin.post('/v1/attestations', evidence)],
      ['POST /v1/attestations', () => admin.post('/v1/attestations', evidence, { prefer: 'wait=30' })],
      ['POST /v1/attestations', () => admin.post('/v1/attestations', lines, { 'content-type': 'application/jsonl' })],
      ['POST /v1/attestations', () => admin.post('/v1/attestations', '{}', json)],
      ['POST /v1/verdicts', () => admin.post('/v1/verdicts', { policy: name, images: [image] })],
      ['POST /v1/verdicts', () => admin.post('/v1/verdicts', { policy: name, images: [image], breakGlass })],
      ['POST /v1/waivers', () => admin.post('/v1/waivers', waiver)],
      ['POST /v1/waivers', () => admin.post('/v1/waivers', { ...waiver, requirement: 'unknown' })],
      ['POST /v1/tokens', () => admin.post('/v1/tokens', { name, roles: ['auditor'] })],
    ];
    for (const [operation, write] of writes) expect(await faultsOf([[operation, write()]])).toEqual([]);

    const { body: posted } = await postExamined(admin, release.signed('trivy', image));
    const { body: verdicts } = demand(await admin.get('/v1/verdicts?limit=1'), 200);
    const { body: waivers } = demand(await admin.get('/v1/waivers?limit=1'), 200);
    const other = await apiAs(app, { roles: ['policy-admin'] });
    const { body: issued } = demand(await admin.post('/v1/tokens', { name, roles: ['gate'], policies: [name] }), 201);
    const read = (operation: string, path: string, headers = {}): [string, Promise<Answer>] => [
      operation,
      admin.get(path, headers),
    ];
    const faults = await faultsOf([
      read('GET /healthz', '/healthz'),
      read('GET /readyz', '/readyz'),
      read('GET /metrics', '/metrics'),
      read('GET /openapi.yaml', '/openapi.yaml'),
      read('GET /v1/schemas/policy.json', '/v1/schemas/policy.json'),
      read('GET /v1/attestations', '/v1/attestations?limit=2'),
      read('GET /v1/attestations/{id}', `/v1/attestations/${posted.id}`),
      read('GET /v1/attestations/{id}/envelope', `/v1/attestations/${posted.id}/envelope`),
      read('GET /v1/images/{digest}', `/v1/images/${image}`),
      read('GET /v1/images/{digest}/attestations', `/v1/images/${image}/attestations`),
      read('GET /v1/images/{digest}/history', `/v1/images/${image}/history`),
      read('GET /v1/images/{digest}/verdict', `/v1/images/${image}/verdict?policy=${name}`),
      read('GET /v1/verdicts', '/v1/verdicts'),
      read('GET /v1/verdicts/{id}', `/v1/verdicts/${verdicts.items[0].id}`),
      read('GET /v1/history', '/v1/history?limit=1000'),
      read('GET /v1/history/consistency', '/v1/history/consistency?from=1'),
      read('GET /v1/history/{sequence}/proof', '/v1/history/1/proof'),
      read('GET /v1/history/{sequence}/proof', '/v1/history/1/proof', { accept: 'text/plain' }),
      read('GET /.well-known/assay/log.json', '/.well-known/assay/log.json'),
      read('GET /.well-known/assay/log.vkey', '/.well-known/assay/log.vkey'),
      read('GET /log/checkpoint', '/log/checkpoint'),
      read('GET /log/tile/{level}/{path}', '/log/tile/0/000.p/1'),
      read('GET /log/tile/entries/{path}', '/log/tile/entries/000.p/1'),
      read('GET /v1/attestors', '/v1/attestors'),
      read('GET /v1/attestors/{name}', `/v1/attestors/${name}`),
      read('GET /v1/policies', '/v1/policies'),
      read('GET /v1/policies/{name}', `/v1/policies/${name}`),
      read('GET /v1/policies/{name}', `/v1/policies/${name}`, { accept: 'application/yaml' }),
      read('GET /v1/policies/{name}/revisions', `/v1/policies/${name}/revisions`),
      read('GET /v1/policies/{name}/revisions/{revision}', `/v1/policies/${name}/revisions/1`),
      read('GET /v1/waivers', '/v1/waivers'),
      read('GET /v1/waivers/{id}', `/v1/waivers/${waivers.items[0].id}`),
      ['POST /v1/waivers/{id}/approve', other.post(`/v1/waivers/${waivers.items[0].id}/approve`, {})],
      read('GET /v1/tokens', '/v1/tokens'),
    ]);
    expect(faults).toEqual([]);

    const ending = admin.post(`/v1/waivers/${waivers.items[0].id}/revoke`, { reason: 'fixed' });
    expect(await faultsOf([['POST /v1/waivers/{id}/revoke', ending]])).toEqual([]);
    const revocation = admin.post(`/v1/attestors/${name}/keys/k1/revoke`, { reason: 'compromised' });
    expect(await faultsOf([['POST /v1/attestors/{name}/keys/{keyId}/revoke', revocation]])).toEqual([]);
    expect(await faultsOf([read('GET /v1/attestors/{name}', `/v1/attestors/${name}`)])).toEqual([]);
    expect(await faultsOf([['DELETE /v1/attestors/{name}', admin.delete(`/v1/attestors/${name}`)]])).toEqual([]);
    expect(await faultsOf([['DELETE /v1/tokens/{id}', admin.delete(`/v1/tokens/${issued.id}`)]])).toEqual([]);
  });

  it('that are verdicts are kept by nobody on the way, allow, deny and refusal alike', async () => {
    const verdict = (query: string): Promise<Answer> => admin.get(`/v1/images/${newImage()}/verdict?${query}`);
    const always = "policy: always\nrequirements: [{id: sure, check: 'true'}]\n";
    demand(await admin.put('/v1/policies/always', always, { 'content-type': 'application/yaml' }), 201);
    const answers = [
      await verdict('policy=always'),
      await verdict('policy=release'),
      await verdict('policy=unknown'),
      await admin.post('/v1/verdicts', { policy: 'always', images: [newImage()] }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 201]);
    expect(answers.map(({ headers }) => headers.get('cache-control'))).toEqual(Array(4).fill('no-store'));
  });

  it('show a token this once, and keep it from caches', async () => {
    const issued = demand(await admin.post('/v1/tokens', { name: 'once', roles: ['gate'] }), 201);
    expect(issued.headers.get('cache-control')).toBe('no-store');
    expect((await admin.get('/v1/tokens')).text).not.toContain(issued.body.token);
    expect((await admin.get('/v1/history?limit=1000')).text).not.toContain(issued.body.token);
  });
});
