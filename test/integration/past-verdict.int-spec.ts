import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256, type AttestationId, type Sha256Digest } from '../../src/intoto/digest.js';
import { parseImageIndex } from '../../src/intoto/image-index.js';
import { AppError } from '../../src/platform/app-error.js';
import { contentDigest } from '../../src/policy/question.js';
import type { IdentifiedVerdict } from '../../src/policy/verdict.js';
import { parseAttestor } from '../../src/trust/parse-attestor.js';
import { actOnStatement } from '../../src/trust/statement-standing.js';
import { addKey, deleteAttestor, putAttestor, revokeKey } from '../../src/trust/trust-change.js';
import { Faults } from '../support/faults.js';
import { PREDICATE_TYPES, testResult } from '../support/predicates.js';
import { openHouse, type House, type Rooms } from '../support/rooms.js';
import { envelopeOf, makeKey, statementAbout, type TestKey } from '../support/sign.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const ACTOR = 'token:test#1';

let database: TestDatabase;
let house: House;
let rooms: Rooms;
let owner: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  house = await openHouse(database.url, new Faults());
  rooms = house.enter();
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
});

afterAll(async () => {
  await owner.end();
  await house.close();
  await database.drop();
});

/** What may happen between two verdicts. */
const event = fc.oneof(
  fc.record({
    type: fc.constant('evidence' as const),
    result: fc.constantFrom('PASSED', 'PASSED', 'FAILED'),
    signers: fc.constantFrom([0], [1], [0, 1], [2]),
    again: fc.boolean(),
    about: fc.constantFrom('image' as const, 'image' as const, 'index' as const, 0 as const, 1 as const),
    examined: fc.constantFrom(true, true, false),
  }),
  fc.record({ type: fc.constant('worker' as const) }),
  fc.record({ type: fc.constant('key' as const), key: fc.constantFrom(1, 2) }),
  fc.record({ type: fc.constant('revocation' as const), key: fc.constantFrom(0, 1) }),
  fc.record({ type: fc.constant('act' as const), act: fc.constantFrom('revoked' as const, 'retracted' as const) }),
  fc.record({ type: fc.constant('deletion' as const) }),
  fc.record({ type: fc.constant('waiver' as const), approvals: fc.constantFrom(0, 0, 1) }),
  fc.record({ type: fc.constantFrom('index' as const, 'manifests' as const) }),
  fc.record({ type: fc.constant('approval' as const) }),
  fc.record({ type: fc.constant('end of a waiver' as const) }),
  fc.record({
    type: fc.constant('policy' as const),
    count: fc.constantFrom(1, 2),
    wait: fc.boolean(),
    via: fc.boolean(),
  }),
);
type Event = typeof event extends fc.Arbitrary<infer Value> ? Value : never;

/** What is refused has changed nothing, and is no matter here. */
function refused(error: unknown): void {
  if (!(error instanceof AppError)) throw error;
}

function newDigest(): Sha256Digest {
  return `sha256:${randomBytes(32).toString('hex')}` as Sha256Digest;
}

function indexOf(manifests: readonly Sha256Digest[]): Buffer {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const listed = manifests.map((digest) => ({ mediaType, digest, size: 500 }));
  return Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: listed }));
}

async function relate(bytes: Buffer): Promise<void> {
  const posted = { digest: sha256(bytes), bytes, index: parseImageIndex(bytes), actor: ACTOR };
  await rooms.indexes.insert(posted).catch(refused);
}

/** One image, one attestor and one policy of its own, and what becomes of them. */
class Life {
  private readonly manifests = [newDigest(), newDigest()] as const;
  private readonly ownIndex = indexOf(this.manifests);
  /** It is an index, whether that is known or not. */
  readonly image = sha256(this.ownIndex);
  readonly name = `life-${randomBytes(6).toString('hex')}`;
  private readonly keys: readonly TestKey[] = [makeKey(), makeKey('Ed25519'), makeKey()];
  private readonly waiting: AttestationId[] = [];
  private readonly posted: AttestationId[] = [];
  private readonly waivers: string[] = [];
  private readonly indexes: Sha256Digest[] = [];

  async begin(): Promise<void> {
    const document = { kinds: ['test'], keys: [{ id: 'k0', publicKey: this.keys[0]!.publicKey }] };
    const parsed = parseAttestor(this.name, document);
    await rooms.trust.change(ACTOR, (trust, now) => putAttestor(trust, parsed, now));
    await this.publish(1, false, true);
  }

  ask(): Promise<IdentifiedVerdict> {
    return rooms.verdicts.decide(this.asked, ACTOR, null);
  }

  get asked() {
    return { digest: this.image, repository: null, policy: this.name, parameters: {} };
  }

