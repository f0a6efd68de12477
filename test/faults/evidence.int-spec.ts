import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { AttestationId, SubjectDigest } from '../../src/intoto/digest.js';
import { surviveEveryFault } from '../support/crash-points.js';
import { approval, PREDICATE_TYPES, testResult } from '../support/predicates.js';
import type { Rooms } from '../support/rooms.js';
import { envelopeOf, makeKey, statementAbout } from '../support/sign.js';

const qa = makeKey();
const lead = makeKey('Ed25519');
const stranger = makeKey();

const freshDigest = (): SubjectDigest => `sha256:${randomBytes(32).toString('hex')}` as SubjectDigest;

async function trust(rooms: Rooms): Promise<void> {
  await rooms.putAttestor('qa', { kinds: ['test'], keys: [{ id: 'k1', publicKey: qa.publicKey }] });
  await rooms.putAttestor('leads', { kinds: ['approval'], keys: [{ id: 'k1', publicKey: lead.publicKey }] });
}

interface Bundle {
  readonly digest: SubjectDigest;
  readonly bodies: readonly Buffer[];
}

/** Evidence about one image of every sort: proved twice over, by two signers, by a stranger, and about nothing. */
function evidence(): Bundle {
  const digest = freshDigest();
  const tested = envelopeOf(statementAbout(digest, PREDICATE_TYPES.testResult, testResult('PASSED')), [qa]);
  const approved = statementAbout(digest, PREDICATE_TYPES.approval, approval('ann', new Date()));
  return {
    digest,
    bodies: [
      tested,
      Buffer.concat([tested, Buffer.from('\n')]),
      envelopeOf(approved, [lead, qa]),
      envelopeOf(approved, [stranger]),
      envelopeOf(`not a statement, ${digest}`, [qa], 'text/plain'),
    ],
  };
}

const post = (rooms: Rooms, bodies: readonly Buffer[]): Promise<AttestationId[]> =>
  Promise.all(bodies.map((body) => rooms.post(body)));

async function postAndAnnounce(rooms: Rooms, { bodies }: Bundle): Promise<void> {
  await post(rooms, bodies);
  await rooms.announced();
}

/** All of it is stored, and each examined once with what it deserves. */
async function expectExamined(rooms: Rooms, { digest, bodies }: Bundle): Promise<void> {
  const rows = await rooms.attestations.findMany(await post(rooms, bodies));
  const outcomes = rows.map(({ verification }) => verification?.code ?? verification?.outcome ?? 'pending').sort();
  expect(outcomes).toEqual(['payload_type_unsupported', 'untrusted_signer', 'verified', 'verified', 'verified']);
  const state = await rooms.images.readFacts(digest);
  expect(state).toMatchObject({ received: 4, examined: 4 });
  expect(state.facts.map((fact) => (fact as { kind: string }).kind).sort()).toEqual(['approval', 'test']);
}

describe('whatever call fails, and whether or not it happened, evidence is neither lost nor doubled', () => {
  it('when a group is received', async () => {
    const calls = await surviveEveryFault({
      given: async (rooms) => {
        await trust(rooms);
        return evidence();
      },
      run: postAndAnnounce,
      then: expectExamined,
    });
    expect(calls).toContain('ingest-group');
    expect(calls).toContain('queue: add');
  });

  it('when some of it was received before', async () => {
    const calls = await surviveEveryFault({
      given: async (rooms) => {
        await trust(rooms);
        const bundle = evidence();
        await post(rooms, bundle.bodies.slice(0, 3));
        return bundle;
      },
      run: postAndAnnounce,
      then: expectExamined,
    });
    expect(calls).toContain('ingest-find-received');
  });

  it('when a group is examined', async () => {
    const calls = await surviveEveryFault({
      given: async (rooms) => {
        await trust(rooms);
        const bundle = evidence();
        return { ...bundle, ids: await post(rooms, bundle.bodies) };
      },
      run: (rooms, { ids }) => rooms.work({ ids }),
      then: expectExamined,
    });
    expect(calls).toContain('COMMIT');
  });

  it('when it is examined again, because a key was added', async () => {
    await surviveEveryFault({
      given: async (rooms) => {
        const late = makeKey();
        const name = `late-${randomBytes(4).toString('hex')}`;
        const digest = freshDigest();
        const statement = statementAbout(digest, PREDICATE_TYPES.testResult, testResult('PASSED'));
        const ids = await post(rooms, [envelopeOf(statement, [late])]);
        await rooms.work({ ids });
        await rooms.putAttestor(name, { kinds: ['test'], keys: [{ id: 'k1', publicKey: late.publicKey }] });
        return { digest, ids };
      },
      run: (rooms, { ids }) => rooms.work({ ids }),
      then: async (rooms, { digest, ids }) => {
        expect(await rooms.attestations.findMany(ids)).toMatchObject([{ verification: { outcome: 'verified' } }]);
        const state = await rooms.images.readFacts(digest);
        expect(state).toMatchObject({ received: 1, examined: 1, facts: [{ kind: 'test' }] });
      },
    });
  });

  it('when it is given up', async () => {
    await surviveEveryFault({
      given: async (rooms) => {
        await trust(rooms);
        const digest = freshDigest();
        const statement = statementAbout(digest, PREDICATE_TYPES.testResult, testResult('PASSED'));
        return { digest, ids: await post(rooms, [envelopeOf(statement, [qa])]) };
      },
      run: (rooms, { ids }) => rooms.verification.giveUp(ids[0]!, new Error('no reason')),
      then: async (rooms, { digest, ids }) => {
        const [row] = await rooms.attestations.findMany(ids);
        expect(row?.verification).toMatchObject({ outcome: 'error', code: 'verification_error' });
        expect(await rooms.images.readState(digest)).toMatchObject({ received: 1, examined: 1 });
        // It may be tried again, and then counts.
        await rooms.work({ ids });
        expect(await rooms.attestations.findMany(ids)).toMatchObject([{ verification: { outcome: 'verified' } }]);
      },
    });
  });

  it('when the sweeper hands over what the queue lost', async () => {
    const calls = await surviveEveryFault({
      given: async (rooms) => {
        await trust(rooms);
        const bundle = evidence();
        await post(rooms, bundle.bodies);
        return bundle;
      },
      run: (rooms) => rooms.sweep(),
      then: expectExamined,
    });
    expect(calls).toContain('queue: add');
  });
});
