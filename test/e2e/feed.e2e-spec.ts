import { setTimeout as sleep } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { entryAnswer, type EntryAnswer } from '../../src/history/history.answer.js';
import { MOST_STREAMS } from '../../src/history/history-feed.service.js';
import { run } from '../../src/cli/program.js';
import { demand } from '../support/answers.js';
import { apiAs, apiOf, tokenOf, type Answer, type Api } from '../support/api.js';
import { ApiContract } from '../support/api-contract.js';
import { expectRefused } from '../support/problems.js';
import { newImage, postExamined, prepareRelease, publish, type Release } from '../support/release.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const HISTORY = 'GET /v1/history';

let database: TestDatabase;
let app: TestApp;
let admin: Api;
let auditor: Api;
let auditorToken: string;
let release: Release;
let contract: ApiContract;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  admin = apiOf(app);
  auditorToken = await tokenOf(app, { name: 'siem', roles: ['auditor'] });
  auditor = apiOf(app, auditorToken);
  release = await prepareRelease(admin);
  contract = new ApiContract(demand(await apiOf(app, null).get('/openapi.yaml'), 200).text);
});

afterAll(async () => {
  await app.stop();
  await database.drop();
});

let changes = 0;

/** Makes one entry of type `policy.changed`. */
async function change(): Promise<string> {
  const name = `feed-${(changes += 1)}`;
  await publish(admin, name, `policy: ${name}\nrequirements: [{id: t, kind: test, from: [qa]}]\n`);
  return name;
}

async function page(query: string): Promise<Answer['body']> {
  const answer = demand(await auditor.get(`/v1/history?${query}`), 200);
  expect(contract.faultOf(HISTORY, answer)).toBeNull();
  return answer.body;
}

/** Where the account ends when nothing more is waiting to be placed. */
async function theEnd(): Promise<number> {
  for (let before = -1; ;) {
    await sleep(600);
    const { completeTo } = await page('limit=1');
    if (completeTo === before) return completeTo;
    before = completeTo;
  }
}

async function timed<T>(doing: Promise<T>): Promise<{ readonly answer: T; readonly milliseconds: number }> {
  const started = performance.now();
  const answer = await doing;
  return { answer, milliseconds: performance.now() - started };
}

const policiesOf = (entries: readonly EntryAnswer[]): unknown[] => entries.map(({ data }) => data.policy);

describe('the account behind a sequence', () => {
  it('is read without a cursor, and goes on where it was complete', async () => {
    const end = await theEnd();
    const all = await page('limit=1000');
    expect((await page('after=0&limit=1000')).items).toEqual(all.items);
    expect(await page(`after=${end}`)).toEqual({ items: [], nextCursor: null, completeTo: end });
    expect((await page(`after=${end - 2}`)).items.map(({ sequence }: EntryAnswer) => sequence)).toEqual([end - 1, end]);
    const part = await page(`after=${end - 2}&limit=1`);
    expect((await page(`cursor=${part.nextCursor}`)).items[0].sequence).toBe(end);
  });

  it.each([
    ['after=1&cursor=WzEsImhpc3RvcnkiLDFd', 'query.after'],
    ['after=-1', 'query.after'],
    ['after=1.5', 'query.after'],
    ['after=x', 'query.after'],
    ['after=', 'query.after'],
    ['after=999999999', 'query.after'],
    ['after=9999999999999999', 'query.after'],
    ['after=1&after=2', 'query.after'],
    ['wait=31', 'query.wait'],
    ['wait=-1', 'query.wait'],
    ['wait=1s', 'query.wait'],
  ])('refuses %s', async (query, path) => {
    expectRefused(await auditor.get(`/v1/history?${query}`), { status: 400, code: 'request_invalid', paths: [path] });
  });
});

