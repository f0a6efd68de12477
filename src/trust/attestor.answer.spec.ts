import { describe, expect, it } from 'vitest';
import { attestorAnswer, revokedAnswer, toAttestorAnswer, toRevokedAnswer } from './attestor.answer.js';
import type { AttestorKey } from './attestor.js';
import { keyState, type KeyState } from './key-state.js';
import { strictest } from './revocation.js';
import { epochOf, findAttestor, revocationsBinding, type TrustSnapshot } from './trust-snapshot.js';
import { attestorWith, day, KEY_A, keyWith, trustOf } from './trust.fixture.js';

const superseded = { at: day(5), revoked: { reason: 'superseded', effectiveFrom: day(5) } } as const;
const compromised = { at: day(6), revoked: { reason: 'compromised', effectiveFrom: day(4) } } as const;

describe('the state of a key', () => {
  const registered = (key: AttestorKey): { at: string; attestor: ReturnType<typeof attestorWith> } => ({
    at: day(1),
    attestor: attestorWith({ keys: [key] }),
  });
  const stateOf = (trust: TrustSnapshot, moment = day(10), attestor = 'trivy'): KeyState => {
    const key = findAttestor(trust, attestor)?.keys[0] ?? keyWith();
    return keyState(trust, attestor, key, epochOf(moment));
  };

  it('follows its window, the end excluded', () => {
    const trust = trustOf(registered(keyWith({ validFrom: day(3), validUntil: day(7) })));
    expect(stateOf(trust, day(3, -1))).toBe('not_yet_valid');
    expect(stateOf(trust, day(3))).toBe('active');
    expect(stateOf(trust, day(7, -1))).toBe('active');
    expect(stateOf(trust, day(7))).toBe('expired');
  });

  it('is retired where a document left it out, whatever its window', () => {
    expect(stateOf(trustOf(registered(keyWith({ retiredAt: day(4), validUntil: day(7) }))))).toBe('retired');
  });

  it('is what it was revoked as, before all else', () => {
    const retired = registered(keyWith({ retiredAt: day(4) }));
    expect(stateOf(trustOf(retired, superseded))).toBe('superseded');
    expect(stateOf(trustOf(retired, superseded, compromised))).toBe('compromised');
    expect(stateOf(trustOf(retired, compromised, superseded))).toBe('compromised');
  });

  it('is compromised under every attestor and superseded under one', () => {
    const qa = { at: day(1), attestor: attestorWith({ name: 'qa' }) };
    expect(stateOf(trustOf(qa, superseded), day(10), 'qa')).toBe('active');
    expect(stateOf(trustOf(qa, compromised), day(10), 'qa')).toBe('compromised');
  });
});

describe('an answer', () => {
  const trust = trustOf(
    { at: day(1), attestor: attestorWith({ repositories: ['a/*'], builders: [{ id: 'b', slsaLevel: 2 }] }) },
    superseded,
    compromised,
  );

  it('is what the contract says, with every revocation that binds a key', () => {
    const answer = toAttestorAnswer(trust, attestorWith(), epochOf(day(10)));
    expect(attestorAnswer.parse(answer)).toEqual(answer);
    expect(answer).toMatchObject({ name: 'trivy', changedAt: day(1), trustRevision: 1 });
    expect(answer.keys[0]).toMatchObject({
      thumbprint: KEY_A,
      state: 'compromised',
      revocations: [
        { reason: 'superseded', effectiveFrom: day(5), at: day(5), trustRevision: 2 },
        { reason: 'compromised', effectiveFrom: day(4), at: day(6), trustRevision: 3 },
      ],
    });
  });

  it('to a revocation names the one that takes the most away', () => {
    const revocation = strictest(revocationsBinding(trust, 'trivy', KEY_A));
    if (revocation === null) throw new Error('not revoked');
    const answer = toRevokedAnswer(revocation, 3);
    expect(revokedAnswer.parse(answer)).toEqual(answer);
    expect(answer).toMatchObject({ reason: 'compromised', effectiveFrom: day(4), images: { count: 3 } });
    expect(strictest([])).toBeNull();
  });

  it.each([
    [trustOf(superseded, { at: day(6), revoked: { reason: 'compromised', effectiveFrom: day(5) } }), 'compromised'],
    [trustOf({ at: day(6), revoked: { reason: 'compromised', effectiveFrom: day(6) } }, superseded), 'superseded'],
    [trustOf(superseded, { at: day(6), revoked: { reason: 'compromised' } }), 'compromised'],
  ])('goes by the earliest moment, and by compromised where two have the same', (revoked, reason) => {
    expect(strictest(revocationsBinding(revoked, 'trivy', KEY_A))?.reason).toBe(reason);
  });
});
