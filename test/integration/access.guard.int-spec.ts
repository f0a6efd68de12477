import { randomBytes } from 'node:crypto';
import { Controller, Get, Global, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hotAuthentication } from '../../src/access/access.guard.js';
import { AccessModule } from '../../src/access/access.module.js';
import { ADMIN_TOKEN } from '../../src/access/admin-token.js';
import { Authenticator } from '../../src/access/authenticator.js';
import { CallerParam } from '../../src/access/caller.decorator.js';
import type { Caller } from '../../src/access/caller.js';
import { getCaller } from '../../src/access/request-caller.js';
import { hashToken, tokenIdOf, tokenOf } from '../../src/access/token.js';
import { TokenStore } from '../../src/access/token.store.js';
import { TokensController } from '../../src/access/tokens.controller.js';
import { HistoryFeed } from '../../src/history/history-feed.service.js';
import { HistoryModule, HistorySequencerModule } from '../../src/history/history.module.js';
import { readConfig } from '../../src/platform/config.js';
import { HISTORY_ROLES, historyRoute } from '../../src/history/history.routes.js';
import { Database, openDatabase } from '../../src/platform/database.js';
import { createHttpApplication } from '../../src/platform/http-application.js';
import { createLogger } from '../../src/platform/logger.js';
import { Degradations } from '../../src/platform/degradations.js';
import { Metrics } from '../../src/platform/metrics.js';
import { CONFIG, LOGGER } from '../../src/platform/platform-parts.js';
import { registerRawRoutes } from '../../src/platform/raw-route.js';
import { Public, RequireRoles, type Role } from '../../src/platform/roles.js';
import { sealingKeyFile } from '../support/sealing.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const ADMIN = 'the-admin-token-of-the-configuration';

@Controller('here')
class GuardedController {
  @Get('silent')
  silent(): string {
    return 'open';
  }

  @Get('public')
  @Public()
  everybody(): string {
    return 'open';
  }

  @Get('auditors')
  @RequireRoles('auditor', 'policy-admin')
  auditors(@CallerParam() caller: Caller): string {
    return caller.actor;
  }

  @Get('both')
  @Public()
  @RequireRoles('auditor')
  both(): string {
    return 'open';
  }
}

@Controller('open')
@Public()
class OpenController {
  @Get('inherited')
  inherited(): string {
    return 'open';
  }

  @Get('narrowed')
  @RequireRoles('admin')
  narrowed(): string {
    return 'open';
  }
}

let testDatabase: TestDatabase;
let database: Database;
let app: NestFastifyApplication;
const logger = createLogger('silent');

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = await openDatabase({ url: testDatabase.url, entities: [], applicationName: 'assay-test', poolSize: 5 });

  @Global()
  @Module({
    providers: [
      { provide: Database, useValue: database },
      { provide: ADMIN_TOKEN, useValue: ADMIN },
      { provide: LOGGER, useValue: logger },
      { provide: CONFIG, useValue: readConfig({ ASSAY_LOG_KEY_FILE: sealingKeyFile() }) },
      { provide: Metrics, useValue: new Metrics() },
      { provide: Degradations, useValue: new Degradations() },
    ],
    exports: [Database, ADMIN_TOKEN, LOGGER, CONFIG, Metrics, Degradations],
  })
  class Surroundings {}

  @Module({
    imports: [Surroundings, AccessModule, HistoryModule, HistorySequencerModule],
    controllers: [TokensController, GuardedController, OpenController],
  })
  class Application {}

  app = await createHttpApplication(Application, { logger, metrics: new Metrics() });
  const authenticate = hotAuthentication(app.get(Authenticator), 'attester');
  const auditing = hotAuthentication(app.get(Authenticator), ...HISTORY_ROLES);
  registerRawRoutes(
    app,
    [
      historyRoute({ authenticate: auditing, readmit: auditing, feed: app.get(HistoryFeed, { strict: false }) }),
      {
        operation: {
          method: 'GET',
          url: '/raw',
          operationId: 'raw',
          summary: '',
          tag: '',
          roles: ['attester'],
          responses: {},
        },
        authenticate,
        body: 'none',
        handle: (request) => getCaller(request).actor,
      },
    ],
    { maxBodyBytes: 1_000, bodyBudgetBytes: 10_000, logger },
  );
  await app.init();
});

afterAll(async () => {
  await app.close();
  await database.close();
  await testDatabase.drop();
});

interface Item {
  readonly sequence: number;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What any of the routes may answer with. */
interface Body {
  readonly id: string;
  readonly token: string;
  readonly detail: string;
  readonly expiresAt: string | null;
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
  readonly completeTo: number;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Body;
}

async function ask(
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  token: string | null = ADMIN,
  payload?: object,
): Promise<Answer> {
  const answer = await app.inject({
    method,
    url,
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
    ...(payload === undefined ? {} : { payload }),
  });
  const json = String(answer.headers['content-type']).includes('json');
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: (json ? answer.json<Body>() : answer.body) as Body,
  };
}