describe('whoever waits', () => {
  it('is answered at once where there is something', async () => {
    const end = await theEnd();
    const { answer, milliseconds } = await timed(page(`after=${end - 1}&wait=20`));
    expect(answer.items).toHaveLength(1);
    expect(milliseconds).toBeLessThan(5_000);
  });

  it('is answered when something comes', async () => {
    const end = await theEnd();
    const waiting = timed(Promise.all(Array.from({ length: 5 }, () => page(`after=${end}&wait=20`))));
    await sleep(300);
    const name = await change();
    const { answer, milliseconds } = await waiting;
    for (const { items } of answer) expect(policiesOf(items)).toEqual([name]);
    expect(milliseconds).toBeGreaterThan(250);
    expect(milliseconds).toBeLessThan(10_000);
  });

  it('is answered an empty page when the time is over, which says how far it is complete', async () => {
    const end = await theEnd();
    const { answer, milliseconds } = await timed(page(`after=${end}&wait=1`));
    expect(answer).toEqual({ items: [], nextCursor: null, completeTo: end });
    expect(milliseconds).toBeGreaterThan(900);
  });

  it('waits for what the filter lets through', async () => {
    const end = await theEnd();
    const image = newImage();
    const waiting = page(`after=${end}&wait=20&digest=${image}&type=attestation.verified`);
    await sleep(200);
    await change();
    await postExamined(admin, release.signed('qa', newImage()));
    const { id } = (await postExamined(admin, release.signed('qa', image))).body;
    expect(await waiting).toMatchObject({ items: [{ type: 'attestation.verified', attestation: id }] });
    expect(await page(`after=${await theEnd()}&wait=1&type=token.revoked`)).toMatchObject({ items: [] });
  });

  it('is not answered under a token that was revoked meanwhile', async () => {
    const { id, token } = demand(await admin.post('/v1/tokens', { name: 'leaver', roles: ['auditor'] }), 201).body;
    const end = await theEnd();
    const waiting = apiOf(app, token).get(`/v1/history?after=${end}&wait=20`);
    await sleep(200);
    demand(await admin.delete(`/v1/tokens/${id}`), 204);
    expectRefused(await waiting, { status: 401, code: 'token_invalid' });
  });
});

interface Event {
  readonly id: number;
  readonly event: string;
  readonly data: EntryAnswer;
}

/** A stream as its reader sees it. */
class Stream {
  private text = '';
  private readonly decoder = new TextDecoder();

  constructor(
    readonly response: Response,
    private readonly reader: ReadableStreamDefaultReader<Uint8Array>,
    private readonly leaving: AbortController,
  ) {}

  async events(count: number): Promise<readonly Event[]> {
    const events: Event[] = [];
    while (events.length < count) {
      const block = await this.block();
      if (block === null) throw new Error(`the stream ended after ${events.length} events`);
      const fields = new Map(block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line]));
      const [id, event, data] = ['id', 'event', 'data'].map((name) => fields.get(name)?.slice(name.length + 2));
      if (data === undefined) continue;
      events.push({ id: Number(id), event: event!, data: entryAnswer.parse(JSON.parse(data)) });
    }
    return events;
  }

  /** Resolves when nothing more comes. */
  async end(): Promise<void> {
    while ((await this.block()) !== null);
  }

  leave(): void {
    this.leaving.abort();
  }

  private async block(): Promise<string | null> {
    for (;;) {
      const end = this.text.indexOf('\n\n');
      if (end >= 0) {
        const block = this.text.slice(0, end);
        this.text = this.text.slice(end + 2);
        return block;
      }
      const { done, value } = await this.reader.read();
      if (done) return null;
      this.text += this.decoder.decode(value, { stream: true });
    }
  }
}

const open: Stream[] = [];

afterEach(() => {
  for (const stream of open.splice(0)) stream.leave();
});

async function follow(
  query = '',
  { token = auditorToken, from = app, headers = {} }: { token?: string; from?: TestApp; headers?: object } = {},
): Promise<Stream> {
  const leaving = new AbortController();
  const response = await from.request(`/v1/history?${query}`, {
    token,
    signal: leaving.signal,
    headers: { accept: 'text/event-stream', ...headers },
  });
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  const stream = new Stream(response, response.body!.getReader(), leaving);
  open.push(stream);
  return stream;
}

const streamed = (headers: Readonly<Record<string, string>> = {}) => ({ accept: 'text/event-stream', ...headers });