  async happen(what: Event): Promise<void> {
    switch (what.type) {
      case 'evidence': {
        const statement = statementAbout(this.subject(what.about), PREDICATE_TYPES.testResult, testResult(what.result));
        const body = envelopeOf(
          statement,
          what.signers.map((index) => this.keys[index]!),
        );
        const id = await rooms.post(what.again ? Buffer.from(`${body.toString()} `) : body);
        this.posted.push(id);
        if (what.examined) await rooms.work({ ids: [id] });
        else this.waiting.push(id);
        return;
      }
      case 'worker':
        return rooms.work({ ids: this.waiting.splice(0) });
      case 'key': {
        const document = { id: `k${what.key}`, publicKey: this.keys[what.key]!.publicKey };
        const [key] = parseAttestor(this.name, { kinds: ['test'], keys: [document] }).keys;
        await this.changeTrust((trust) => addKey(trust, this.name, key!));
        // What waited for the key is examined again.
        return rooms.work({ ids: this.posted });
      }
      case 'revocation':
        return this.changeTrust((trust, now) =>
          revokeKey(trust, this.name, `k${what.key}`, { reason: 'compromised', effectiveFrom: null }, now),
        );
      case 'act': {
        const [attestation] = this.posted;
        if (attestation === undefined) return;
        const { rows } = await owner.query<{ signed: Sha256Digest | null }>(
          'select signed_digest as signed from verifications where attestation = $1 order by id limit 1',
          [attestation],
        );
        const signedDigest = rows[0]?.signed ?? null;
        if (signedDigest === null) return;
        const target = { signedDigest, signers: null, attestation, image: this.image };
        return this.changeTrust((trust) => actOnStatement(trust, target, what.act, 'wrong'));
      }
      case 'deletion':
        return this.changeTrust((trust) => deleteAttestor(trust, this.name));
      case 'waiver': {
        const request = {
          policy: this.name,
          requirement: 'tested',
          scope: { digest: this.image },
          reason: 'a test',
          reference: 'a test',
          until: new Date(Date.now() + 3_600_000).toISOString(),
          approvals: what.approvals,
        };
        const { waiver } = await rooms.waivers.create(request, { id: '1', actor: ACTOR });
        this.waivers.push(waiver.id);
        return;
      }
      case 'index': {
        const bytes = indexOf([this.image, newDigest()]);
        this.indexes.push(sha256(bytes));
        return relate(bytes);
      }
      case 'manifests':
        return relate(this.ownIndex);
      case 'approval':
        return this.waive((id) => rooms.waivers.approve(id, { id: '2', actor: ACTOR }));
      case 'end of a waiver':
        return this.waive((id) => rooms.waivers.revoke(id, 'over', { actor: ACTOR }));
      case 'policy':
        return this.publish(what.count, what.wait, what.via);
    }
  }

  private async changeTrust(decide: Parameters<Rooms['trust']['change']>[1]): Promise<void> {
    await rooms.trust.change(ACTOR, decide).catch(refused);
  }

  /** Acts on the last waiver made, where there is one. */
  private async waive(act: (id: string) => Promise<unknown>): Promise<void> {
    const last = this.waivers.at(-1);
    if (last !== undefined) await act(last).catch(refused);
  }

  /** What evidence is about; the image where there is no index yet. */
  private subject(about: 'image' | 'index' | 0 | 1): Sha256Digest {
    if (about === 'image') return this.image;
    return about === 'index' ? (this.indexes.at(-1) ?? this.image) : this.manifests[about];
  }

  private async publish(count: number, wait: boolean, via: boolean): Promise<void> {
    const requirement = { id: 'tested', kind: 'test', from: [this.name], count, ...(via ? { via: 'index' } : {}) };
    const document = { policy: this.name, onPending: wait ? 'deny' : 'allow', requirements: [requirement] };
    const source = { text: JSON.stringify(document), format: 'json' as const };
    await rooms.policies.put({ name: this.name, source, actor: ACTOR, expected: null });
  }
}

describe('whatever happens to evidence, trust, waivers and policy', () => {
  it('a verdict says the same when replayed, and as of its own moment', async () => {
    const decisions = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 3, maxLength: 10 }), async (events) => {
        const life = new Life();
        await life.begin();
        await life.happen({
          type: 'evidence',
          result: 'PASSED',
          signers: [0],
          again: false,
          about: 'image',
          examined: true,
        });
        const given: IdentifiedVerdict[] = [];
        for (const what of events) {
          await sleep(2);
          given.push(await life.ask());
          await sleep(2);
          await life.happen(what);
        }
        const latest = await rooms.verdicts.evaluateNow(life.asked);
        for (const verdict of given) {
          decisions.add(verdict.decision);
          const replay = await rooms.past.replay(verdict.id);
          expect(replay).toMatchObject({ same: true, differences: [], reasons: [], refusal: null });
          const { id: _, ...recorded } = verdict;
          expect(replay?.replayed).toEqual(recorded);
          expect(contentDigest(replay!.now!)).toBe(contentDigest(latest));
          expect(await rooms.past.answerAsOf(life.asked, new Date(verdict.evaluatedAt))).toEqual(recorded);
        }
      }),
      { numRuns: Number(process.env['REPLAY_PROPERTY_RUNS'] ?? 15) },
    );
    expect(decisions).toEqual(new Set(['allow', 'deny']));
  });
});