async function tokenWith(...roles: readonly Role[]): Promise<{ id: string; token: string }> {
  const { status, body } = await ask('POST', '/v1/tokens', ADMIN, { name: 'ci', roles });
  expect(status).toBe(201);
  return { id: body.id, token: body.token };
}

describe('the guard', () => {
  it('lets nobody through to a route that says nothing of itself', async () => {
    for (const token of [null, ADMIN])
      expect(await ask('GET', '/here/silent', token)).toMatchObject({ status: 403, body: { code: 'route_closed' } });
  });

  it('lets everybody through to a public route', async () => {
    for (const token of [null, ADMIN, 'nonsense'])
      expect(await ask('GET', '/here/public', token)).toMatchObject({ status: 200, body: 'open' });
    expect(await ask('GET', '/open/inherited', null)).toMatchObject({ status: 200 });
  });

  it('never lets a public class open a route that asks for roles', async () => {
    expect((await ask('GET', '/open/narrowed', null)).status).toBe(401);
    expect((await ask('GET', '/here/both', null)).status).toBe(401);
    expect((await ask('GET', '/open/narrowed')).status).toBe(200);
  });

  it('answers 401 and how to authenticate where nobody is known', async () => {
    const { token: expired, id } = await expiredToken();
    const cases = [
      [null, 'token_missing'],
      ['nonsense', 'token_invalid'],
      [expired, 'token_expired'],
      [id, 'token_invalid'],
    ] as const;
    for (const url of ['/here/auditors', '/raw']) {
      for (const [token, code] of cases) {
        const answer = await ask('GET', url, token);
        expect(answer).toMatchObject({ status: 401, body: { status: 401, code } });
        expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
        expect(answer.headers['content-type']).toBe('application/problem+json');
      }
    }
  });

  it('answers 403 with the roles that would do where the caller has none of them', async () => {
    const { token } = await tokenWith('gate');
    const nest = await ask('GET', '/here/auditors', token);
    expect(nest).toMatchObject({ status: 403, body: { code: 'role_missing' } });
    expect(nest.body.detail).toContain('auditor or policy-admin or admin');
    expect(await ask('GET', '/raw', token)).toMatchObject({ status: 403, body: { code: 'role_missing' } });
  });

  it('tells the handler who is calling', async () => {
    const { id, token } = await tokenWith('policy-admin', 'attester');
    for (const url of ['/here/auditors', '/raw'])
      expect(await ask('GET', url, token)).toMatchObject({ status: 200, body: `token:ci#${id}` });
    expect(await ask('GET', '/here/auditors')).toMatchObject({ body: 'token:admin#admin' });
  });
});

async function expiredToken(): Promise<{ id: string; token: string }> {
  const token = tokenOf(randomBytes(32));
  const id = tokenIdOf(randomBytes(8));
  const tokens = app.get(TokenStore);
  await tokens.create(
    {
      id,
      name: 'ci',
      hash: hashToken(token),
      roles: ['auditor', 'attester'],
      policies: null,
      parameters: null,
      expiresAt: new Date(Date.now() + 200),
    },
    'token:admin#admin',
  );
  for (;;) {
    const { now } = await tokens.readMoment();
    const { rows } = await database.pool.query('select from tokens where id = $1 and expires_at <= $2', [id, now]);
    if (rows.length > 0) return { id, token };
  }
}

