import { once } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Writable } from 'node:stream';
import { Body, Controller, Get, Module, Param, Post, Query } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AppError } from '../../src/platform/app-error.js';
import { TakesDocument } from '../../src/platform/document-body.js';
import { createHttpApplication } from '../../src/platform/http-application.js';
import { createLogger } from '../../src/platform/logger.js';
import { Metrics } from '../../src/platform/metrics.js';
import { registerRawRoutes, type RawRoute } from '../../src/platform/raw-route.js';

const body = z.strictObject({ keys: z.array(z.strictObject({ id: z.string() })) });
const query = z.strictObject({ limit: z.coerce.number().max(10).optional() });

@Controller('things')
class ThingController {
  @Get(':name')
  get(@Param('name') name: string, @Query({ schema: query }) { limit }: z.infer<typeof query>): object {
    if (name === 'broken') throw new Error('the password is hunter2');
    if (name === 'taken') throw new AppError('conflict', 'name_taken', 'is taken');
    return { name, limit: limit ?? null };
  }

  @Post()
  post(@Body({ schema: body }) { keys }: z.infer<typeof body>): object {
    return { count: keys.length };
  }

  @Post('document')
  @TakesDocument()
  document(@Body() bytes: Buffer): object {
    return { hex: bytes.toString('hex') };
  }
}

@Module({ controllers: [ThingController] })
class ThingModule {}

const MAX_BODY = 1_000;
const held: (() => void)[] = [];

function rawRoute(url: string, route: Omit<RawRoute, 'operation'>): RawRoute {
  const operation = { operationId: url, summary: '', tag: '', roles: 'public', responses: {} } as const;
  return { operation: { ...operation, method: route.body === 'none' ? 'GET' : 'POST', url }, ...route };
}

const authenticate = (request: FastifyRequest): Promise<void> =>
  request.headers.authorization === 'Bearer good'
    ? Promise.resolve()
    : Promise.reject(new AppError('unauthenticated', 'token_missing', 'no token'));

const routes: readonly RawRoute[] = [
  rawRoute('/raw/bytes', {
    authenticate,
    body: 'bytes',
    handle: (request) => ({ hex: (request.body as Buffer).toString('hex') }),
  }),
  rawRoute('/raw/json', { authenticate: 'public', body: 'json', handle: (request) => ({ got: request.body }) }),
  rawRoute('/raw/broken', {
    authenticate: 'handler',
    body: 'none',
    handle: () => Promise.reject(new Error('the password is hunter2')),
  }),
  rawRoute('/raw/held', {
    authenticate: 'public',
    body: 'bytes',
    handle: async () => {
      await new Promise<void>((resolve) => held.push(resolve));
      return {};
    },
  }),
];

let app: NestFastifyApplication;
let base: string;
let log = '';

beforeAll(async () => {
  const destination = new Writable({
    write(chunk, _encoding, done) {
      log += String(chunk);
      done();
    },
  });
  const logger = createLogger('debug', destination);
  app = await createHttpApplication(ThingModule, { logger, metrics: new Metrics() });
  registerRawRoutes(app, routes, { maxBodyBytes: MAX_BODY, bodyBudgetBytes: 1_500, logger });
  await app.listen(0, '127.0.0.1');
  base = await app.getUrl();
});

afterAll(async () => {
  await app.close();
});

async function problemOf(response: Response): Promise<unknown> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = (await response.json()) as { status: number; requestId: string };
  expect(problem.status).toBe(response.status);
  expect(problem.requestId).toBe(response.headers.get('x-request-id'));
  return problem;
}

