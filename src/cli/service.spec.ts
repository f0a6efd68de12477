import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { connect, type Service } from './service.js';
import type { Surroundings } from './surroundings.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server | null = null;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise<unknown>((resolve) => {
    if (server === null) resolve(null);
    else server.close(resolve);
  });
  server = null;
});

/** A client of a real HTTP server that handles each request by the next handler, and whatever it waited for. */
async function clientOf(
  ...handlers: readonly Handler[]
): Promise<{ service: Service; seen: string[]; waits: number[] }> {
  const seen: string[] = [];
  const waits: number[] = [];
  const left = [...handlers];
  server = createServer((request, response) => {
    seen.push(`${request.method ?? ''} ${request.url ?? ''} ${request.headers.authorization ?? ''}`);
    left.shift()?.(request, response);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const surroundings: Surroundings = {
    env: {},
    stdin: Readable.from([]),
    print: () => undefined,
    write: () => undefined,
    warn: () => undefined,
    now: () => waits.reduce((sum, wait) => sum + wait, 0),
    sleep: (milliseconds) => Promise.resolve(waits.push(milliseconds)),
  };
  const service = connect({ url: `http://127.0.0.1:${port}/base`, token: 't0ken' }, surroundings);
  return { service, seen, waits };
}

const ok: Handler = (_request, response) => response.end('{"ok":true}');
const busy: Handler = (_request, response) => response.writeHead(503, { 'retry-after': '2' }).end('{}');
const hangUp: Handler = (request) => request.socket.destroy();

describe('a request to the service', () => {
  it('carries the token and lands below the base path', async () => {
    const { service, seen } = await clientOf(ok);
    const answer = await service.request({ method: 'GET', path: '/v1/x?y=1', idempotent: true });
    expect(answer).toMatchObject({ ok: true, status: 200 });
    expect(seen).toEqual(['GET /base/v1/x?y=1 Bearer t0ken']);
  });

  it('is repeated after as long as a busy service asks for', async () => {
    const { service, waits } = await clientOf(busy, ok);
    const answer = await service.request({ method: 'POST', path: '/', idempotent: false, body: '{}' });
    expect(answer.ok).toBe(true);
    expect(waits).toEqual([2000]);
  });

  it('is repeated after a lost connection only where that does no harm', async () => {
    const { service } = await clientOf(hangUp, ok, hangUp);
    expect((await service.request({ method: 'PUT', path: '/', idempotent: true, body: '{}' })).ok).toBe(true);
    await expect(service.request({ method: 'POST', path: '/', idempotent: false, body: '{}' })).rejects.toThrow(
      'was not reached',
    );
  });

  it('ends some time: what stays busy is no answer', async () => {
    const { service, waits } = await clientOf(...Array.from({ length: 50 }, () => busy));
    await expect(service.request({ method: 'GET', path: '/', idempotent: true })).rejects.toThrow('503');
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeLessThanOrEqual(20_000);
  });

  it('is answered by what is wrong with it', async () => {
    const { service } = await clientOf((_request, response) => {
      response.writeHead(404, { 'content-type': 'application/problem+json' });
      response.end('{"title":"Not Found","code":"policy_not_found"}');
    });
    const answer = await service.request({ method: 'GET', path: '/', idempotent: true });
    expect(answer).toMatchObject({ ok: false, status: 404, problem: { code: 'policy_not_found' } });
  });

  it('is not answered with more than it asked for', async () => {
    const { service, seen } = await clientOf((_request, response) => response.end(Buffer.alloc(1_001)), ok);
    const request = { method: 'GET', path: '/', idempotent: true, most: 1_000 } as const;
    await expect(service.request(request)).rejects.toThrow('was answered with more than 1000 bytes');
    expect(seen).toHaveLength(1);
  });

  it('follows no redirection, least of all with its token', async () => {
    const { service, seen } = await clientOf((_request, response) => {
      response.writeHead(302, { location: '/base/login' }).end();
    }, ok);
    await expect(service.request({ method: 'GET', path: '/', idempotent: true })).rejects.toThrow('sends elsewhere');
    expect(seen).toHaveLength(1);
  });
});
