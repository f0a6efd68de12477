import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demand, eventually, walk } from '../support/answers.js';
import { apiAs, apiOf, type Answer, type Api } from '../support/api.js';
import { violatedInvariants } from '../support/invariants.js';
import { trivyScan } from '../support/predicates.js';
import { expectRefused } from '../support/problems.js';
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

const REPOSITORY = 'registry.example/acme/app';
const NOBODY = '00000000-0000-4000-8000-000000000000';

let database: TestDatabase;
let app: TestApp;
/** Another process would be no different: it shares the database with the first and nothing else. */
let secondApp: TestApp;
let admin: Api;
let author: Api;
let approver: Api;
let gate: Api;
let otherGate: Api;
let auditor: Api;
let onCall: Api;
let release: Release;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  secondApp = await startTestApp({ database, role: 'api' });
  admin = apiOf(app);
  otherGate = apiOf(secondApp);
  release = await prepareRelease(admin);
  [author, approver, gate, auditor, onCall] = await Promise.all([
    apiAs(app, { name: 'author', roles: ['policy-admin'] }),
    apiAs(app, { name: 'approver', roles: ['policy-admin'] }),
    apiAs(app, { name: 'gate', roles: ['gate'] }),
    apiAs(app, { name: 'auditor', roles: ['auditor'] }),
    apiAs(app, { name: 'on-call', roles: ['break-glass'] }),
  ]);
});

afterAll(async () => {
  await secondApp.stop();
  await app.stop();
  await database.drop();
});

const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString();

function waiverFor(change: object): object {
  const words = { reason: 'the fix is on its way', reference: 'https://tickets.example/SEC-12' };
  return { policy: 'release', requirement: 'scanned', until: inAnHour(), ...words, ...change };
}

const make = async (change: object): Promise<Answer['body']> =>
  demand(await author.post('/v1/waivers', waiverFor(change)), 201).body;

/** An image of which everything is known but a scan, or the scan finds so many critical vulnerabilities, from CVE-2026-1000 on. */
async function imageWith(findings: number | null): Promise<string> {
  const image = newImage();
  const predicate = trivyScan(
    new Date(),
    Array.from({ length: findings ?? 0 }, () => 'CRITICAL'),
  );
  const scan = findings === null ? [] : [release.signed('trivy', image, { predicate })];
  const others = (['ci', 'qa', 'leads'] as const).map((by) => release.signed(by, image));
  await Promise.all([...others, ...scan].map((envelope) => postExamined(admin, envelope)));
  return image;
}

const scanned = (verdict: Answer['body']): Answer['body'] =>
  verdict.requirements.find(({ id }: { readonly id: string }) => id === 'scanned');

/** What two processes answer at once, each from its memory or not. */
const decisionsOn = async (image: string, query?: string): Promise<readonly string[]> =>
  (await Promise.all([gate, otherGate].map((api) => verdictOn(api, image, query)))).map(({ decision }) => decision);

