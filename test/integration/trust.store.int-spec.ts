import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entities } from '../../src/data-source.js';
import { sha256, type AttestationId } from '../../src/intoto/digest.js';
import { HistoryStore } from '../../src/history/history.store.js';
import { openDatabase, type Database } from '../../src/platform/database.js';
import type { AttestorKey } from '../../src/trust/attestor.js';
import { authorityOf } from '../../src/trust/authority.js';
import { attestorDigest } from '../../src/trust/canonical-attestor.js';
import { canonicalDigest } from '../../src/trust/canonical-digest.js';
import { parseAttestor, type AttestorDocument, type KeyDocument } from '../../src/trust/parse-attestor.js';
import { signerIdOf, type Thumbprint } from '../../src/trust/signer.js';
import { actOnStatement, standingOf } from '../../src/trust/statement-standing.js';
import { addKey, deleteAttestor, putAttestor, revokeIdentity, revokeKey } from '../../src/trust/trust-change.js';
import { deleteRoot, putRoot } from '../../src/trust/trust-root-change.js';
import {
  attestorWith,
  BUILT_IN_ROOT,
  certificateWith,
  GITHUB,
  keyWith,
  rootWith,
  WORKFLOW,
} from '../../src/trust/trust.fixture.js';
import { epochOf, findAttestor, findRoot, type TrustSnapshot } from '../../src/trust/trust-snapshot.js';
import { TrustStore, type TrustChanged } from '../../src/trust/trust.store.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const ACTOR = 'token:trust';

let testDatabase: TestDatabase;
let database: Database;
let owner: pg.Client;
let store: TrustStore;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  database = await openDatabase({ url: testDatabase.url, entities, applicationName: 'trust-test', poolSize: 8 });
  owner = new pg.Client({ connectionString: testDatabase.ownerUrl });
  await owner.connect();
  store = anotherStore();
});

afterEach(async () => {
  await owner.end();
  await database.close();
  await testDatabase.drop();
});

/** The store of another process, with nothing in memory. */
function anotherStore(): TrustStore {
  return new TrustStore(database, new HistoryStore(database), { publicGood: BUILT_IN_ROOT });
}

function numbered(index: number): KeyDocument {
  const { retiredAt: _, ...key } = keyWith({
    id: `k${index}`,
    thumbprint: `sha256:${index.toString(16).padStart(64, '0')}` as Thumbprint,
  });
  return key;
}

function document(name: string, ...keys: readonly KeyDocument[]): AttestorDocument {
  return { ...attestorWith({ name }), keys };
}

function put(attestor: AttestorDocument, through = store): Promise<TrustChanged> {
  return through.change(ACTOR, (trust, now) => putAttestor(trust, attestor, now));
}

function revoke(name: string, keyId: string, reason: 'superseded' | 'compromised'): Promise<TrustChanged> {
  const request = { reason, effectiveFrom: null };
  return store.change(ACTOR, (trust, now) => revokeKey(trust, name, keyId, request, now));
}

async function revisions(): Promise<Readonly<Record<string, number>>> {
  const { rows } = await owner.query<{ name: string; value: string }>('select name, value from revisions');
  return Object.fromEntries(rows.map(({ name, value }) => [name, Number(value)]));
}

async function history(): Promise<readonly { type: string; actor: string; data: Record<string, unknown> }[]> {
  return (await owner.query('select type, actor, data from history_entries order by id')).rows;
}

/** How much a snapshot holds: every revision put exactly one thing on record. */
function recordedIn(trust: TrustSnapshot): number[] {
  const states = [...trust.attestors.values()].flat().map((state) => state.trustRevision);
  const revocations = [...trust.revocations.values()].flat().map(({ revocation }) => revocation.trustRevision);
  const identities = trust.identityRevocations.map(({ revocation }) => revocation.trustRevision);
  const roots = [...trust.roots.values()].flat().map((state) => state.trustRevision);
  const acts = [...trust.statements.values()].flat().map((act) => act.trustRevision);
  // The root that is built in is of revision 0.
  const all = [...states, ...revocations, ...identities, ...roots.filter((revision) => revision > 0), ...acts];
  return all.sort((a, b) => a - b);
}

const upTo = (revision: number): number[] => Array.from({ length: revision }, (_, index) => index + 1);

