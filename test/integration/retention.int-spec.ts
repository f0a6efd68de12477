import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FactStore } from '../../src/facts/fact.store.js';
import type { Fact } from '../../src/facts/fact.js';
import { sha256, type AttestationId, type Sha256Digest } from '../../src/intoto/digest.js';
import { parseImageIndex } from '../../src/intoto/image-index.js';
import { AppError } from '../../src/platform/app-error.js';
import { mayDrop } from '../../src/retention/drop-envelopes.store.js';
import { RETENTION_LOCK } from '../../src/retention/held-sql.js';
import type { HoldScope } from '../../src/retention/legal-hold.js';
import { Faults } from '../support/faults.js';
import { violatedInvariants } from '../support/invariants.js';
import { approval, PREDICATE_TYPES, provenance, testResult } from '../support/predicates.js';
import { openOwner, retain } from '../support/retention.js';
import { openHouse, type House, type Rooms } from '../support/rooms.js';
import { envelopeOf, makeKey, statementAbout } from '../support/sign.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const ACTOR = 'token:test#1';
const TESTS = { rules: ['test:1d'] };
const qa = makeKey();
const ci = makeKey('P-384');

let database: TestDatabase;
let house: House;
let rooms: Rooms;
let owner: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  house = await openHouse(database.url, new Faults());
  rooms = house.enter();
  owner = await openOwner(database.ownerUrl);
  await rooms.putAttestor('qa', { kinds: ['test', 'approval'], keys: [{ id: 'k1', publicKey: qa.publicKey }] });
  await rooms.putAttestor('ci', { kinds: ['build'], keys: [{ id: 'k1', publicKey: ci.publicKey }] });
});

afterAll(async () => {
  await owner.end();
  await house.close();
  await database.drop();
});

const newDigest = (): Sha256Digest => `sha256:${randomBytes(32).toString('hex')}` as Sha256Digest;

function tested(digest: string, name = 'app'): Buffer {
  return envelopeOf(statementAbout(digest, PREDICATE_TYPES.testResult, testResult('PASSED'), name), [qa]);
}

async function examined(body: Buffer): Promise<AttestationId> {
  const id = await rooms.post(body);
  await rooms.work({ ids: [id] });
  return id;
}

async function isStored(id: AttestationId): Promise<boolean> {
  return (await rooms.attestations.findBytes(id)) !== null;
}

const hold = (scope: HoldScope, target: string | null) =>
  rooms.holds.place({ scope, target, reason: 'a suit', reference: null }, ACTOR);

/** Holds for as long as something is done. */
async function under<T>(scope: HoldScope, target: string | null, work: () => Promise<T>): Promise<T> {
  const { id } = await hold(scope, target);
  try {
    return await work();
  } finally {
    await rooms.holds.release(id, 'over', ACTOR);
  }
}

