import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hashToken } from '../../src/access/token.js';
import { isSha256Digest, type Sha256Digest } from '../../src/intoto/digest.js';
import { parseAttestor } from '../../src/trust/parse-attestor.js';
import { putAttestor, revokeKey } from '../../src/trust/trust-change.js';
import { findAttestor } from '../../src/trust/trust-snapshot.js';
import { surviveEveryFault } from '../support/crash-points.js';
import { PREDICATE_TYPES, testResult } from '../support/predicates.js';
import type { Rooms } from '../support/rooms.js';
import { envelopeOf, makeKey, statementAbout } from '../support/sign.js';

const ACTOR = 'token:test#1';

const freshName = (): string => `n${randomBytes(6).toString('hex')}`;

function freshDigest(): Sha256Digest {
  const digest = `sha256:${randomBytes(32).toString('hex')}`;
  if (!isSha256Digest(digest)) throw new Error(`${digest} is no digest`);
  return digest;
}

async function count(rooms: Rooms, from: string, values: readonly unknown[]): Promise<number> {
  const { rows } = await rooms.database.pool.query<{ count: number }>(`select count(*) as count from ${from}`, [
    ...values,
  ]);
  return rows[0]?.count ?? 0;
}

describe('whatever call fails, and whether or not it happened, trust changes once', () => {
  const document = { kinds: ['test'], keys: [{ id: 'k1', publicKey: makeKey().publicKey }] };

  it('when an attestor is registered', async () => {
    const calls = await surviveEveryFault({
      given: () =>
        Promise.resolve({
          name: freshName(),
          body: { ...document, keys: [{ id: 'k1', publicKey: makeKey().publicKey }] },
        }),
      run: (rooms, { name, body }) =>
        rooms.trust.change(ACTOR, (trust, now) => putAttestor(trust, parseAttestor(name, body), now)),
      then: async (rooms, { name }) => {
        expect(findAttestor(await rooms.trust.snapshot(), name)?.keys).toHaveLength(1);
        expect(await count(rooms, 'attestor_states where name = $1', [name])).toBe(1);
      },
    });
    expect(calls).toContain('COMMIT');
  });

  it('when a key is revoked', async () => {
    await surviveEveryFault({
      given: async (rooms) => {
        const name = freshName();
        await rooms.putAttestor(name, { ...document, keys: [{ id: 'k1', publicKey: makeKey().publicKey }] });
        return name;
      },
      run: (rooms, name) =>
        rooms.trust.change(ACTOR, (trust, now) =>
          revokeKey(trust, name, 'k1', { reason: 'superseded', effectiveFrom: null }, now),
        ),
      then: async (rooms, name) => {
        expect(await count(rooms, 'key_revocations where attestor = $1', [name])).toBe(1);
      },
    });
  });
});

const policy = (name: string): string =>
  `policy: ${name}\nrequirements:\n  - {id: tested, kind: test, from: [qa], where: {suites: [integration]}}\n`;

describe('whatever call fails, and whether or not it happened, a policy is published once', () => {
  it.each([
    { how: 'whatever there was', expected: null },
    { how: 'only where there was none', expected: 0 },
  ])('when it is put $how', async ({ expected }) => {
    await surviveEveryFault({
      given: () => Promise.resolve(freshName()),
      run: (rooms, name) =>
        rooms.policies.put({ name, source: { text: policy(name), format: 'yaml' }, actor: ACTOR, expected }),
      then: async (rooms, name) => {
        expect(await count(rooms, 'policy_revisions where name = $1', [name])).toBe(1);
      },
    });
  });
});