describe('the routes for tokens', () => {
  it('issue a token that is shown once and never listed', async () => {
    const request = {
      name: 'cluster-eu',
      roles: ['gate'],
      expiresAt: '2999-01-01T00:00:00+01:00',
      policies: ['production'],
      parameters: { region: 'eu-west1' },
    };
    const { status, headers, body } = await ask('POST', '/v1/tokens', ADMIN, request);
    expect(status).toBe(201);
    expect(headers['cache-control']).toBe('no-store');
    expect(body).toEqual({
      ...request,
      expiresAt: '2998-12-31T23:00:00.000Z',
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      token: expect.stringMatching(/^assay_[\w-]{43}$/),
    });
    const list = await ask('GET', '/v1/tokens?limit=1000');
    expect(list.body.items).toContainEqual({
      ...request,
      id: body.id,
      expiresAt: body.expiresAt,
      createdAt: expect.any(String),
      createdBy: 'token:admin#admin',
      revokedAt: null,
      revokedBy: null,
    });
    expect(JSON.stringify(list.body)).not.toContain(body.token);
    expect(JSON.stringify(list.body)).not.toContain(hashToken(body.token));
  });

  it('refuse with the path of each faulty field', async () => {
    expect(await ask('POST', '/v1/tokens', ADMIN, { name: 'ci', roles: ['root'], ttl: 1 })).toMatchObject({
      status: 400,
      body: { code: 'request_invalid', errors: [{ path: 'roles[0]' }, { path: '' }] },
    });
    const late = { name: 'ci', roles: ['gate'], expiresAt: '2020-01-01T00:00:00Z' };
    expect(await ask('POST', '/v1/tokens', ADMIN, late)).toMatchObject({
      status: 400,
      body: { code: 'request_invalid', errors: [{ path: 'expiresAt' }] },
    });
  });

  it('are for admins, and the list for auditors', async () => {
    const { id, token } = await tokenWith('auditor', 'trust-admin');
    expect((await ask('POST', '/v1/tokens', token, { name: 'ci', roles: ['admin'] })).status).toBe(403);
    expect((await ask('DELETE', `/v1/tokens/${id}`, token)).status).toBe(403);
    expect((await ask('GET', '/v1/tokens', token)).status).toBe(200);
  });

  it('revoke a token at once, and again to no effect', async () => {
    const { id, token } = await tokenWith('auditor');
    expect((await ask('GET', '/here/auditors', token)).status).toBe(200);
    expect(await ask('DELETE', `/v1/tokens/${id}`)).toMatchObject({ status: 204, body: '' });
    expect(await ask('GET', '/here/auditors', token)).toMatchObject({ status: 401, body: { code: 'token_invalid' } });
    expect((await ask('DELETE', `/v1/tokens/${id}`)).status).toBe(204);
    for (const unknown of ['0000000000000000', 'admin'])
      expect(await ask('DELETE', `/v1/tokens/${unknown}`)).toMatchObject({
        status: 404,
        body: { code: 'token_not_found' },
      });
  });

  it('page through all tokens with a cursor of their own', async () => {
    await Promise.all([tokenWith('gate'), tokenWith('gate'), tokenWith('gate')]);
    const all = (await ask('GET', '/v1/tokens?limit=1000')).body.items;
    const read: unknown[] = [];
    for (let cursor = ''; ;) {
      const { body } = await ask('GET', `/v1/tokens?limit=2${cursor}`);
      read.push(...body.items);
      if (body.nextCursor === null) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    expect(read).toEqual(all);
    const foreign = Buffer.from(JSON.stringify([1, 'tokens', 1e300, 'x'])).toString('base64url');
    expect(await ask('GET', `/v1/tokens?cursor=${foreign}`)).toMatchObject({
      status: 400,
      body: { code: 'cursor_invalid' },
    });
  });
});

describe('the routes for history', () => {
  it('tell of every change in order, to auditors', async () => {
    const { id, token } = await tokenWith('auditor');
    await ask('DELETE', `/v1/tokens/${id}`);
    let items: readonly Item[] = [];
    let completeTo = 0;
    while (!items.some((item) => item.type === 'token.revoked' && item.data.token === id)) {
      ({ items, completeTo } = (await ask('GET', '/v1/history?limit=1000')).body);
    }
    expect(items.map(({ sequence }) => sequence)).toEqual(items.map((_, index) => index + 1));
    expect(completeTo).toBeGreaterThanOrEqual(items.length);
    expect(items.at(-1)).toEqual({
      sequence: items.length,
      entry: expect.stringMatching(/^\d+$/),
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      actor: 'token:admin#admin',
      type: 'token.revoked',
      image: null,
      attestation: null,
      data: { token: id, name: 'ci' },
    });
    expect((await ask('GET', '/v1/history', token)).status).toBe(401);
    expect((await ask('GET', '/v1/history', (await tokenWith('gate')).token)).status).toBe(403);
    const page = (await ask('GET', '/v1/history?limit=1&type=token.revoked')).body;
    expect(page.items).toHaveLength(1);
    const next = (await ask('GET', `/v1/history?cursor=${page.nextCursor ?? ''}`)).body;
    if (page.nextCursor !== null) expect(next.items[0]!.sequence).toBe(page.items[0]!.sequence + 1);
  });

  it.each([
    ['/v1/history?type=token.stolen', 'request_invalid', 'query.type'],
    ['/v1/history?since=yesterday', 'request_invalid', 'query.since'],
    ['/v1/history?until=2026-02-30T00:00:00Z', 'request_invalid', 'query.until'],
    ['/v1/history?since=2026-01-01', 'request_invalid', 'query.since'],
    ['/v1/history?actr=x', 'request_invalid', 'query'],
    ['/v1/history?actor=a&actor=b', 'request_invalid', 'query.actor'],
    ['/v1/history?limit=0', 'limit_invalid', 'query.limit'],
    ['/v1/history?cursor=x', 'cursor_invalid', 'query.cursor'],
    [`/v1/history?cursor=${Buffer.from('[1,"history",1.5]').toString('base64url')}`, 'cursor_invalid', 'query.cursor'],
    ['/v1/history?digest=sha256:abc', 'digest_malformed', 'query.digest'],
  ])('refuse %s', async (url, code, path) => {
    expect(await ask('GET', url)).toMatchObject({ status: 400, body: { code, errors: [{ path }] } });
  });
});
