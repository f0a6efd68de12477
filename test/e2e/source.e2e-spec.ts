import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demand } from '../support/answers.js';
import { apiAs, apiOf, type Answer, type Api } from '../support/api.js';
import { PREDICATE_TYPES, provenance, testResult } from '../support/predicates.js';
import { codesOf, newImage, postExamined, publish, verdictOn } from '../support/release.js';
import { envelopeOf, makeKey, statementAbout, type TestKey } from '../support/sign.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/*
 * Evidence about the commit of which an image was built, asked for by gates of two processes: it acts in the very next
 * verdict, however warm the answer was.
 */

const QUERY = 'policy=source';
const GATES = 10;

let database: TestDatabase;
let app: TestApp;
let secondApp: TestApp;
let admin: Api;
let gates: readonly Api[];
const keys = { ci: makeKey(), qa: makeKey() };

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  secondApp = await startTestApp({ database, role: 'api' });
  admin = apiOf(app);
  gates = [await apiAs(app, { name: 'gate', roles: ['gate'] }), apiOf(secondApp)];
  for (const [name, kind] of [
    ['ci', 'build'],
    ['qa', 'test'],
  ] as const) {
    const key = { id: 'k1', publicKey: keys[name].publicKey };
    demand(await admin.put(`/v1/attestors/${name}`, { kinds: [kind], keys: [key] }), 201);
  }
  await publish(
    admin,
    'source',
    `policy: source
requirements:
  - {id: built, kind: build, from: [ci]}
  - {id: tested, kind: test, from: [qa], of: source}
`,
  );
});

afterAll(async () => {
  await secondApp.stop();
  await app.stop();
  await database.drop();
});

function newCommit(): string {
  return randomBytes(20).toString('hex');
}

function build(image: string, commit: string, key = keys.ci): Buffer {
  return envelopeOf(statementAbout(image, PREDICATE_TYPES.provenance, provenance({ commit })), [key]);
}

function test(commit: string, result = 'PASSED', key: TestKey = keys.qa): Buffer {
  return envelopeOf(statementAbout(`gitCommit:${commit}`, PREDICATE_TYPES.testResult, testResult(result)), [key]);
}

/** Every gate's answer, the first of each process twice so that the second is a warm one. */
async function asked(image: string): Promise<readonly Answer['body'][]> {
  const answers: Answer['body'][] = [];
  for (const gate of [...gates, ...gates]) answers.push(await verdictOn(gate, image, QUERY));
  return answers;
}

function decisionsOf(verdicts: readonly Answer['body'][]): readonly string[] {
  return [...new Set(verdicts.map(({ decision }) => String(decision)))];
}

/** What ten gates that ask all the time were told by verdicts asked for after the act was answered. */
async function askedWhile(image: string, act: () => Promise<unknown>): Promise<readonly string[]> {
  let answeredAt = Infinity;
  const answers: { readonly askedAt: number; readonly decision: string }[] = [];
  const asking = async (gate: Api): Promise<void> => {
    for (let after = 0; after < 5;) {
      const askedAt = performance.now();
      const { decision } = await verdictOn(gate, image, QUERY);
      answers.push({ askedAt, decision });
      if (askedAt > answeredAt) after += 1;
    }
  };
  await Promise.all([
    ...Array.from({ length: GATES }, (_, index) => asking(gates[index % gates.length]!)),
    act().then(() => (answeredAt = performance.now())),
  ]);
  const after = answers.filter(({ askedAt }) => askedAt > answeredAt);
  expect(after.length).toBeGreaterThanOrEqual(GATES * 5);
  return [...new Set(after.map(({ decision }) => decision))];
}