describe('a change of trust', () => {
  it('is on record with its revision and its history entry, and read by every process at once', async () => {
    const other = anotherStore();
    expect((await other.snapshot()).revision).toBe(0);
    const { trust, now } = await put(document('ci', numbered(1)));
    expect(trust.revision).toBe(1);
    const read = await other.snapshot();
    const attestor = findAttestor(read, 'ci');
    expect(attestor).toEqual({ ...attestorWith({ name: 'ci' }), keys: [{ ...numbered(1), retiredAt: null }] });
    expect(read.attestors.get('ci')?.[0]?.at).toBe(epochOf(now));
    expect(await history()).toEqual([
      {
        type: 'attestor.created',
        actor: ACTOR,
        data: { attestor: 'ci', trustRevision: 1, digest: attestor === null ? null : attestorDigest(attestor) },
      },
    ]);
  });

  it('tells the workers only where something could count that could not before', async () => {
    await put(document('ci', numbered(1)));
    expect(await revisions()).toMatchObject({ trust: 1, trust_gain: 1 });
    await put(document('ci'));
    expect(await revisions()).toMatchObject({ trust: 2, trust_gain: 1 });
    await put(document('ci', numbered(2)));
    expect(await revisions()).toMatchObject({ trust: 3, trust_gain: 3 });
    await store.change(ACTOR, (trust) => deleteAttestor(trust, 'ci'));
    expect(await revisions()).toMatchObject({ trust: 4, trust_gain: 3 });
    expect((await history()).map(({ type }) => type)).toEqual([
      'attestor.created',
      'attestor.changed',
      'attestor.changed',
      'attestor.deleted',
    ]);
  });

  it('that changes nothing leaves no trace', async () => {
    await put(document('ci', numbered(1)));
    const again = await put(document('ci', numbered(1)), anotherStore());
    expect(again).toMatchObject({ change: null, trust: { revision: 1 } });
    expect(await revisions()).toMatchObject({ trust: 1 });
    expect(await history()).toHaveLength(1);
  });

  it('that is refused leaves no trace', async () => {
    await put(document('ci', numbered(1)));
    const clash = { ...numbered(2), id: 'k1' };
    await expect(put(document('ci', clash))).rejects.toMatchObject({ code: 'key_id_taken' });
    expect(await revisions()).toMatchObject({ trust: 1 });
    expect(await history()).toHaveLength(1);
  });

  it('never loses another one made at the same time', async () => {
    await put(document('ci'));
    const stores = [store, anotherStore(), anotherStore()];
    const changes = await Promise.all(
      upTo(12).map((index) =>
        stores[index % stores.length]!.change(ACTOR, (trust) => addKey(trust, 'ci', numbered(index))),
      ),
    );
    expect(changes.map(({ trust }) => trust.revision).sort((a, b) => a - b)).toEqual(upTo(13).slice(1));
    const { keys } = findAttestor(await anotherStore().snapshot(), 'ci') ?? attestorWith();
    expect(keys.map((key: AttestorKey) => key.id).sort()).toEqual(
      upTo(12)
        .map((index) => `k${index}`)
        .sort(),
    );
    expect(await revisions()).toMatchObject({ trust: 13, trust_gain: 13 });
    expect(await history()).toHaveLength(13);
  });

  it('creates an attestor once, however many ask at the same time', async () => {
    const created = await Promise.all(upTo(6).map(() => put(document('ci', numbered(1)), anotherStore())));
    expect(created.filter(({ change }) => change !== null)).toHaveLength(1);
    expect(await revisions()).toMatchObject({ trust: 1 });
  });

  it('is never recorded before the one before it, even where the clock was set back', async () => {
    await owner.query(
      `insert into attestor_states (name, trust_revision, at, actor, attestor) values ('early', 1, now() + interval '1 hour', 'x', null)`,
    );
    await owner.query(`update revisions set value = 1 where name = 'trust'`);
    const early = await store.snapshot();
    const { now } = await put(document('ci', numbered(1)));
    expect(epochOf(now)).toBe(early.at);
    expect((await anotherStore().snapshot()).at).toBe(early.at);
  });
});

describe('a revocation', () => {
  it('is on record in full, and binds in the next snapshot of every process', async () => {
    await put(document('ci', numbered(1)));
    const { now } = await revoke('ci', 'k1', 'superseded');
    const { thumbprint } = numbered(1);
    const read = await anotherStore().snapshot();
    expect(read.revocations.get(thumbprint)?.map(({ revocation }) => revocation)).toEqual([
      { thumbprint, attestor: 'ci', keyId: 'k1', reason: 'superseded', effectiveFrom: now, at: now, trustRevision: 2 },
    ]);
    expect((await history()).at(-1)).toEqual({
      type: 'key.revoked',
      actor: ACTOR,
      data: { thumbprint, attestor: 'ci', keyId: 'k1', reason: 'superseded', effectiveFrom: now, trustRevision: 2 },
    });
    expect(await revisions()).toMatchObject({ trust: 2, trust_gain: 1 });
  });

  it('and the key brought in elsewhere at the same time never both win unseen', async () => {
    await put(document('ci', numbered(1)));
    const outcomes = await Promise.allSettled([
      revoke('ci', 'k1', 'compromised'),
      put(document('qa', { ...numbered(1), id: 'q1' }), anotherStore()),
    ]);
    expect(outcomes[0].status).toBe('fulfilled');
    const trust = await store.snapshot();
    const revoked = trust.revocations.get(numbered(1).thumbprint)?.[0];
    const brought = trust.attestors.get('qa')?.[0];
    if (outcomes[1].status === 'rejected') expect(outcomes[1].reason).toMatchObject({ code: 'key_revoked' });
    else expect(brought?.trustRevision).toBeLessThan(revoked?.revocation.trustRevision ?? 0);
  });
});

