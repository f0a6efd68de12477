import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entities } from '../../src/data-source.js';
import { HistoryStore } from '../../src/history/history.store.js';
import { sha256 } from '../../src/intoto/digest.js';
import { openDatabase, type Database } from '../../src/platform/database.js';
import { PolicyService } from '../../src/policy/policy.service.js';
import { PolicyStore } from '../../src/policy/policy.store.js';
import type { WaiverRequest } from '../../src/policy/waiver-request.js';
import { WaiverService, type WaiverSeen } from '../../src/policy/waiver.service.js';
import { WaiverStore, type WaiverFilter } from '../../src/policy/waiver.store.js';
import { BUILT_IN_ROOT } from '../../src/trust/trust.fixture.js';
import { TrustStore } from '../../src/trust/trust.store.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const ANN = { id: '1', actor: 'token:ann#1' };
const BOB = { id: '2', actor: 'token:bob#2' };
const EVE = { id: '3', actor: 'token:eve#3' };
const DIGEST = sha256(Buffer.from('image'));
const EVERYTHING: WaiverFilter = { policy: null, state: null, digest: null, repository: null };
const HOUR_MS = 3_600_000;

let testDatabase: TestDatabase;
let database: Database;
let owner: pg.Client;
let store: WaiverStore;
let service: WaiverService;
let policies: PolicyService;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  database = await openDatabase({ url: testDatabase.url, entities, applicationName: 'waiver-test', poolSize: 8 });
  owner = new pg.Client({ connectionString: testDatabase.ownerUrl });
  await owner.connect();
  const [history, policyStore] = [new HistoryStore(database), new PolicyStore(database)];
  store = new WaiverStore(database);
  service = new WaiverService(database, store, policyStore, history);
  const trust = new TrustStore(database, history, { publicGood: BUILT_IN_ROOT });
  policies = new PolicyService(database, policyStore, history, trust);
  await publish('release', 'tested', 'scanned');
});

afterEach(async () => {
  await owner.end();
  await database.close();
  await testDatabase.drop();
});

async function publish(name: string, ...ids: readonly string[]): Promise<void> {
  const requirements = ids.map((id) => ({ id, kind: id === 'scanned' ? 'scan' : 'test', from: ['qa'] }));
  const source = { text: JSON.stringify({ policy: name, requirements }), format: 'json' } as const;
  await policies.put({ name, source, actor: ANN.actor, expected: null });
}

function requestWith(change: Partial<WaiverRequest> = {}): WaiverRequest {
  return {
    policy: 'release',
    requirement: 'tested',
    scope: { digest: DIGEST },
    reason: 'for a while',
    reference: 'SEC-12',
    until: new Date(Date.now() + HOUR_MS).toISOString(),
    ...change,
  };
}

async function revision(): Promise<number> {
  const { rows } = await owner.query<{ value: string }>(`select value from revisions where name = 'waiver'`);
  return Number(rows[0]!.value);
}

async function entries(): Promise<readonly object[]> {
  const { rows } = await owner.query<{ type: string; actor: string; image: string | null; data: object }>(
    `select type, actor, image, data from history_entries where type like 'waiver.%' order by id`,
  );
  return rows;
}

const activeIds = async (at?: number): Promise<readonly string[]> =>
  (await store.ofPolicy('release', at ?? (await revision()), new Date())).map(({ id }) => id);
const idOf = ({ waiver }: WaiverSeen): string => waiver.id;
/** The state of `release` waivers is told by what each of them is. */
const stateIds = async (state: WaiverFilter['state']): Promise<readonly string[]> =>
  (await service.list({ ...EVERYTHING, state }, Number.MAX_SAFE_INTEGER, 100)).map(idOf);

