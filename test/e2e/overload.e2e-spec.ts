import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demand } from '../support/answers.js';
import { apiOf, type Answer, type Api } from '../support/api.js';
import { trivyScan } from '../support/predicates.js';
import { newImage, postExamined, prepareRelease, publish, verdictOn, type Release } from '../support/release.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const FINDINGS = 20_000;
const MOST_IMAGES = 500;
const CLIENTS = 12;
/** Every finding against every other: more than any time allows. */
const HOSTILE_CHECK = 'fact.findings.all(a, fact.findings.all(b, a.id != "" || b.id != ""))';

describe('a service that is asked for more than it can do', () => {
  let database: TestDatabase;
  let app: TestApp;
  let api: Api;
  let release: Release;
  let image: string;
  let small: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    app = await startTestApp({ database });
    api = apiOf(app);
    release = await prepareRelease(api);
    const scanned = (name: string, condition: string): Promise<Answer> =>
      publish(api, name, `policy: ${name}\nrequirements: [{id: it, kind: scan, from: [trivy], ${condition}}]\n`);
    await scanned('limited', 'where: {maxSeverity: {critical: 0}}');
    await scanned('trivial', `check: 'image.digest != ""'`);
    await scanned('hostile', `check: '${HOSTILE_CHECK}'`);
    [image, small] = [newImage(), newImage()];
    const severities = Array.from({ length: FINDINGS }, () => 'LOW');
    await postExamined(api, release.signed('trivy', image, { predicate: trivyScan(new Date(), severities) }));
    await postExamined(api, release.signed('trivy', small));
  }, 120_000);

  afterAll(async () => {
    await app.stop();
    await database.drop();
  });

  /** How long each answer took that was asked for, one after the other, while something else went on. */
  async function waitsDuring(work: Promise<unknown>, ask: () => Promise<unknown>): Promise<readonly number[]> {
    const waits: number[] = [];
    const ended = new AbortController();
    const over = work.finally(() => {
      ended.abort();
    });
    while (!ended.signal.aborted) {
      const since = performance.now();
      await ask();
      waits.push(performance.now() - since);
      await sleep(50);
    }
    await over;
    return waits.sort((a, b) => a - b);
  }

  it('answers for as many images as it says it takes, and for others meanwhile', async () => {
    const repositories = Array.from({ length: MOST_IMAGES }, (_, index) => `registry.example.com/acme/app-${index}`);
    const images = repositories.map((repository) => `${repository}@${image}`);
    const asked = api.post('/v1/verdicts', { policy: 'limited', images });
    const waits = await waitsDuring(asked, () => verdictOn(api, small, 'policy=limited'));
    const { items } = demand(await asked, 201).body;
    expect(items.map((verdict: Answer['body']) => verdict.image.repository)).toEqual(repositories);
    expect(new Set(items.map((verdict: Answer['body']) => verdict.decision))).toEqual(new Set(['allow']));
    expect(new Set(items.map((verdict: Answer['body']) => verdict.id)).size).toBe(MOST_IMAGES);
    expect(waits[Math.floor(waits.length / 2)]).toBeLessThan(1000);
    const { body } = demand(await api.get(`/v1/verdicts?digest=${image}&limit=100`), 200);
    expect(body.items).toHaveLength(100);
  }, 120_000);

  it('answers two questions about one image in one request with two records of one verdict', async () => {
    const { items } = demand(await api.post('/v1/verdicts', { policy: 'limited', images: [small, small] }), 201).body;
    const [{ id: one, ...first }, { id: other, ...second }] = items;
    expect(second).toEqual(first);
    expect(other).not.toBe(one);
    for (const id of [one, other]) demand(await api.get(`/v1/verdicts/${id}`), 200);
  });

  it('records nothing of a request of which one question is refused', async () => {
    await publish(
      api,
      'by-region',
      'policy: by-region\nparameters: {region: {type: string, required: true}}\n' +
        'requirements: [{id: it, kind: scan, from: [trivy]}]\n',
    );
    const { status } = await api.post('/v1/verdicts', { policy: 'by-region', images: [small, image] });
    expect(status).toBe(400);
    expect(demand(await api.get(`/v1/verdicts?policy=by-region`), 200).body.items).toEqual([]);
  });

  it('lets no policy wait for the slow expressions of another, and denies for nothing that is not of its own making', async () => {
    const ended = new AbortController();
    const answers: Answer[] = [];
    const asking = Array.from({ length: CLIENTS }, async () => {
      while (!ended.signal.aborted) answers.push(await api.get(`/v1/images/${image}/verdict?policy=hostile`));
    });
    const during = sleep(8000).then(() => {
      ended.abort();
    });
    const decisions: unknown[] = [];
    let asked = 0;
    // Each time another question, so that none is answered from memory.
    const waits = await waitsDuring(during, async () => {
      const query = `policy=trivial&repository=registry.example.com/acme/app-${(asked += 1)}`;
      const { status, body } = await api.get(`/v1/images/${image}/verdict?${query}`);
      decisions.push(status === 200 ? body.decision : body);
    });
    await Promise.all(asking);
    expect(new Set(decisions)).toEqual(new Set(['allow']));
    expect(waits[Math.floor(waits.length / 2)]).toBeLessThan(1000);
    for (const { status, headers, body } of answers) {
      if (status === 503) {
        expect([body.code, headers.get('retry-after')]).toEqual(['overloaded', '2']);
      } else {
        expect(status).toBe(200);
        expect(body.requirements[0]).toMatchObject({ code: 'evaluation_error' });
        expect(body.requirements[0].message).toContain('took more than 500 ms');
      }
    }
    expect(new Set(answers.map(({ status }) => status))).toContain(200);
  }, 60_000);
});