describe('a stream of events', () => {
  it('is the whole account, and then what is added to it', async () => {
    const end = await theEnd();
    const { items } = await page('limit=1000');
    const stream = await follow();
    expect(stream.response.headers.get('content-type')).toBe('text/event-stream');
    expect(stream.response.headers.get('cache-control')).toBe('no-store');
    const events = await stream.events(end);
    expect(events.map(({ data }) => data)).toEqual(items);
    expect(events.every(({ id, event, data }) => id === data.sequence && event === data.type)).toBe(true);
    const names = [await change(), await change()];
    expect(policiesOf((await stream.events(2)).map(({ data }) => data))).toEqual(names);
  });

  it('goes on behind the last event that was read, without a gap and nothing twice', async () => {
    const end = await theEnd();
    const first = await follow(`after=${end}`);
    await change();
    const [{ id }] = (await first.events(1)) as [Event];
    first.leave();
    const names = [await change(), await change()];
    const second = await follow('', { headers: { 'last-event-id': String(id) } });
    const events = await second.events(2);
    expect(events.map((event) => event.id)).toEqual([id + 1, id + 2]);
    expect(policiesOf(events.map(({ data }) => data))).toEqual(names);
  });

  it('is filtered like a page', async () => {
    const image = newImage();
    const stream = await follow(`digest=${image}&type=attestation.received`);
    await change();
    const { id } = (await postExamined(admin, release.signed('qa', image))).body;
    expect(await stream.events(1)).toMatchObject([{ event: 'attestation.received', data: { attestation: id } }]);
  });

  it('ends within seconds when its token is revoked', async () => {
    const { id, token } = demand(await admin.post('/v1/tokens', { name: 'leaver', roles: ['auditor'] }), 201).body;
    const stream = await follow(`after=${await theEnd()}`, { token });
    demand(await admin.delete(`/v1/tokens/${id}`), 204);
    expect((await timed(stream.end())).milliseconds).toBeLessThan(10_000);
    expectRefused(await apiOf(app, token).get('/v1/history', streamed()), { status: 401, code: 'token_invalid' });
  });

  it.each([
    ['limit=5', {}, 'query.limit'],
    ['wait=5', {}, 'query.wait'],
    ['cursor=WzEsImhpc3RvcnkiLDFd', {}, 'query.cursor'],
    ['after=999999999', {}, 'query.after'],
    ['', { 'last-event-id': 'x' }, 'last-event-id'],
    ['', { 'last-event-id': '999999999' }, 'last-event-id'],
  ])('is refused with %s %j', async (query, headers, path) => {
    const answer = await auditor.get(`/v1/history?${query}`, streamed(headers));
    expectRefused(answer, { status: 400, code: 'request_invalid', paths: [path] });
  });

  it('is for auditors, and a HEAD of it ends', async () => {
    const gate = await apiAs(app, { name: 'gate', roles: ['gate'] });
    expectRefused(await gate.get('/v1/history', streamed()), { status: 403, code: 'role_missing' });
    const head = await app.request('/v1/history?wait=20', { method: 'HEAD', headers: streamed() }).catch(() => null);
    expect(head?.status).toBe(400);
    expect((await app.request('/v1/history', { method: 'HEAD', headers: streamed() })).status).toBe(200);
  });

  it('is one of a bounded number', async () => {
    const end = await theEnd();
    const streams = await Promise.all(Array.from({ length: MOST_STREAMS }, () => follow(`after=${end}`)));
    const refused = await auditor.get('/v1/history', streamed());
    expectRefused(refused, { status: 503, code: 'overloaded' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const name = await change();
    for (const stream of streams) expect(policiesOf((await stream.events(1)).map(({ data }) => data))).toEqual([name]);
    for (const stream of streams) stream.leave();
    await sleep(500);
    await follow(`after=${end}`);
  });

  it('and whoever waits do not hold up the end of the service', async () => {
    const other = await startTestApp({ database, role: 'api' });
    const { completeTo } = demand(await apiOf(other).get('/v1/history?limit=1'), 200).body;
    const stream = await follow(`after=${completeTo}`, { from: other, token: other.adminToken });
    const waiting = apiOf(other).get(`/v1/history?after=${completeTo}&type=token.revoked&wait=30`);
    await sleep(300);
    const { milliseconds } = await timed(Promise.all([other.stop(), stream.end()]));
    expect(milliseconds).toBeLessThan(8_000);
    expect((await waiting).body).toMatchObject({ items: [] });
  });
});

describe('assay history --follow', () => {
  /** The entries that the command prints, until there are so many; meanwhile something happens. */
  async function followed(
    words: readonly string[],
    count: number,
    meanwhile: () => Promise<unknown>,
  ): Promise<unknown[]> {
    const enough = new Error('enough');
    const printed: unknown[] = [];
    const running = run(
      ['history', '--follow', '--json', ...words],
      {
        env: { ASSAY_URL: app.url, ASSAY_TOKEN: auditorToken },
        stdin: Readable.from([]),
        print: (line) => {
          printed.push(JSON.parse(line).data.policy);
          if (printed.length === count) throw enough;
        },
        write: () => undefined,
        warn: () => undefined,
        now: Date.now,
        sleep,
      },
      (_tone, text) => text,
      '1.2.3',
    );
    const [outcome] = await Promise.allSettled([running, meanwhile()]);
    expect(outcome).toEqual({ status: 'rejected', reason: enough });
    return printed;
  }

  it('prints what comes, from this moment on', async () => {
    await theEnd();
    const names: string[] = [];
    const printed = await followed(['--type', 'policy.changed'], 2, async () => {
      await sleep(500);
      names.push(await change());
      await sleep(700);
      names.push(await change());
    });
    expect(printed).toEqual(names);
  });

  it('begins with what was made since', async () => {
    await theEnd();
    const since = new Date().toISOString();
    const names = [await change(), await change()];
    await theEnd();
    const printed = await followed(['--type', 'policy.changed', '--since', since], 3, async () => {
      names.push(await change());
    });
    expect(printed).toEqual(names);
  });
});