describe('a waiver', () => {
  it('acts in the very next verdict of every process, and so does its revocation', async () => {
    const image = await imageWith(null);
    expect(await decisionsOn(image)).toEqual(['deny', 'deny']);
    expect(await decisionsOn(image)).toEqual(['deny', 'deny']);
    const { revisions: before } = await verdictOn(gate, image);

    const waiver = await make({ scope: { digest: image } });
    expect(waiver).toMatchObject({ state: 'active', idle: null, approvals: 0, approvedBy: [], revoked: null });
    expect(waiver.createdBy).toMatch(/^token:author#/);
    expect(await decisionsOn(image)).toEqual(['allow', 'allow']);
    const verdict = await verdictOn(gate, image);
    expect(verdict).toMatchObject({ decision: 'allow', waivers: [waiver.id], validUntil: waiver.until });
    expect(verdict.revisions.waivers).toBe(Number(before.waivers) + 1);
    expect(scanned(verdict)).toMatchObject({ status: 'waived', code: 'waived', waivers: [waiver.id] });
    for (const said of [waiver.id, waiver.until, 'the fix is on its way', 'no_evidence']) {
      expect(scanned(verdict).message).toContain(said);
    }
    expect(await decisionsOn(newImage())).toEqual(['deny', 'deny']);

    demand(await approver.post(`/v1/waivers/${waiver.id}/revoke`, { reason: 'fixed' }), 200);
    demand(await approver.post(`/v1/waivers/${waiver.id}/revoke`, { reason: 'fixed' }), 200);
    const other = await approver.post(`/v1/waivers/${waiver.id}/revoke`, { reason: 'wrong' });
    expectRefused(other, { status: 409, code: 'waiver_revoked', paths: ['reason'] });
    expect(await decisionsOn(image)).toEqual(['deny', 'deny']);
    expect(await verdictOn(gate, image)).toMatchObject({
      waivers: [],
      revisions: { waivers: Number(before.waivers) + 2 },
    });
  });

  it('never allows what is asked after its revocation was answered, while gates ask all the time', async () => {
    const image = await imageWith(null);
    const waiver = await make({ scope: { digest: image } });
    let revokedAt = Infinity;
    const answers: { readonly askedAt: number; readonly decision: string }[] = [];
    const asking = async (api: Api): Promise<void> => {
      for (let asked = 0; asked < 30; asked += 1) {
        const askedAt = performance.now();
        const { decision } = await verdictOn(api, image);
        answers.push({ askedAt, decision });
      }
    };
    const revoking = admin.post(`/v1/waivers/${waiver.id}/revoke`, { reason: 'wrong' }).then((answer) => {
      demand(answer, 200);
      revokedAt = performance.now();
    });
    await Promise.all([...Array.from({ length: 10 }, (_, index) => asking(index % 2 ? gate : otherGate)), revoking]);
    const after = answers.filter(({ askedAt }) => askedAt > revokedAt);
    expect(after.length).toBeGreaterThan(0);
    expect(new Set(after.map(({ decision }) => decision))).toEqual(new Set(['deny']));
  });

  it('ends by itself, also where its answer is in memory', async () => {
    const image = await imageWith(null);
    const until = new Date(Date.now() + 2_500).toISOString();
    await make({ scope: { digest: image }, until });
    expect(await decisionsOn(image)).toEqual(['allow', 'allow']);
    expect((await verdictOn(gate, image)).validUntil).toBe(until);
    await eventually(async () => {
      expect(await decisionsOn(image)).toEqual(['deny', 'deny']);
    });
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(until));
    const { body } = demand(await auditor.get(`/v1/waivers?digest=${image}`), 200);
    expect(body.items).toMatchObject([{ state: 'expired' }]);
  });

  it('of a repository holds where the gate names it so, and nowhere else', async () => {
    const image = await imageWith(null);
    const waiver = await make({ scope: { repository: REPOSITORY } });
    const asked = async (repository?: string): Promise<string> =>
      (await verdictOn(gate, image, `policy=release${repository === undefined ? '' : `&repository=${repository}`}`))
        .decision;
    expect(await asked(REPOSITORY)).toBe('allow');
    for (const other of [undefined, `${REPOSITORY}2`, `${REPOSITORY}/x`, 'acme/app'])
      expect(await asked(other)).toBe('deny');
    const { body } = demand(
      await gate.post('/v1/verdicts', { policy: 'release', images: [`${REPOSITORY}:1.0@${image}`, image] }),
      201,
    );
    expect(body.items).toMatchObject([
      { decision: 'allow', waivers: [waiver.id] },
      { decision: 'deny', waivers: [] },
    ]);
    demand(await admin.post(`/v1/waivers/${waiver.id}/revoke`, { reason: 'done' }), 200);
  });

  it('of one vulnerability leaves out that finding and no other', async () => {
    const [one, two] = [await imageWith(1), await imageWith(2)];
    expect(codesOf(await verdictOn(gate, one))).toMatchObject({ scanned: 'negative_evidence' });
    const waivers = [
      await make({ scope: { digest: one }, vulnerability: 'CVE-2026-1000' }),
      await make({ scope: { digest: two }, vulnerability: 'CVE-2026-1000' }),
    ];
    const verdict = await verdictOn(gate, one);
    expect(verdict).toMatchObject({ decision: 'allow', waivers: [waivers[0].id] });
    expect(scanned(verdict)).toMatchObject({ status: 'waived', evidence: [expect.stringMatching(/^sha256:/)] });
    expect(scanned(verdict).message).toContain('negative_evidence');
    expect(await verdictOn(gate, two)).toMatchObject({ decision: 'deny', waivers: [] });
    const other = await make({ scope: { digest: two }, vulnerability: 'CVE-2026-1001' });
    expect(await verdictOn(gate, two)).toMatchObject({ decision: 'allow', waivers: [waivers[1].id, other.id].sort() });
  });

  it('is not used where everything is well, and then bounds nothing', async () => {
    const image = await imageWith(0);
    await make({ scope: { digest: image }, until: new Date(Date.now() + 60_000).toISOString() });
    const verdict = await verdictOn(gate, image);
    expect(verdict).toMatchObject({ decision: 'allow', waivers: [] });
    expect(Date.parse(verdict.validUntil)).toBeGreaterThan(Date.now() + 3_600_000);
  });

  it('holds with the parameters it names only', async () => {
    await publish(
      admin,
      'placed',
      `policy: placed
parameters: {region: {type: string, required: true, oneOf: [eu, us]}}
requirements: [{id: scanned, kind: scan, from: [trivy]}]
`,
    );
    const image = newImage();
    await make({ policy: 'placed', scope: { digest: image }, parameters: { region: 'eu' } });
    expect(await decisionsOn(image, 'policy=placed&param.region=eu')).toEqual(['allow', 'allow']);
    expect(await decisionsOn(image, 'policy=placed&param.region=us')).toEqual(['deny', 'deny']);
  });

  it('is idle once its requirement is gone, says so, and comes to hold again with it', async () => {
    const requiring = (id: string): string => `policy: moving\nrequirements: [{id: ${id}, kind: test, from: [qa]}]\n`;
    await publish(admin, 'moving', requiring('old'));
    const image = newImage();
    const waiver = await make({ policy: 'moving', requirement: 'old', scope: { digest: image } });
    expect(await decisionsOn(image, 'policy=moving')).toEqual(['allow', 'allow']);
    await publish(admin, 'moving', requiring('renamed'));
    expect(await decisionsOn(image, 'policy=moving')).toEqual(['deny', 'deny']);
    const idle = demand(await auditor.get(`/v1/waivers/${waiver.id}`), 200).body;
    expect(idle).toMatchObject({ state: 'active', idle: expect.stringContaining('it has renamed') });
    await publish(admin, 'moving', requiring('old'));
    expect(await decisionsOn(image, 'policy=moving')).toEqual(['allow', 'allow']);
  });
});