describe('a snapshot', () => {
  it('holds all up to its revision and nothing beyond, while trust is changing', async () => {
    let writing = true;
    const readers = [store, anotherStore(), anotherStore()].map(async (reader, index) => {
      const seen: TrustSnapshot[] = [];
      while (writing) {
        const { trust } = await (index === 0 ? reader : anotherStore()).current();
        seen.push(trust, await reader.snapshotAt(Math.max(0, trust.revision - 1)));
      }
      return seen;
    });
    try {
      for (const index of upTo(15)) {
        await Promise.all([
          put(document('ci', numbered(index))),
          put(document('qa', numbered(100 + index)), anotherStore()),
        ]);
        await revoke('ci', `k${index}`, 'compromised');
      }
    } finally {
      writing = false;
    }
    const seen = (await Promise.all(readers)).flat();
    expect(new Set(seen.map((trust) => trust.revision)).size).toBeGreaterThan(5);
    for (const trust of seen) expect(recordedIn(trust)).toEqual(upTo(trust.revision));
    expect((await store.snapshot()).revision).toBe(45);
  });

  it('of one revision is one object while it is the latest, so that what is derived from it is kept', async () => {
    await put(document('ci', numbered(1)));
    const asked = await Promise.all(upTo(5).map(() => store.snapshot()));
    expect(new Set(asked).size).toBe(1);
    expect(await store.snapshotAt(1)).toBe(asked[0]);
  });

  it('of an earlier revision stays what it was', async () => {
    await put(document('ci', numbered(1)));
    const then = await store.snapshot();
    await put(document('ci', numbered(2)));
    await revoke('ci', 'k1', 'compromised');
    const now = await store.snapshot();
    for (const reader of [store, anotherStore()]) {
      const again = await reader.snapshotAt(1);
      expect(findAttestor(again, 'ci')).toEqual(findAttestor(then, 'ci'));
      expect(recordedIn(again)).toEqual([1]);
    }
    expect(await store.snapshot()).toBe(now);
    expect(recordedIn(await store.snapshotAt(0))).toEqual([]);
  });

  it('of a revision that was never committed is refused', async () => {
    await expect(store.snapshotAt(1)).rejects.toThrow('has not been committed');
  });

  it('as of a moment holds what was on record by then', async () => {
    const { now: first } = await put(document('ci', numbered(1)));
    await owner.query('select pg_sleep(0.01)');
    const { now: second } = await revoke('ci', 'k1', 'compromised');
    const asOf = async (moment: number): Promise<number> => (await store.snapshotAsOf(new Date(moment))).revision;
    expect(await asOf(epochOf(first) - 1)).toBe(0);
    expect(await asOf(epochOf(first))).toBe(1);
    expect(await asOf(epochOf(second) - 1)).toBe(1);
    expect(await asOf(epochOf(second))).toBe(2);
  });
});

