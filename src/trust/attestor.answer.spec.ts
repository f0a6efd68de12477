import { describe, expect, it } from 'vitest';
import { attestorAnswer, toAttestorAnswer } from './attestor.answer.js';
import type { AttestorKey } from './attestor.js';
import { identityState, keyState, type KeyState } from './key-state.js';
import { revokedIdentityAnswer, revokedKeyAnswer, toRevokedIdentity, toRevokedKey } from './revocation.answer.js';
import { strictest } from './revocation.js';
import { revocationsBinding, revocationsOfIdentity } from './revocations-binding.js';
import { epochOf, findAttestor, type TrustSnapshot } from './trust-snapshot.js';
import {
  attestorWith,
  day,
  GITHUB,
  identityWith,
  KEY_A,
  keylessWith,
  keyWith,
  rootWith,
  trustOf,
} from './trust.fixture.js';

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
    const answer = toRevokedKey(revocation, 3);
    expect(revokedKeyAnswer.parse(answer)).toEqual(answer);
    expect(answer).toMatchObject({ reason: 'compromised', effectiveFrom: day(4), images: { count: 3 } });
    expect(answer.links).toEqual({
      attestations: '/v1/attestations?attestor=trivy',
      images: '/v1/attestors/trivy/keys/k1/images',
      verdicts: '/v1/attestors/trivy/keys/k1/flips',
    });
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

describe('an identity in an answer', () => {
  const registered = { at: day(1), attestor: keylessWith({ claims: { sourceRepositoryRef: 'refs/tags/*' } }) };
  const gone = { at: day(5), revokedIdentity: { reason: 'superseded', effectiveFrom: day(5) } } as const;

  it('has its state and the revocations that bind it', () => {
    const trust = trustOf(registered, gone);
    const answer = toAttestorAnswer(trust, registered.attestor, epochOf(day(10)));
    expect(attestorAnswer.parse(answer)).toEqual(answer);
    expect(answer.identities).toMatchObject([
      {
        id: 'release',
        issuer: GITHUB,
        subject: null,
        claims: { sourceRepositoryRef: 'refs/tags/*' },
        trustRoot: 'public-good',
        state: 'superseded',
        revocations: [{ identityId: 'release', reason: 'superseded', effectiveFrom: day(5), trustRevision: 2 }],
      },
    ]);
  });

  it('follows its window, its retirement and what was revoked elsewhere', () => {
    const stateOf = (trust: TrustSnapshot, attestor = 'trivy'): KeyState => {
      const identity = findAttestor(trust, attestor)?.identities[0] ?? identityWith();
      return identityState(trust, attestor, identity, epochOf(day(10)));
    };
    expect(stateOf(trustOf({ at: day(1), attestor: keylessWith() }))).toBe('active');
    expect(stateOf(trustOf({ at: day(1), attestor: keylessWith({ validFrom: day(11) }) }))).toBe('not_yet_valid');
    expect(stateOf(trustOf({ at: day(1), attestor: keylessWith({ validUntil: day(10) }) }))).toBe('expired');
    expect(stateOf(trustOf({ at: day(1), attestor: keylessWith({ retiredAt: day(10) }) }))).toBe('retired');
    const qa = { at: day(1), attestor: keylessWith({ id: 'other' }, { name: 'qa' }) };
    expect(stateOf(trustOf(qa, gone), 'qa')).toBe('active');
    const everywhere = { at: day(5), revokedIdentity: { reason: 'compromised' } } as const;
    expect(stateOf(trustOf(qa, everywhere), 'qa')).toBe('compromised');
  });

  it('that is revoked links to what it touches', () => {
    const revocation = strictest(revocationsOfIdentity(trustOf(registered, gone), 'trivy', identityWith()));
    if (revocation === null) throw new Error('not revoked');
    const answer = toRevokedIdentity(revocation, null);
    expect(revokedIdentityAnswer.parse(answer)).toEqual(answer);
    expect(answer).toMatchObject({ identityId: 'release', images: { count: null } });
    expect(answer.links).toMatchObject({
      images: '/v1/attestors/trivy/identities/release/images',
      verdicts: '/v1/attestors/trivy/identities/release/flips',
    });
  });
});

describe('a warning in an answer', () => {
  const holding = (trustRoot: string): ReturnType<typeof attestorWith> =>
    attestorWith({
      keys: [keyWith({ trustRoot }), keyWith({ id: 'k0', trustRoot, retiredAt: day(1) })],
      identities: [identityWith({ trustRoot })],
    });
  const warnings = (attestor: ReturnType<typeof attestorWith>, ...roots: readonly string[]): readonly string[] =>
    toAttestorAnswer(
      trustOf(...roots.map((name) => ({ at: day(1), root: rootWith(), name }))),
      attestor,
      epochOf(day(10)),
    ).warnings;

  it('names the keys and identities whose trust root does not exist', () => {
    expect(warnings(holding('corp'))).toEqual([
      'no trust root is named corp: as it stands, nothing proves when key k1 signed',
      'no trust root is named corp: as it stands, no certificate counts as identity release',
    ]);
    expect(warnings(holding('corp'), 'corp')).toEqual([]);
    expect(warnings(holding('public-good'))).toEqual([]);
  });
});