describe('the rules of retention', () => {
  it('drop what was examined and is old enough, and nothing else', async () => {
    const digest = newDigest();
    const due = await examined(tested(digest));
    const ofAnotherClass = await examined(
      envelopeOf(statementAbout(digest, PREDICATE_TYPES.approval, approval('ann', new Date())), [qa]),
    );
    const pending = await rooms.post(tested(newDigest()));
    const unknown = await examined(
      envelopeOf(statementAbout(digest, PREDICATE_TYPES.testResult, testResult('FAILED')), [makeKey()]),
    );
    const now = new Date();
    expect(await retain(owner, { ...TESTS, now })).toEqual({ dropped: [], kept: {} });
    const kept = { [pending]: 'unexamined', [unknown]: 'unsettled' };
    expect(await retain(owner, { ...TESTS, dryRun: true })).toEqual({ dropped: [due], kept });
    expect(await isStored(due)).toBe(true);
    expect(await retain(owner, TESTS)).toEqual({ dropped: [due], kept });
    expect(await Promise.all([due, ofAnotherClass, pending, unknown].map(isStored))).toEqual([false, true, true, true]);
    expect(await retain(owner, TESTS)).toEqual({ dropped: [], kept });
    await rooms.work({ ids: [pending] });
    expect(await retain(owner, TESTS)).toMatchObject({ dropped: [pending] });
    expect(await violatedInvariants(database.url)).toEqual([]);
  });

  it('leave what was altered, which nothing else would tell of', async () => {
    const id = await examined(tested(newDigest()));
    const alter = `update envelopes set bytes = overlay(bytes placing $2::bytea from 1) where attestation = $1`;
    await owner.query(alter, [id, ' ']);
    expect((await retain(owner, TESTS)).kept[id]).toBe('altered');
    await owner.query(alter, [id, '{']);
    for (const [changed, back] of [
      [
        `update facts set content = jsonb_set(content, '{result}', '"failed"')`,
        `update facts set content = jsonb_set(content, '{result}', '"passed"')`,
      ],
      [`update facts set own_time = now()`, `update facts set own_time = null`],
      [`update attestation_subjects set name = 'other'`, `update attestation_subjects set name = 'app'`],
      [`update attestations set format = 'jws'`, `update attestations set format = 'dsse'`],
    ] as const) {
      const where = changed.includes('attestations') ? 'where id = $1' : 'where attestation = $1';
      await owner.query(`${changed} ${where}`, [id]);
      expect((await retain(owner, TESTS)).kept[id]).toBe('altered');
      await owner.query(`${back} ${where}`, [id]);
    }
    expect((await retain(owner, TESTS)).dropped).toEqual([id]);
  });

  it('are not for the service to apply', async () => {
    await rooms.database.pool.query('select 1');
    const client = await rooms.database.pool.connect();
    try {
      expect(await mayDrop(client)).toBe('not_owner');
      await expect(client.query('delete from envelopes')).rejects.toMatchObject({ code: '42501' });
      const note = `insert into dropped_envelopes (attestation, rule, actor) values ('sha256:x', 'test:1d', 'x')`;
      await expect(client.query(note)).rejects.toMatchObject({ code: '42501' });
    } finally {
      client.release();
    }
    expect(await mayDrop(owner)).toBe('yes');
  });

  it('leave everything or nothing of a drop, whichever statement the command is killed at', async () => {
    const ids = [await examined(tested(newDigest())), await examined(tested(newDigest()))];
    let survived = 0;
    for (let statement = 1; (await Promise.all(ids.map(isStored))).every(Boolean); statement += 1) {
      const doomed = await openOwner(database.ownerUrl);
      const { rows } = await doomed.query<{ pid: number }>('select pg_backend_pid() as pid');
      const query = doomed.query.bind(doomed) as (...args: unknown[]) => Promise<unknown>;
      let asked = 0;
      // Killed before its n-th statement reaches the server.
      Object.assign(doomed, {
        query: async (...args: unknown[]) => {
          asked += 1;
          if (asked === statement) await owner.query('select pg_terminate_backend($1, 5000)', [rows[0]!.pid]);
          return query(...args);
        },
      });
      await retain(doomed, TESTS).catch(() => (survived += 1));
      await doomed.end().catch(() => undefined);
      const { rows: half } = await owner.query(
        `select from attestations a left join envelopes e on e.attestation = a.id
           left join dropped_envelopes d on d.attestation = a.id
           left join history_entries h on h.attestation = a.id and h.type = 'envelope.dropped'
         where a.id = any($1) and (e.attestation is null) <> (d.attestation is not null and h.id is not null)`,
        [ids],
      );
      expect(half).toEqual([]);
    }
    expect(survived).toBeGreaterThan(8);
    expect(await violatedInvariants(database.url)).toEqual([]);
  });

  it('may be applied by any number at once', async () => {
    const ids = await Promise.all(Array.from({ length: 30 }, () => examined(tested(newDigest()))));
    const owners = await Promise.all([1, 2, 3].map(() => openOwner(database.ownerUrl)));
    const dropped = (await Promise.all(owners.map((client) => retain(client, TESTS)))).flatMap((each) => each.dropped);
    await Promise.all(owners.map((client) => client.end()));
    expect([...dropped].sort()).toEqual([...ids].sort());
    expect(await violatedInvariants(database.url)).toEqual([]);
  });
});