describe('a waiver', () => {
  it('is on record as it was asked for, with its entry, under a revision of its own', async () => {
    const until = new Date(Date.now() + HOUR_MS);
    const request = requestWith({
      requirement: 'scanned',
      vulnerability: 'CVE-1',
      scope: { repository: 'registry.example/app' },
      until: until.toISOString(),
    });
    const { waiver, idle } = await service.create(request, ANN);
    expect(waiver).toMatchObject({
      revision: 1,
      policy: 'release',
      requirement: 'scanned',
      vulnerability: 'CVE-1',
      scope: { type: 'repository', repository: 'registry.example/app' },
      parameters: {},
      reason: 'for a while',
      reference: 'SEC-12',
      until,
      approvals: 0,
      actor: ANN.actor,
      author: ANN.id,
      approvedBy: [],
      revocation: null,
    });
    expect(idle).toBeNull();
    expect(await revision()).toBe(1);
    const digest: unknown = expect.stringMatching(/^sha256:[0-9a-f]{64}$/);
    const data = { waiver: waiver.id, waiverRevision: 1, policy: 'release', requirement: 'scanned', digest };
    expect(await entries()).toEqual([{ type: 'waiver.created', actor: ANN.actor, image: null, data }]);
    expect(await store.ofPolicy('release', 1, new Date())).toMatchObject([
      { id: waiver.id, from: waiver.at.getTime(), until: until.getTime() },
    ]);
  });

  it('is refused for a policy that there is not, or a time that has gone by, and leaves nothing behind', async () => {
    await expect(service.create(requestWith({ policy: 'other' }), ANN)).rejects.toMatchObject({
      code: 'policy_not_found',
    });
    const past = new Date(Date.now() - HOUR_MS).toISOString();
    await expect(service.create(requestWith({ until: past }), ANN)).rejects.toMatchObject({ code: 'waiver_malformed' });
    expect([await revision(), await entries()]).toEqual([0, []]);
  });

  it('is there for whoever asks at its revision, and for nobody who asks at an earlier one', async () => {
    const first = idOf(await service.create(requestWith(), ANN));
    const second = idOf(await service.create(requestWith(), ANN));
    await service.revoke(first, 'fixed', BOB);
    const both = [first, second].sort();
    expect([await activeIds(0), await activeIds(1), await activeIds(2), await activeIds(3)]).toEqual([
      [],
      [first],
      both,
      [second],
    ]);
  });

  it('of another policy is not there, nor one that ended a while ago', async () => {
    await publish('other', 'tested');
    await service.create(requestWith({ policy: 'other' }), ANN);
    const ended = idOf(await service.create(requestWith(), ANN));
    expect(await activeIds()).toEqual([ended]);
    const later = new Date(Date.now() + 2 * HOUR_MS);
    expect(await store.ofPolicy('release', await revision(), later)).toEqual([]);
  });
});

describe('the approval of a waiver', () => {
  it('by as many others as it needs makes it hold, from the last of them on', async () => {
    const id = idOf(await service.create(requestWith({ approvals: 2 }), ANN));
    expect(await activeIds()).toEqual([]);
    const { waiver: once } = await service.approve(id, BOB);
    expect(once.approvedBy).toMatchObject([{ approver: BOB.id, actor: BOB.actor }]);
    expect(await activeIds()).toEqual([]);
    const { waiver: twice } = await service.approve(id, EVE);
    expect(await activeIds()).toEqual([id]);
    expect(await activeIds(2)).toEqual([]);
    const [held] = await store.ofPolicy('release', 3, new Date());
    expect(held?.from).toBe(twice.approvedBy[1]?.at.getTime());
    expect(await entries()).toMatchObject([
      { type: 'waiver.created', image: DIGEST },
      { type: 'waiver.approved', actor: BOB.actor, image: DIGEST, data: { waiver: id, waiverRevision: 2 } },
      { type: 'waiver.approved', actor: EVE.actor, image: DIGEST, data: { waiver: id, waiverRevision: 3 } },
    ]);
  });

  it('is not its author’s to give, and counts once for each', async () => {
    const id = idOf(await service.create(requestWith({ approvals: 2 }), ANN));
    await expect(service.approve(id, ANN)).rejects.toMatchObject({ code: 'waiver_own', kind: 'forbidden' });
    // Whatever the author calls himself.
    await expect(service.approve(id, { ...ANN, actor: 'token:other#1' })).rejects.toMatchObject({ code: 'waiver_own' });
    await service.approve(id, BOB);
    const { waiver } = await service.approve(id, BOB);
    expect(waiver.approvedBy).toHaveLength(1);
    expect([await revision(), await activeIds()]).toEqual([2, []]);
  });

  it('given by all at once counts each of them once, and no more than are needed', async () => {
    const id = idOf(await service.create(requestWith({ approvals: 3 }), ANN));
    const people = Array.from({ length: 6 }, (_, index) => ({ id: `p${index}`, actor: `token:p#p${index}` }));
    const outcomes = await Promise.allSettled(
      [...people, ...people].map((person) => service.approve(id, person).then(() => person.id)),
    );
    const { waiver } = await service.get(id);
    expect(new Set(waiver.approvedBy.map(({ approver }) => approver)).size).toBe(3);
    expect(waiver.approvedBy).toHaveLength(3);
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []));
    expect(new Set(refused)).toEqual(new Set(['waiver_not_pending']));
    expect(await revision()).toBe(4);
  });

  it('is refused where nothing waits for it', async () => {
    const active = idOf(await service.create(requestWith(), ANN));
    const revoked = idOf(await service.create(requestWith({ approvals: 1 }), ANN));
    await service.revoke(revoked, 'wrong', BOB);
    for (const id of [active, revoked]) {
      await expect(service.approve(id, BOB)).rejects.toMatchObject({ code: 'waiver_not_pending', kind: 'conflict' });
    }
    await expect(service.approve('00000000-0000-4000-8000-000000000000', BOB)).rejects.toMatchObject({
      code: 'waiver_not_found',
    });
  });
});