describe('a waiver that needs approvals', () => {
  it('holds with the last of them, each of another token and none of its author', async () => {
    const image = await imageWith(null);
    const waiver = await make({ scope: { digest: image }, approvals: 2 });
    expect(waiver).toMatchObject({ state: 'pending', approvals: 2, effectiveFrom: null });
    const approve = (api: Api): Promise<Answer> => api.post(`/v1/waivers/${waiver.id}/approve`, {});
    expect(await decisionsOn(image)).toEqual(['deny', 'deny']);
    expectRefused(await approve(author), { status: 403, code: 'waiver_own' });
    for (const api of [gate, auditor, onCall]) expectRefused(await approve(api), { status: 403, code: 'role_missing' });
    demand(await approve(approver), 200);
    expect(demand(await approve(approver), 200).body).toMatchObject({ state: 'pending' });
    expect(await decisionsOn(image)).toEqual(['deny', 'deny']);
    const { body } = demand(await approve(admin), 200);
    expect(body).toMatchObject({
      state: 'active',
      approvedBy: [{ actor: expect.stringMatching(/^token:approver#/) }, { actor: 'token:admin#admin' }],
      effectiveFrom: expect.any(String),
    });
    expect(body.effectiveFrom).toBe(body.approvedBy[1].at);
    expect(await decisionsOn(image)).toEqual(['allow', 'allow']);
    const third = await apiAs(app, { name: 'third', roles: ['policy-admin'] });
    expectRefused(await approve(third), { status: 409, code: 'waiver_not_pending' });
  });
});

describe('whoever may not', () => {
  it('neither makes, sees, approves nor revokes a waiver', async () => {
    const image = newImage();
    const { id } = await make({ scope: { digest: image }, approvals: 1 });
    const attester = await apiAs(app, { name: 'attester', roles: ['attester', 'trust-admin'] });
    for (const api of [attester, gate, onCall, auditor]) {
      const answers = [
        await api.post('/v1/waivers', waiverFor({ scope: { digest: image } })),
        await api.post(`/v1/waivers/${id}/approve`, {}),
        await api.post(`/v1/waivers/${id}/revoke`, { reason: 'because' }),
      ];
      for (const answer of answers) expectRefused(answer, { status: 403, code: 'role_missing' });
    }
    for (const api of [attester, gate, onCall]) {
      expectRefused(await api.get('/v1/waivers'), { status: 403, code: 'role_missing' });
      expectRefused(await api.get(`/v1/waivers/${id}`), { status: 403, code: 'role_missing' });
    }
    expect(demand(await auditor.get(`/v1/waivers/${id}`), 200).body.state).toBe('pending');
  });
});

describe('a waiver is refused', () => {
  const digest = newImage();
  it.each([
    [{ policy: 'unknown' }, 404, 'policy_not_found', undefined],
    [{ requirement: 'scan' }, 400, 'waiver_malformed', ['requirement']],
    [{ requirement: 'tested', vulnerability: 'CVE-1' }, 400, 'waiver_malformed', ['vulnerability']],
    [{ scope: undefined }, 400, 'request_invalid', ['scope']],
    [{ scope: {} }, 400, 'request_invalid', ['scope']],
    [{ scope: { digest, repository: REPOSITORY } }, 400, 'request_invalid', ['scope']],
    [{ scope: { repository: '*' } }, 400, 'repository_malformed', ['scope.repository']],
    [{ scope: { digest: 'sha256:ab' } }, 400, 'digest_malformed', ['scope.digest']],
    [{ until: undefined }, 400, 'request_invalid', ['until']],
    [{ until: '2020-01-01T00:00:00Z' }, 400, 'waiver_malformed', ['until']],
    [{ until: '2999-01-01T00:00:00Z' }, 400, 'waiver_malformed', ['until']],
    [{ parameters: { region: 'eu' } }, 400, 'parameter_invalid', ['region']],
    [{ reason: ' ' }, 400, 'request_invalid', ['reason']],
    [{ state: 'active' }, 400, 'request_invalid', ['']],
    [{ requirement: "x' or true --" }, 400, 'waiver_malformed', ['requirement']],
  ])('where it is %j', async (change, status, code, paths) => {
    const answer = await author.post('/v1/waivers', waiverFor({ scope: { digest }, ...change }));
    expectRefused(answer, { status, code, ...(paths === undefined ? {} : { paths }) });
    expect(demand(await auditor.get(`/v1/waivers?digest=${digest}`), 200).body.items).toEqual([]);
  });

  it('with the ids that there are', async () => {
    const answer = await author.post('/v1/waivers', waiverFor({ requirement: 'scan', scope: { digest } }));
    expect(answer.body.errors[0].message).toContain('built, scanned, tested, approved');
  });

  it('where there is none', async () => {
    for (const id of [NOBODY, 'x', '%27', NOBODY.toUpperCase().replace('0', 'G')]) {
      for (const answer of [
        await admin.get(`/v1/waivers/${id}`),
        await admin.post(`/v1/waivers/${id}/approve`, {}),
        await admin.post(`/v1/waivers/${id}/revoke`, { reason: 'x' }),
      ]) {
        expectRefused(answer, { status: 404, code: 'waiver_not_found' });
      }
    }
  });
});

describe('the account of waivers', () => {
  it('lists them by scope and state, page by page, and tells each act once', async () => {
    const image = newImage();
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) ids.push((await make({ scope: { digest: image }, approvals: 1 })).id);
    demand(await approver.post(`/v1/waivers/${ids[0]!}/approve`, {}), 200);
    for (let times = 0; times < 2; times += 1) {
      demand(await approver.post(`/v1/waivers/${ids[1]!}/revoke`, { reason: 'wrong' }), 200);
    }
    const listed = async (query: string): Promise<readonly string[]> =>
      (await walk(auditor, `/v1/waivers?digest=${image}${query}`, 2)).map(({ id }) => id);
    expect(await listed('')).toEqual([...ids].reverse());
    expect(await listed('&state=active')).toEqual([ids[0]]);
    expect(await listed('&state=revoked')).toEqual([ids[1]]);
    expect(await listed('&state=pending')).toEqual(ids.slice(2).reverse());
    await publish(admin, 'unwaived', 'policy: unwaived\nrequirements: [{id: a, check: "true"}]\n');
    expect(await listed('&policy=unwaived')).toEqual([]);
    // Who misspells a policy is not to read that nothing was waived, or allowed.
    const slip = { status: 404, code: 'policy_not_found' };
    expectRefused(await auditor.get('/v1/waivers?policy=unknown'), slip);
    expectRefused(await auditor.get('/v1/verdicts?policy=unknown'), slip);
    expect(demand(await auditor.get('/v1/verdicts?policy=unwaived'), 200).body.items).toEqual([]);
    for (const query of ['state=gone', 'digest=x', 'repository=*', 'limit=0', 'cursor=x', 'id=x']) {
      expect((await auditor.get(`/v1/waivers?${query}`)).status).toBe(400);
    }
    await eventually(async () => {
      const history = await walk(auditor, `/v1/images/${image}/history`, 100);
      const acts = history
        .filter(({ type }) => type.startsWith('waiver.'))
        .map(({ type, data }) => [type, data.waiver]);
      expect(acts).toEqual([
        ...ids.map((id) => ['waiver.created', id]),
        ['waiver.approved', ids[0]],
        ['waiver.revoked', ids[1]],
      ]);
    });
  });
});

describe('break-glass', () => {
  const breakGlass = { justification: 'the site is down and this is the fix' };
  const ask = (api: Api, images: readonly string[], more: object = {}): Promise<Answer> =>
    api.post('/v1/verdicts', { policy: 'release', images, ...more });

  it('records an allow that says what it is and what the policy says, and nobody is answered by it', async () => {
    const image = newImage();
    expect((await verdictOn(gate, image)).decision).toBe('deny');
    const { body } = demand(await ask(onCall, [image], { breakGlass, context: { cluster: 'eu-1' } }), 201);
    const [verdict] = body.items;
    expect(verdict).toMatchObject({
      decision: 'allow',
      wouldDeny: true,
      breakGlass: { ...breakGlass, by: expect.stringMatching(/^token:on-call#/) },
      waivers: [],
      validUntil: verdict.evaluatedAt,
    });
    expect(codesOf(verdict)).toMatchObject({ scanned: 'no_evidence', built: 'no_evidence' });

    expect(await decisionsOn(image)).toEqual(['deny', 'deny']);
    const [asGate] = demand(await ask(gate, [image]), 201).body.items;
    expect(asGate).toMatchObject({ decision: 'deny', wouldDeny: false });
    for (const answer of [asGate, await verdictOn(gate, image)]) expect(answer).not.toHaveProperty('breakGlass');

    const recorded = demand(await auditor.get(`/v1/verdicts/${verdict.id}`), 200).body;
    expect(recorded).toMatchObject({ ...verdict, requestedBy: verdict.breakGlass.by, context: { cluster: 'eu-1' } });
    const listed = async (query: string): Promise<readonly string[]> =>
      (await walk(auditor, `/v1/verdicts?digest=${image}${query}`, 10)).map(({ id }) => id);
    expect(await listed('&breakGlass=true')).toEqual([verdict.id]);
    expect(await listed('&breakGlass=false')).not.toContain(verdict.id);
    expect(await listed('')).toContain(verdict.id);
    await eventually(async () => {
      const { items } = demand(await auditor.get('/v1/history?type=verdict.break_glass&limit=1000'), 200).body;
      expect(items.filter(({ image: about }: { readonly image: string }) => about === image)).toMatchObject([
        { actor: verdict.breakGlass.by, data: { verdict: verdict.id, wouldDeny: true, ...breakGlass } },
      ]);
    });
  });

  it('is never the record that a later answer stands on, not even where the policy allows', async () => {
    const image = await imageWith(0);
    const [broken] = demand(await ask(onCall, [image], { breakGlass }), 201).body.items;
    expect(broken).toMatchObject({ decision: 'allow', wouldDeny: false, breakGlass });
    for (const api of [gate, otherGate, gate]) {
      const verdict = await verdictOn(api, image);
      expect(verdict.decision).toBe('allow');
      expect(verdict.id).not.toBe(broken.id);
      expect(verdict).not.toHaveProperty('breakGlass');
    }
  });

  it('is for its own role: a gate cannot, and who only may break the glass asks nothing else', async () => {
    const image = newImage();
    for (const api of [gate, auditor, author, approver]) {
      expectRefused(await ask(api, [image], { breakGlass }), { status: 403, code: 'role_missing' });
    }
    expectRefused(await ask(onCall, [image]), { status: 403, code: 'role_missing' });
    expectRefused(await onCall.get(`/v1/images/${image}/verdict?policy=release`), {
      status: 403,
      code: 'role_missing',
    });
    const both = await apiAs(app, { roles: ['gate', 'break-glass'] });
    expect(demand(await ask(both, [image]), 201).body.items).toMatchObject([{ decision: 'deny' }]);
    expect(demand(await ask(both, [image], { breakGlass }), 201).body.items).toMatchObject([{ decision: 'allow' }]);
  });

  it('is bound by the pins of its token, and by what the question asks for', async () => {
    const pinned = await apiAs(app, { roles: ['break-glass'], policies: ['placed'], parameters: { region: 'eu' } });
    expectRefused(await ask(pinned, [newImage()], { breakGlass }), { status: 403, code: 'policy_not_permitted' });
    const placed = { policy: 'placed', breakGlass };
    const us = { ...placed, parameters: { region: 'us' } };
    expectRefused(await ask(pinned, [newImage()], us), { status: 403, code: 'parameter_not_permitted' });
    const { body } = demand(await ask(pinned, [newImage()], placed), 201);
    expect(body.items).toMatchObject([{ decision: 'allow', parameters: { region: 'eu' } }]);
    const unknown = { policy: 'unknown', breakGlass };
    expectRefused(await ask(onCall, [newImage()], unknown), { status: 404, code: 'policy_not_found' });
    expectRefused(await ask(onCall, [newImage()], placed), { status: 400, code: 'parameter_invalid' });
  });

  it.each([
    [{}, 'breakGlass.justification'],
    [{ justification: 'too short' }, 'breakGlass.justification'],
    [{ justification: `${' '.repeat(20)}x` }, 'breakGlass.justification'],
    [{ justification: 'x'.repeat(2001) }, 'breakGlass.justification'],
    [{ justification: 4_200_000_000 }, 'breakGlass.justification'],
    [{ ...breakGlass, by: 'somebody else' }, 'breakGlass'],
    [true, 'breakGlass'],
    [null, 'breakGlass'],
  ])('is refused as %j, and nothing goes on record', async (malformed, path) => {
    const image = newImage();
    const answer = await ask(onCall, [image], { breakGlass: malformed });
    expectRefused(answer, { status: 400, code: 'request_invalid', paths: [path] });
    expect(demand(await auditor.get(`/v1/verdicts?digest=${image}`), 200).body.items).toEqual([]);
  });

  it('is counted apart', async () => {
    expect((await apiOf(app, null).get('/metrics')).text).toMatch(/verdicts_total\{[^}]*from="break-glass"[^}]*\} \d+/);
  });
});

describe('what was stored in all of this', () => {
  it('violates no invariant', async () => {
    expect(await violatedInvariants(database.url)).toEqual([]);
  });
});
