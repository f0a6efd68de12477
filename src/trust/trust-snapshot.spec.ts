import { describe, expect, it } from 'vitest';
import { revocationsBinding } from './revocations-binding.js';
import { epochOf, extendTrust, findAttestor, findLastAttestor, keysEverHeld } from './trust-snapshot.js';
import { attestorWith, day, EMPTY_TRUST, KEY_A, KEY_B, keyWith, trustOf } from './trust.fixture.js';

const k2 = keyWith({ id: 'k2', thumbprint: KEY_B });

describe('a snapshot of trust', () => {
  it('is the same whether it was read at once or in steps', () => {
    const first = { name: 'trivy', at: day(1), trustRevision: 1, attestor: attestorWith() };
    const second = { name: 'trivy', at: day(2), trustRevision: 2, attestor: null };
    const revocation = {
      thumbprint: KEY_A,
      attestor: 'trivy',
      keyId: 'k1',
      reason: 'compromised',
      effectiveFrom: null,
      at: day(3),
      trustRevision: 3,
    } as const;
    const once = extendTrust(EMPTY_TRUST, 3, { states: [first, second], revocations: [revocation] });
    const inSteps = extendTrust(
      extendTrust(extendTrust(EMPTY_TRUST, 1, { states: [first], revocations: [] }), 2, {
        states: [second],
        revocations: [],
      }),
      3,
      { states: [], revocations: [revocation] },
    );
    expect(JSON.stringify(written(inSteps))).toBe(JSON.stringify(written(once)));
    expect(once).toMatchObject({ revision: 3, at: Date.parse(day(3)) });
  });

  it('stays what it was when later changes are added to it', () => {
    const before = trustOf({ at: day(1), attestor: attestorWith() });
    const kept = JSON.stringify(written(before));
    extendTrust(before, 3, {
      states: [
        { name: 'trivy', at: day(2), trustRevision: 2, attestor: null },
        { name: 'qa', at: day(2), trustRevision: 3, attestor: attestorWith({ name: 'qa' }) },
      ],
      revocations: [],
    });
    expect(JSON.stringify(written(before))).toBe(kept);
    expect(written(EMPTY_TRUST)).toEqual([0, [], [], []]);
  });

  it('keeps deleted attestors and every key they held', () => {
    const trust = trustOf(
      { at: day(1), attestor: attestorWith() },
      { at: day(2), deleted: 'trivy' },
      { at: day(3), attestor: attestorWith({ keys: [k2] }) },
      { at: day(4), deleted: 'trivy' },
    );
    expect(findAttestor(trust, 'trivy')).toBeNull();
    expect(findLastAttestor(trust, 'trivy')?.keys).toEqual([k2]);
    expect(keysEverHeld(trust, 'trivy').map((key) => key.id)).toEqual(['k1', 'k2']);
    expect(findLastAttestor(trust, 'qa')).toBeNull();
    expect(keysEverHeld(trust, 'qa')).toEqual([]);
    expect([...(trust.holders.get(KEY_A) ?? [])]).toEqual(['trivy']);
  });

  it('binds a key by what was said of it, by an attestor or of all', () => {
    const trust = trustOf(
      { at: day(1), attestor: attestorWith() },
      { at: day(2), revoked: { reason: 'superseded', effectiveFrom: day(2) } },
      { at: day(3), revoked: { reason: 'compromised', attestor: 'qa' } },
    );
    const reasons = (attestor: string): string[] =>
      revocationsBinding(trust, attestor, KEY_A).map(({ revocation }) => revocation.reason);
    expect(reasons('trivy')).toEqual(['superseded', 'compromised']);
    expect(reasons('other')).toEqual(['compromised']);
    expect(revocationsBinding(trust, 'trivy', KEY_B)).toEqual([]);
  });

  it('is not made where a recorded time is none', () => {
    const attestor = attestorWith({ keys: [keyWith({ validUntil: 'soon' })] });
    expect(() => trustOf({ at: day(1), attestor })).toThrow(RangeError);
    expect(() => trustOf({ at: '', attestor: attestorWith() })).toThrow(RangeError);
    expect(() => epochOf('')).toThrow(RangeError);
  });
});

function written(trust: typeof EMPTY_TRUST): unknown {
  const states = [...trust.attestors].map(([name, all]) => [name, all.map((state) => [state.at, state.attestor])]);
  const revocations = [...trust.revocations];
  const holders = [...trust.holders].map(([thumbprint, names]) => [thumbprint, [...names]]);
  return [trust.revision, states, revocations, holders];
}