describe('a replay', () => {
  async function given(): Promise<{ readonly life: Life; readonly verdict: IdentifiedVerdict }> {
    const life = new Life();
    await life.begin();
    await life.happen({
      type: 'evidence',
      result: 'PASSED',
      signers: [0],
      again: false,
      about: 'image',
      examined: true,
    });
    await sleep(2);
    return { life, verdict: await life.ask() };
  }

  /** As a release of the past, or somebody with the owner's rights, might have left it. */
  const forge = (id: string, path: string, value: unknown): Promise<unknown> =>
    owner.query('update verdicts set verdict = jsonb_set(verdict::jsonb, $2::text[], $3::jsonb)::json where id = $1', [
      id,
      path,
      JSON.stringify(value),
    ]);

  it('is null for what is not on record', async () => {
    expect(await rooms.past.replay('00000000-0000-4000-8000-000000000000')).toBeNull();
  });

  it('says the same of what was allowed by break-glass', async () => {
    const life = new Life();
    await life.begin();
    const { id } = await rooms.verdicts.override(life.asked, ACTOR, null, { justification: 'a fire', by: ACTOR });
    const replay = await rooms.past.replay(id);
    expect(replay).toMatchObject({ same: true, differences: [], replayed: { decision: 'allow', wouldDeny: true } });
    expect(replay?.now).toMatchObject({ decision: 'deny' });
  });

  it('says what differs where the record says something else than its inputs give', async () => {
    const { verdict } = await given();
    await forge(verdict.id, '{decision}', 'deny');
    await forge(verdict.id, '{requirements,0,code}', 'no_evidence');
    const replay = await rooms.past.replay(verdict.id);
    expect(replay).toMatchObject({ same: false, replayed: { decision: 'allow' } });
    expect(replay?.differences).toMatchObject([
      { of: 'decision', recorded: 'deny', replayed: 'allow' },
      { of: 'requirements.tested', recorded: { code: 'no_evidence' }, replayed: { code: 'satisfied' } },
    ]);
    expect(replay?.reasons).toHaveLength(1);
  });

  it('does not evaluate by a policy of another digest, or by none', async () => {
    const { verdict } = await given();
    await forge(verdict.id, '{policy,digest}', `sha256:${'0'.repeat(64)}`);
    const replay = await rooms.past.replay(verdict.id);
    expect(replay).toMatchObject({ same: false, replayed: null, differences: [], now: { decision: 'allow' } });
    expect(replay?.reasons[0]).toContain(`has the digest ${verdict.policy.digest}`);
    await forge(verdict.id, '{policy,revision}', 7);
    expect((await rooms.past.replay(verdict.id))?.reasons).toEqual([
      `revision 7 of policy ${verdict.policy.name} is not on record`,
    ]);
  });

  it('goes by recorded times, and says so, where revisions tell nothing', async () => {
    const { life, verdict } = await given();
    await owner.query('update images set revision = revision + 1 where subject = $1', [life.image]);
    const replay = await rooms.past.replay(verdict.id);
    expect(replay).toMatchObject({ same: true, replayed: { decision: 'allow' } });
    expect(replay?.reasons).toHaveLength(1);
  });

  it('says that evidence cannot have been examined, whatever the record says', async () => {
    const { life, verdict } = await given();
    await life.happen({
      type: 'evidence',
      result: 'PASSED',
      signers: [1],
      again: false,
      about: 'image',
      examined: false,
    });
    await owner.query(
      `update attestations set received_at = received_at - interval '1 minute' where id in (
         select attestation from attestation_subjects where subject = $1)`,
      [life.image],
    );
    expect(await rooms.past.replay(verdict.id)).toMatchObject({
      same: false,
      differences: [{ of: 'pending', recorded: false, replayed: true }],
    });
  });

  it('names the reason for which the question would be refused at this moment', async () => {
    const { life, verdict } = await given();
    const parameters = { region: { type: 'string', required: true } };
    const requirements = [{ id: 'tested', kind: 'test', from: [life.name] }];
    const text = JSON.stringify({ policy: life.name, parameters, requirements });
    await rooms.policies.put({ name: life.name, source: { text, format: 'json' }, actor: ACTOR, expected: null });
    expect(await rooms.past.replay(verdict.id)).toMatchObject({
      same: true,
      now: null,
      refusal: { code: 'parameter_invalid' },
    });
  });

  it('puts nothing on record', async () => {
    const { life, verdict } = await given();
    const count = async () => (await owner.query('select count(*) from history_entries')).rows;
    const before = await count();
    await rooms.past.replay(verdict.id);
    await rooms.past.answerAsOf(life.asked, new Date());
    expect(await count()).toEqual(before);
  });
});