describe('whatever call fails, and whether or not it happened, an answer that was given is on record', () => {
  const qa = makeKey();

  /** A policy, and an image that meets it. */
  async function given(rooms: Rooms): Promise<{ digest: Sha256Digest; policy: string; answered: string[] }> {
    await rooms.putAttestor('qa', { kinds: ['test'], keys: [{ id: 'k1', publicKey: qa.publicKey }] });
    const name = freshName();
    await rooms.policies.put({ name, source: { text: policy(name), format: 'yaml' }, actor: ACTOR, expected: null });
    const digest = freshDigest();
    const statement = statementAbout(digest, PREDICATE_TYPES.testResult, testResult('PASSED'));
    await rooms.work({ ids: [await rooms.post(envelopeOf(statement, [qa]))] });
    return { digest, policy: name, answered: [] };
  }

  it('when it is given to a GET, of which equal ones are recorded once', async () => {
    const calls = await surviveEveryFault({
      given,
      run: async (rooms, { digest, policy: name, answered }) => {
        const asked = { digest, repository: null, policy: name, parameters: {} };
        const answer = await rooms.verdicts.answer(asked, await rooms.images.readState(digest), ACTOR);
        const { id, decision } = JSON.parse(answer.toString()) as { id: string; decision: string };
        expect(decision).toBe('allow');
        answered.push(id);
      },
      then: async (rooms, { digest, answered }) => {
        expect(await count(rooms, 'verdicts where image = $1', [digest])).toBe(1);
        expect(await count(rooms, 'verdicts where image = $1 and id = any($2)', [digest, answered])).toBe(1);
      },
    });
    expect(calls).toContain('verdict-record-group');
  });

  it('when it is given to a POST, for each that was answered', async () => {
    await surviveEveryFault({
      given,
      run: async (rooms, { digest, policy: name, answered }) => {
        const images = [digest, freshDigest(), freshDigest()];
        const verdicts = await Promise.all(
          images.map((image) =>
            rooms.verdicts.decide({ digest: image, repository: null, policy: name, parameters: {} }, ACTOR, {}),
          ),
        );
        expect(verdicts.map(({ decision }) => decision)).toEqual(['allow', 'deny', 'deny']);
        answered.push(...verdicts.map(({ id }) => id));
      },
      then: async (rooms, { policy: name, answered }) => {
        expect(await count(rooms, 'verdicts where policy = $1 and id = any($2)', [name, answered])).toBe(3);
      },
    });
  });
});

describe('whatever call fails, and whether or not it happened, a token is in force as it was answered', () => {
  const token = { name: 'ci', roles: ['attester'], policies: null, parameters: null, expiresAt: null } as const;

  it('when it is issued', async () => {
    await surviveEveryFault({
      given: () => Promise.resolve<string[]>([]),
      run: async (rooms, issued) => {
        // A request that is made again makes another token, since the first one's secret was never seen.
        const id = randomBytes(8).toString('hex');
        await rooms.tokens.create({ ...token, id, hash: hashToken(id) }, ACTOR);
        issued.push(id);
      },
      then: async (rooms, issued) => {
        expect(issued).toHaveLength(1);
        const { byHash } = await rooms.tokens.readKnown();
        expect(byHash.get(hashToken(issued[0]!))?.caller.id).toBe(issued[0]);
      },
    });
  });

  it('when it is revoked', async () => {
    await surviveEveryFault({
      given: async (rooms) => {
        const id = randomBytes(8).toString('hex');
        await rooms.tokens.create({ ...token, id, hash: hashToken(id) }, ACTOR);
        return id;
      },
      run: (rooms, id) => rooms.tokens.revoke(id, ACTOR),
      then: async (rooms, id) => {
        expect((await rooms.tokens.readKnown()).byHash.has(hashToken(id))).toBe(false);
      },
    });
  });
});

describe('whatever call fails, and whether or not it happened, history is in order', () => {
  it('when the sequencer places what waits', async () => {
    const calls = await surviveEveryFault({
      given: async (rooms) => {
        const name = freshName();
        await rooms.policies.put({
          name,
          source: { text: policy(name), format: 'yaml' },
          actor: ACTOR,
          expected: null,
        });
      },
      run: (rooms) => rooms.sequence(),
      then: async (rooms) => {
        expect(await count(rooms, 'history_unsequenced', [])).toBe(0);
      },
    });
    expect(calls.length).toBeGreaterThan(0);
  });
});