describe('evidence about the source', () => {
  it('counts for the image whose trusted build names the commit, and the verdict says how', async () => {
    const [image, commit] = [newImage(), newCommit()];
    const built = await postExamined(admin, build(image, commit));
    const denied = await verdictOn(gates[0]!, image, QUERY);
    expect(codesOf(denied)).toEqual({ built: 'satisfied', tested: 'no_evidence' });
    expect(denied.requirements[1].through).toEqual({ build: built.body.id, commit });
    expect(denied.revisions.related).toEqual({ [`gitCommit:${commit}`]: 0 });

    const tested = await postExamined(admin, test(commit));
    const allowed = await verdictOn(gates[0]!, image, QUERY);
    expect(allowed).toMatchObject({ decision: 'allow', pending: false });
    expect(allowed.requirements[1]).toMatchObject({
      evidence: [tested.body.id],
      through: { build: built.body.id, commit },
    });
    expect(allowed.requirements[1].message).toContain(`commit ${commit}, which build ${built.body.id} names`);
    expect(allowed.revisions.related[`gitCommit:${commit}`]).toBeGreaterThan(0);
    expect(demand(await admin.get(`/v1/verdicts/${allowed.id}`), 200).body.revisions).toEqual(allowed.revisions);
    expect(allowed.id).not.toBe(denied.id);
  });

  it('serves every image that was built of the commit, and none other', async () => {
    const [one, two, other, commit] = [newImage(), newImage(), newImage(), newCommit()];
    await postExamined(admin, test(commit));
    await Promise.all([
      postExamined(admin, build(one, commit)),
      postExamined(admin, build(two, commit)),
      postExamined(admin, build(other, newCommit())),
    ]);
    expect(decisionsOf(await asked(one))).toEqual(['allow']);
    expect(decisionsOf(await asked(two))).toEqual(['allow']);
    expect(decisionsOf(await asked(other))).toEqual(['deny']);
  });

  it('stands in the very next verdict of every process when it fails, is retracted, and is revoked', async () => {
    const [image, commit] = [newImage(), newCommit()];
    await postExamined(admin, build(image, commit));
    expect(decisionsOf(await asked(image))).toEqual(['deny']);
    const passed = await postExamined(admin, test(commit));
    expect(decisionsOf(await asked(image))).toEqual(['allow']);
    const failed = await postExamined(admin, test(commit, 'FAILED'));
    expect(decisionsOf(await asked(image))).toEqual(['deny']);
    demand(await admin.post(`/v1/attestations/${failed.body.id}/retract`, { reason: 'a flaky machine' }), 200);
    expect(decisionsOf(await asked(image))).toEqual(['allow']);
    demand(await admin.post(`/v1/attestations/${passed.body.id}/revoke`, { reason: 'a mistake' }), 200);
    expect(decisionsOf(await asked(image))).toEqual(['deny']);
  });

  it('counts no more once another trusted build names another commit', async () => {
    const [image, commit, another] = [newImage(), newCommit(), newCommit()];
    await postExamined(admin, build(image, commit));
    await postExamined(admin, test(commit));
    expect(decisionsOf(await asked(image))).toEqual(['allow']);
    const second = await postExamined(admin, build(image, another));
    await postExamined(admin, test(another));
    const [denied] = await asked(image);
    expect(denied).toMatchObject({ decision: 'deny' });
    expect(denied.requirements[1].message).toContain('the builds name different commits');
    expect(denied.requirements[1].through).toBeUndefined();
    demand(await admin.post(`/v1/attestations/${second.body.id}/retract`, { reason: 'not this image' }), 200);
    expect(decisionsOf(await asked(image))).toEqual(['allow']);
  });

  it('makes the verdict pending while it is still to be examined', async () => {
    const [image, commit] = [newImage(), newCommit()];
    await postExamined(admin, build(image, commit));
    await asked(image);
    const unknown = makeKey();
    await Promise.all([
      ...Array.from({ length: 30 }, () => admin.post('/v1/attestations', test(commit, 'PASSED', unknown))),
      (async () => {
        for (const deadline = performance.now() + 10_000; performance.now() < deadline;) {
          if ((await verdictOn(gates[1]!, image, QUERY)).pending) return;
        }
        throw new Error('no verdict was pending');
      })(),
    ]);
  });
});

describe('ten gates that ask all the time', () => {
  it('are never told what held before evidence about the commit arrived', async () => {
    const [image, commit] = [newImage(), newCommit()];
    await postExamined(admin, build(image, commit));
    await postExamined(admin, test(commit));
    await asked(image);
    expect(await askedWhile(image, () => postExamined(admin, test(commit, 'FAILED')))).toEqual(['deny']);
  });

  it('are told of a pass as soon as it was examined', async () => {
    const [image, commit] = [newImage(), newCommit()];
    await postExamined(admin, build(image, commit));
    await asked(image);
    expect(await askedWhile(image, () => postExamined(admin, test(commit)))).toEqual(['allow']);
  });

  it('are never told what held before evidence about the commit was revoked', async () => {
    const [image, commit] = [newImage(), newCommit()];
    await postExamined(admin, build(image, commit));
    const { body } = await postExamined(admin, test(commit));
    await asked(image);
    const revoke = (): Promise<Answer> => admin.post(`/v1/attestations/${body.id}/revoke`, { reason: 'a mistake' });
    expect(await askedWhile(image, async () => demand(await revoke(), 200))).toEqual(['deny']);
  });

  it('are never told what held before the commit became uncertain', async () => {
    const [image, commit] = [newImage(), newCommit()];
    await postExamined(admin, build(image, commit));
    await postExamined(admin, test(commit));
    await asked(image);
    expect(await askedWhile(image, () => postExamined(admin, build(image, newCommit())))).toEqual(['deny']);
  });
});