describe('the revocation of a waiver', () => {
  it('ends it for good, once', async () => {
    const id = idOf(await service.create(requestWith(), ANN));
    await service.revoke(id, 'fixed', BOB);
    const { waiver } = await service.revoke(id, 'fixed', EVE);
    await expect(service.revoke(id, 'fixed again', EVE)).rejects.toMatchObject({
      code: 'waiver_revoked',
      errors: [{ path: 'reason', message: 'expected the reason on record: fixed' }],
    });
    expect(waiver.revocation).toMatchObject({ actor: BOB.actor, reason: 'fixed' });
    expect([await revision(), await activeIds()]).toEqual([2, []]);
    expect(await entries()).toMatchObject([
      { type: 'waiver.created' },
      { type: 'waiver.revoked', actor: BOB.actor, data: { waiver: id, reason: 'fixed', waiverRevision: 2 } },
    ]);
  });

  it('of one that waits for approval ends it, too', async () => {
    const id = idOf(await service.create(requestWith({ approvals: 1 }), ANN));
    await service.revoke(id, 'wrong', BOB);
    await expect(service.approve(id, EVE)).rejects.toMatchObject({ code: 'waiver_not_pending' });
    expect(await activeIds()).toEqual([]);
  });
});

describe('acts at once', () => {
  it('have revisions that are dense, and each its own', async () => {
    await Promise.all(Array.from({ length: 20 }, () => service.create(requestWith(), ANN)));
    const { rows } = await owner.query<{ revision: string }>('select revision from waivers order by revision');
    expect(rows.map((row) => Number(row.revision))).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(await revision()).toBe(20);
    expect(await activeIds()).toHaveLength(20);
  });
});

describe('the list of waivers', () => {
  it('has the last made first, page by page, by state and scope', async () => {
    await publish('other', 'tested');
    const active = idOf(await service.create(requestWith(), ANN));
    const pending = idOf(await service.create(requestWith({ approvals: 1 }), ANN));
    const revoked = idOf(await service.create(requestWith({ policy: 'other' }), ANN));
    const expired = idOf(await service.create(requestWith({ scope: { repository: 'registry.example/app' } }), ANN));
    await service.revoke(revoked, 'wrong', BOB);
    await owner.query(`update waivers set until = now() - interval '1 hour' where id = $1`, [expired]);

    const all = await service.list(EVERYTHING, Number.MAX_SAFE_INTEGER, 100);
    expect(all.map(idOf)).toEqual([expired, revoked, pending, active]);
    const [first, second] = await service.list(EVERYTHING, Number.MAX_SAFE_INTEGER, 2);
    expect([first, second].map((seen) => seen && idOf(seen))).toEqual([expired, revoked]);
    expect((await service.list(EVERYTHING, second!.waiver.revision, 100)).map(idOf)).toEqual([pending, active]);
    expect(await service.list(EVERYTHING, 1, 100)).toEqual([]);

    expect(await stateIds('active')).toEqual([active]);
    expect(await stateIds('pending')).toEqual([pending]);
    expect(await stateIds('revoked')).toEqual([revoked]);
    expect(await stateIds('expired')).toEqual([expired]);
    const by = async (filter: Partial<WaiverFilter>): Promise<readonly string[]> =>
      (await service.list({ ...EVERYTHING, ...filter }, Number.MAX_SAFE_INTEGER, 100)).map(idOf);
    expect(await by({ policy: 'other' })).toEqual([revoked]);
    expect(await by({ digest: DIGEST })).toEqual([revoked, pending, active]);
    expect(await by({ repository: 'registry.example/app' })).toEqual([expired]);
    expect(await by({ repository: 'registry.example/app', state: 'active' })).toEqual([]);
  });

  it('says of a waiver why it is idle, once its requirement is gone', async () => {
    const id = idOf(await service.create(requestWith(), ANN));
    await publish('release', 'scanned');
    expect((await service.get(id)).idle).toMatch(/no requirement tested .* it has scanned/);
    const [listed] = await service.list(EVERYTHING, Number.MAX_SAFE_INTEGER, 1);
    expect(listed?.idle).toMatch(/no requirement tested/);
    await publish('release', 'scanned', 'tested');
    expect((await service.get(id)).idle).toBeNull();
  });
});