describe('identities, trust roots and acts on statements', () => {
  const identity = { id: 'release', issuer: GITHUB, subject: WORKFLOW };
  const target = {
    signedDigest: sha256(Buffer.from('signed')),
    signers: [signerIdOf(certificateWith())],
    attestation: 'sha256:a' as AttestationId,
    image: sha256(Buffer.from('image')),
  };

  async function live(): Promise<void> {
    await put(parseAttestor('ci', { kinds: ['build'], keys: [], identities: [identity] }));
    await store.change(ACTOR, (trust) => putRoot(trust, 'own', BUILT_IN_ROOT));
    await store.change(ACTOR, (trust) => putRoot(trust, 'public-good', rootWith()));
    await store.change(ACTOR, (trust) => deleteRoot(trust, 'public-good'));
    await store.change(ACTOR, (trust, now) =>
      revokeIdentity(trust, 'ci', 'release', { reason: 'compromised', effectiveFrom: null }, now),
    );
    await store.change(ACTOR, (trust) => actOnStatement(trust, target, 'revoked', 'wrong'));
    await store.change(ACTOR, (trust) => actOnStatement(trust, { ...target, signers: null }, 'retracted', 'wrong'));
    await store.change(ACTOR, (trust) => deleteRoot(trust, 'own'));
  }

  it('are read back by every process as they were put on record, also at an earlier revision', async () => {
    await live();
    const [here, there] = [await store.snapshot(), await anotherStore().snapshot()];
    for (const trust of [here, there]) {
      expect(recordedIn(trust)).toEqual(upTo(8));
      expect(findAttestor(trust, 'ci')?.identities).toMatchObject([{ ...identity, trustRoot: 'public-good' }]);
      expect(trust.identityRevocations.map(({ revocation }) => revocation)).toMatchObject([
        { attestor: 'ci', identityId: 'release', reason: 'compromised', effectiveFrom: null, trustRevision: 5 },
      ]);
      expect(
        authorityOf(trust, 'ci', certificateWith(), { kind: 'build', predicateType: 'x', repository: null }).code,
      ).toBe('signer_revoked');
      expect(standingOf(trust, target.signedDigest, target.signers)).toBe('retracted');
      expect(trust.statements.get(target.signedDigest)?.map(({ signers }) => signers)).toEqual([target.signers, null]);
      expect(findRoot(trust, 'own')).toBeNull();
      expect(findRoot(trust, 'own', 7)?.root).toEqual(BUILT_IN_ROOT);
      expect(findRoot(trust, 'public-good', 3)?.root).toEqual(rootWith());
      expect(findRoot(trust, 'public-good')?.root).toEqual(BUILT_IN_ROOT);
    }
    const before = await anotherStore().snapshotAt(4);
    expect(recordedIn(before)).toEqual(upTo(4));
    expect(findRoot(before, 'own')?.root).toEqual(BUILT_IN_ROOT);
  });

  it('are told in history, each by whom and at which revision', async () => {
    await live();
    expect(await history()).toMatchObject([
      { type: 'attestor.created', data: { trustRevision: 1 } },
      {
        type: 'trust_root.created',
        data: { trustRoot: 'own', trustRevision: 2, digest: canonicalDigest(BUILT_IN_ROOT.json) },
      },
      { type: 'trust_root.changed', data: { trustRoot: 'public-good', trustRevision: 3 } },
      { type: 'trust_root.deleted', data: { trustRoot: 'public-good', trustRevision: 4 } },
      { type: 'identity.revoked', actor: ACTOR, data: { attestor: 'ci', identityId: 'release', trustRevision: 5 } },
      { type: 'attestation.revoked', data: { reason: 'wrong', signedDigest: target.signedDigest, trustRevision: 6 } },
      { type: 'attestation.retracted', data: { trustRevision: 7 } },
      { type: 'trust_root.deleted', data: { trustRoot: 'own', trustRevision: 8 } },
    ]);
    const { rows } = await owner.query(
      `select image, attestation from history_entries where type = 'attestation.revoked'`,
    );
    expect(rows).toEqual([{ image: target.image, attestation: target.attestation }]);
  });

  it('say by what causes evidence could come to count', async () => {
    await live();
    const { rows } = await owner.query<{ revision: number; causes: string[] }>(
      `select trust_revision::int as revision, array_agg(cause order by cause) as causes from trust_gains
       group by trust_revision order by trust_revision`,
    );
    const authorities = ['root:ca:fulcio', 'root:ctlog:fulcio', 'root:tlog:rekor', 'root:tsa:sigstore'];
    expect(rows).toEqual([
      { revision: 1, causes: [`identity:${GITHUB}`] },
      { revision: 2, causes: ['root', ...authorities] },
      { revision: 3, causes: authorities },
      { revision: 4, causes: ['root', ...authorities] },
      { revision: 8, causes: authorities },
    ]);
    expect(await revisions()).toMatchObject({ trust: 8, trust_gain: 8 });
  });

  it('as of a moment are those on record by then', async () => {
    const { now } = await store.change(ACTOR, (trust) => actOnStatement(trust, target, 'revoked', 'wrong'));
    expect((await store.snapshotAsOf(new Date(epochOf(now)))).revision).toBe(1);
    expect((await store.snapshotAsOf(new Date(epochOf(now) - 1))).revision).toBe(0);
  });
});

describe('what is on record', () => {
  it.each([
    `update trust_root_states set root = null`,
    `delete from identity_revocations`,
    `update statement_acts set act = 'revoked'`,
    `delete from trust_gains`,
    `update attestor_states set attestor = null`,
    `delete from attestor_states`,
    `update key_revocations set effective_from = now()`,
    `delete from key_revocations`,
    `truncate attestor_states`,
    `delete from revisions`,
  ])('cannot be changed by the service: %s', async (statement) => {
    await put(document('ci', numbered(1)));
    await revoke('ci', 'k1', 'compromised');
    await expect(database.pool.query(statement)).rejects.toMatchObject({ code: '42501' });
  });
});