const post = (path: string, text: string | Uint8Array, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${base}${path}`, { method: 'POST', body: text, headers: { 'content-type': 'application/json', ...headers } });

const good = { authorization: 'Bearer good' };

describe('every answer', () => {
  it('carries the request’s id: the client’s own where it is harmless, else one of ours', async () => {
    const own = await fetch(`${base}/things/a`, { headers: { 'x-request-id': 'build-42.a:b_c' } });
    expect(own.headers.get('x-request-id')).toBe('build-42.a:b_c');
    for (const bad of ['a b', 'x'.repeat(129), '"quoted"']) {
      const response = await fetch(`${base}/raw/broken`, { headers: { 'x-request-id': bad } });
      expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('is counted by route and never by what somebody made up', async () => {
    await fetch(`${base}/made-up-by-somebody`);
    await fetch(`${base}/things/made-up-by-somebody`);
    expect(log).toContain('"route":"/things/:name"');
    expect(log).toContain('"route":"none"');
  });
});

describe('a fault', () => {
  it.each([
    ['GET', '/nowhere', 404, 'route_not_found'],
    ['DELETE', '/things/a', 405, 'method_not_allowed'],
    ['GET', '/raw/bytes', 405, 'method_not_allowed'],
    ['GET', '/things/%zz', 400, 'request_invalid'],
    ['GET', '/things/taken', 409, 'name_taken'],
    ['GET', '/things/broken', 500, 'internal_error'],
    ['GET', '/raw/broken', 500, 'internal_error'],
    ['GET', '/things/a?limit=11', 400, 'request_invalid'],
    ['GET', '/things/a?unknown=1', 400, 'request_invalid'],
    ['GET', `/things/${'x'.repeat(600)}`, 414, 'request_invalid'],
  ])('of %s %s is answered %i %s', async (method, path, status, code) => {
    const response = await fetch(`${base}${path}`, { method });
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ status, code });
    expect(JSON.stringify(problem)).not.toContain('hunter2');
  });

  it('of ours is logged under the id that the client was told', async () => {
    const response = await fetch(`${base}/raw/broken`);
    const line = log
      .split('\n')
      .find((text) => text.includes('"failed"') && text.includes(response.headers.get('x-request-id') ?? '?'));
    expect(line).toContain('hunter2');
  });

  it('names the methods that a path does take', async () => {
    const response = await fetch(`${base}/things`, { method: 'PUT' });
    expect(response.headers.get('allow')).toBe('POST');
    await problemOf(response);
  });

  it('in a body is told with its path', async () => {
    const problem = await problemOf(await post('/things', '{"keys":[{"id":1},{"id":"b","x":2}]}'));
    expect(problem).toMatchObject({ code: 'request_invalid', errors: [{ path: 'keys[0].id' }, { path: 'keys[1]' }] });
  });

  it.each(['/things', '/raw/json'])('in the JSON of %s is the caller’s', async (path) => {
    for (const text of ['{', '', '{"__proto__":{}}', '['.repeat(500)]) {
      expect(await problemOf(await post(path, text))).toMatchObject({ status: 400, code: 'json_malformed' });
    }
  });

  it('is a content type that nobody reads, or a body that is too large', async () => {
    const css = await post('/things', 'a{}', { 'content-type': 'text/css' });
    expect(await problemOf(css)).toMatchObject({ status: 415, code: 'content_type_unsupported' });
    const large = await post('/things', `"${'x'.repeat(1_100_000)}"`);
    expect(await problemOf(large)).toMatchObject({ status: 413, code: 'body_too_large' });
  });
});

describe('bodies', () => {
  it('that are documents reach their route byte for byte, whatever they hold', async () => {
    const types = ['application/yaml', 'text/yaml', 'application/x-yaml; charset=utf-8', 'application/json'];
    const bytes = Buffer.from('policy: a\n# said \u00e9\n{');
    for (const type of types) {
      const response = await post('/things/document', bytes, { 'content-type': type });
      expect(await response.json()).toEqual({ hex: bytes.toString('hex') });
    }
    const yaml = await post('/things', 'keys: []\n', { 'content-type': 'application/yaml' });
    expect(await problemOf(yaml)).toMatchObject({ status: 415, code: 'content_type_unsupported' });
  });

  it('that two readers would read differently are refused', async () => {
    for (const text of ['{"keys":[],"keys":[1]}', '{"keys":["\\u0000"]}', '{"__proto__":{}}']) {
      expect(await problemOf(await post('/things', text))).toMatchObject({ status: 400, code: 'json_malformed' });
    }
  });

  it('reach a hot route byte for byte, whatever their type', async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 123]);
    for (const type of ['application/json', 'text/plain', 'x/y', '']) {
      const headers = type === '' ? good : { ...good, 'content-type': type };
      const response = await fetch(`${base}/raw/bytes`, { method: 'POST', body: bytes, headers });
      expect(await response.json()).toEqual({ hex: '00ff0a0d7b' });
    }
    const empty = await fetch(`${base}/raw/bytes`, { method: 'POST', headers: good });
    expect(await empty.json()).toEqual({ hex: '' });
  });

  it('of exactly the limit are taken and one byte more is not, announced or not', async () => {
    const whole = await post('/raw/bytes', Buffer.alloc(MAX_BODY), good);
    expect(whole.status).toBe(200);
    expect(await problemOf(await post('/raw/bytes', Buffer.alloc(MAX_BODY + 1), good))).toMatchObject({
      status: 413,
      code: 'body_too_large',
    });
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array(MAX_BODY));
        controller.enqueue(new Uint8Array(1));
        controller.close();
      },
    });
    const chunked = await fetch(`${base}/raw/bytes`, { method: 'POST', body: stream, duplex: 'half', headers: good });
    expect(await problemOf(chunked)).toMatchObject({ status: 413 });
  });

  it('of somebody unknown are not read at all', async () => {
    const { client, response } = openPost('/raw/bytes', { 'content-length': '900' });
    client.flushHeaders();
    expect((await response).statusCode).toBe(401);
    client.destroy();
  });

  it('share a budget: one body too many is told to come back, and room is made when others are done or gone', async () => {
    const first = openPost('/raw/held', { 'content-length': '900' });
    first.client.end(Buffer.alloc(900));
    const gone = openPost('/raw/held', { 'content-length': '900' });
    gone.client.on('error', () => undefined);
    gone.response.catch(() => undefined);
    gone.client.write(Buffer.alloc(500));
    await untilHeld(1);
    await sleep(50);

    const refused = await post('/raw/json', `"${'x'.repeat(300)}"`);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await problemOf(refused)).toMatchObject({ status: 503, code: 'overloaded' });

    gone.client.destroy();
    await untilOk(300);
    expect((await post('/raw/json', `"${'x'.repeat(700)}"`)).status).toBe(503);
    held.pop()?.();
    expect((await first.response).statusCode).toBe(200);
    await untilOk(900);
  });
});

function openPost(
  path: string,
  headers: Record<string, string>,
): { client: ClientRequest; response: Promise<IncomingMessage> } {
  const client = httpRequest(`${base}${path}`, { method: 'POST', headers });
  return { client, response: once(client, 'response').then(([response]) => response as IncomingMessage) };
}

async function untilHeld(count: number): Promise<void> {
  while (held.length < count) await sleep(5);
}

async function untilOk(bytes: number): Promise<void> {
  while ((await post('/raw/json', `"${'x'.repeat(bytes)}"`)).status !== 200) await sleep(5);
}