describe('what was dropped', () => {
  it('is received no second time, and not brought back', async () => {
    const body = tested(newDigest());
    const id = await examined(body);
    await retain(owner, TESTS);
    expect(await rooms.post(body)).toBe(id);
    await rooms.work({ ids: [id] });
    expect(await isStored(id)).toBe(false);
    const [row] = await rooms.attestations.findMany([id]);
    expect(row).toMatchObject({
      dropped: { rule: 'test:1d', at: expect.any(Date) },
      verification: { outcome: 'verified' },
    });
    expect((await rooms.attestations.factsOf(id)).map(({ kind }) => kind)).toEqual(['test']);
  });

  it('is never due again, whatever trust comes to be', async () => {
    const key = makeKey('Ed25519');
    const document = { keys: [{ id: 'k1', publicKey: key.publicKey }] };
    await rooms.putAttestor('narrow', { kinds: ['approval'], ...document });
    const digest = newDigest();
    const id = await examined(
      envelopeOf(statementAbout(digest, PREDICATE_TYPES.testResult, testResult('FAILED')), [key]),
    );
    expect((await rooms.attestations.findMany([id]))[0]?.verification?.code).toBe('signer_not_allowed');
    expect((await retain(owner, TESTS)).dropped).toEqual([id]);
    await rooms.putAttestor('narrow', { kinds: ['test'], ...document });
    expect(await rooms.dueEvidence.findGaining(0, 100)).not.toContain(id);
    expect(await rooms.verification.examine([id])).toEqual([]);
    expect(await rooms.verification.giveUp(id, new Error('no reason'))).toEqual([]);
    // What it says was in the facts before, and counts as soon as trust lets it.
    const { facts } = await rooms.images.readFacts(digest);
    expect(facts).toMatchObject([{ attestation: id, content: { result: 'failed' } }]);
    expect(await violatedInvariants(database.url)).toEqual([]);
  });

  it('is said by another envelope as long as one is left', async () => {
    const body = tested(newDigest());
    const statement = sha256(body);
    const first = await examined(body);
    const now = new Date(Date.now() + 86_400_000 + 1);
    await sleep(5);
    const copy = await examined(Buffer.concat([body, Buffer.from('\n')]));
    expect((await retain(owner, { ...TESTS, now })).dropped).toEqual([first]);
    const { rows } = await owner.query<{ id: string }>('select id::text as id from facts where attestation = $1', [
      first,
    ]);
    const facts = [{ id: rows[0]!.id, attestation: first, content: { kind: 'test' } }] as unknown as readonly Fact[];
    const store = new FactStore(rooms.database);
    expect((await store.predicates(facts)).get(first)).toMatchObject({
      state: 'stored',
      predicate: { result: 'PASSED' },
    });
    expect((await retain(owner, TESTS)).dropped).toEqual([copy]);
    expect((await store.predicates(facts)).get(first)).toMatchObject({ state: 'dropped', rule: 'test:1d' });
    expect(statement).toBe(first);
  });

  it('makes the image count, so that no verdict from before is given again', async () => {
    const digest = newDigest();
    await examined(tested(digest));
    const before = await rooms.images.readState(digest);
    await retain(owner, TESTS);
    const after = await rooms.images.readState(digest);
    expect([before.dropped, after.dropped]).toEqual([0, 1]);
    expect(after.revision).toBe(before.revision);
  });
});

describe('a legal hold', () => {
  it('keeps everything, an image, an attestation, until it is released', async () => {
    const digest = newDigest();
    const id = await examined(tested(digest));
    for (const [scope, target] of [
      ['everything', null],
      ['image', digest],
      ['attestation', id],
    ] as const) {
      const { kept, dropped } = await under(scope, target, () => retain(owner, TESTS));
      expect({ kept: kept[id], dropped }).toEqual({ kept: 'held', dropped: [] });
    }
    expect((await under('image', newDigest(), () => retain(owner, TESTS))).dropped).toEqual([id]);
  });

  it('keeps an envelope with any of the images it is about', async () => {
    const [one, other] = [newDigest(), newDigest()];
    const statement = JSON.parse(statementAbout(one, PREDICATE_TYPES.testResult, testResult('PASSED')));
    statement.subject.push({ name: 'other', digest: { sha256: other.slice(7) } });
    const id = await examined(envelopeOf(JSON.stringify(statement), [qa]));
    expect((await under('image', other, () => retain(owner, TESTS))).kept[id]).toBe('held');
    expect((await retain(owner, TESTS)).dropped).toEqual([id]);
  });

  it('keeps what is said of an index with its manifests', async () => {
    const manifest = newDigest();
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const index = Buffer.from(
      JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType, digest: manifest, size: 500 }] }),
    );
    const digest = sha256(index);
    await rooms.indexes.insert({ digest, bytes: index, index: parseImageIndex(index), actor: ACTOR });
    const [ofIndex, ofManifest] = [await examined(tested(digest)), await examined(tested(manifest))];
    for (const held of [digest, manifest]) {
      const { kept } = await under('image', held, () => retain(owner, TESTS));
      expect(kept).toMatchObject({ [ofIndex]: 'held', [ofManifest]: 'held' });
    }
    expect((await retain(owner, TESTS)).dropped).toHaveLength(2);
  });

  it('keeps what was asked about under a repository, what names it, and the commit it was built from', async () => {
    const commit = randomBytes(20).toString('hex');
    const image = newDigest();
    const built = envelopeOf(statementAbout(image, PREDICATE_TYPES.provenance, provenance({ commit })), [ci]);
    await examined(built);
    const ofCommit = await examined(tested(`gitCommit:${commit}`));
    const ofImage = await examined(tested(image));
    const named = await examined(tested(newDigest(), 'registry.example/app:v1'));
    const alike = await examined(tested(newDigest(), 'registry.example/app2'));
    const text =
      'policy: source\nrequirements:\n  - {id: tested, kind: test, from: [qa], of: source}\n  - {id: built, kind: build, from: [ci]}\n';
    await rooms.policies.put({ name: 'source', source: { text, format: 'yaml' }, actor: ACTOR, expected: null });
    const asked = { digest: image, repository: 'registry.example/app', policy: 'source', parameters: {} };
    await rooms.verdicts.decide(asked, ACTOR, null);
    const held = await under('repository', 'registry.example/app', () => retain(owner, { ...TESTS, dryRun: true }));
    expect(held.dropped).toEqual([alike]);
    expect(held.kept).toMatchObject({ [ofImage]: 'held', [named]: 'held', [ofCommit]: 'held' });
    const ofTheImage = await under('image', image, () => retain(owner, { ...TESTS, dryRun: true }));
    expect(ofTheImage.kept).toMatchObject({ [ofImage]: 'held', [ofCommit]: 'held' });
    expect((await retain(owner, TESTS)).dropped).toHaveLength(4);
  });

  it('comes before a drop or after it, whatever comes first', async () => {
    const [early, late] = [newDigest(), newDigest()];
    const ids = [await examined(tested(early)), await examined(tested(late))] as const;
    const gate = await openOwner(database.ownerUrl);
    const another = await openOwner(database.ownerUrl);
    await gate.query('begin');
    await gate.query('select pg_advisory_xact_lock($1)', [RETENTION_LOCK]);
    // Whoever waits at the lock is let through in the order of coming.
    const placing = hold('image', early);
    await waiting(1);
    const dropping = retain(another, TESTS);
    await waiting(2);
    const tooLate = hold('attestation', ids[1]).then(
      () => 'placed',
      (error: unknown) => (error instanceof AppError ? error.code : error),
    );
    await waiting(3);
    await gate.query('commit');
    const [placed, { dropped, kept }, refused] = await Promise.all([placing, dropping, tooLate]);
    expect({ dropped, kept: kept[ids[0]], refused }).toEqual({
      dropped: [ids[1]],
      kept: 'held',
      refused: 'envelope_dropped',
    });
    await hold('image', late);
    expect(await violatedInvariants(database.url)).toEqual([]);
    await rooms.holds.release(placed.id, 'over', ACTOR);
    await Promise.all([gate.end(), another.end()]);
    expect((await retain(owner, TESTS)).dropped).toEqual([ids[0]]);
  });

  it('races with drops and never loses what it holds', async () => {
    const another = await openOwner(database.ownerUrl);
    for (let round = 0; round < 10; round += 1) {
      const digest = newDigest();
      const id = await examined(tested(digest));
      const [{ dropped }, { id: placed }] = await Promise.all([retain(another, TESTS), hold('image', digest)]);
      if (dropped.length === 0) expect((await retain(another, TESTS)).kept[id]).toBe('held');
      await rooms.holds.release(placed, 'over', ACTOR);
    }
    await another.end();
    expect(await violatedInvariants(database.url)).toEqual([]);
  });
});

/** Resolves when so many wait for the lock of retention. */
async function waiting(count: number): Promise<void> {
  for (;;) {
    const { rows } = await owner.query<{ waiting: number }>(
      `select count(*) as waiting from pg_locks where locktype = 'advisory' and not granted and objid = $1`,
      [RETENTION_LOCK],
    );
    if (rows[0]!.waiting >= count) return;
    await sleep(5);
  }
}
