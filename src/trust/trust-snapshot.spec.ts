import { describe, expect, it } from 'vitest';
import { sha256, type AttestationId } from '../intoto/digest.js';
import { patternOf } from './identity-pattern.js';
import { revocationsBinding } from './revocations-binding.js';
import {
  attestorsNear,
  attestorsOf,
  emptyTrust,
  epochOf,
  extendTrust,
  findAttestor,
  findLastAttestor,
  findRoot,
  identitiesEverHeld,
  keysEverHeld,
  type TrustRecords,
} from './trust-snapshot.js';
import {
  attestorWith,
  BUILT_IN_ROOT,
  certificateWith,
  certified,
  day,
  EMPTY_TRUST,
  identityWith,
  KEY_A,
  KEY_B,
  keylessWith,
  keyWith,
  rootWith,
  trustOf,
} from './trust.fixture.js';

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
    const root = { name: 'own', at: day(4), trustRevision: 4, root: BUILT_IN_ROOT };
    const identity = {
      attestor: 'trivy',
      identityId: 'release',
      pattern: patternOf(identityWith()),
      reason: 'compromised',
      effectiveFrom: null,
      at: day(5),
      trustRevision: 5,
    } as const;
    const act = {
      signedDigest: sha256(Buffer.from('x')),
      signers: null,
      act: 'revoked',
      reason: 'wrong',
      attestation: 'sha256:1' as AttestationId,
      at: day(6),
      trustRevision: 6,
    } as const;
    const steps: readonly TrustRecords[] = [
      { states: [first] },
      { states: [second] },
      { revocations: [revocation] },
      { roots: [root] },
      { identityRevocations: [identity] },
      { statements: [act] },
    ];
    const once = extendTrust(EMPTY_TRUST, 6, {
      states: [first, second],
      revocations: [revocation],
      roots: [root],
      identityRevocations: [identity],
      statements: [act],
    });
    const inSteps = steps.reduce((trust, records, index) => extendTrust(trust, index + 1, records), EMPTY_TRUST);
    expect(JSON.stringify(written(inSteps))).toBe(JSON.stringify(written(once)));
    expect(once).toMatchObject({ revision: 6, at: Date.parse(day(6)) });
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
    expect(written(EMPTY_TRUST)).toEqual([0, [], [], [], ['public-good 0'], [], []]);
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

  it('gives an attestor from before there were identities none, and its keys the built-in trust root', () => {
    const { identities: _, keys, ...rest } = attestorWith();
    const recorded = { ...rest, keys: keys.map(({ trustRoot: _root, ...key }) => key) };
    const states = [{ name: 'trivy', at: day(1), trustRevision: 1, attestor: recorded }];
    expect(findAttestor(extendTrust(EMPTY_TRUST, 1, { states }), 'trivy')).toEqual(attestorWith());
  });

  it('keeps every identity ever held, as it last was', () => {
    const trust = trustOf(
      { at: day(1), attestor: keylessWith() },
      { at: day(2), deleted: 'trivy' },
      { at: day(3), attestor: keylessWith({ id: 'a', trustRoot: 'own' }) },
    );
    expect(identitiesEverHeld(trust, 'trivy').map(({ id }) => id)).toEqual(['release', 'a']);
    expect(identitiesEverHeld(trust, 'qa')).toEqual([]);
    expect(attestorsOf(trust, certificateWith())).toEqual(['trivy']);
    expect(attestorsOf(trust, certificateWith({ identity: certified({ issuer: null }) }))).toEqual([]);
    expect(attestorsNear(trust, certificateWith({ identity: certified({ issuer: null }) }))).toEqual(['trivy']);
  });

  it('has the root that is built in from the first, and what it was at every revision', () => {
    const other = rootWith();
    const trust = trustOf(
      { at: day(1), root: other },
      { at: day(2), root: null },
      { at: day(3), root: other, name: 'own' },
    );
    const rootAt = (revision: number, name = 'public-good'): unknown => findRoot(trust, name, revision)?.root ?? null;
    expect([0, 1, 2, 3].map((revision) => rootAt(revision))).toEqual([
      BUILT_IN_ROOT,
      other,
      BUILT_IN_ROOT,
      BUILT_IN_ROOT,
    ]);
    expect([2, 3].map((revision) => rootAt(revision, 'own'))).toEqual([null, other]);
    expect(findRoot(emptyTrust(null), 'public-good')).toBeNull();
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
  const roots = [...trust.roots].flatMap(([name, all]) => all.map((state) => `${name} ${state.trustRevision}`));
  const identities = trust.identityRevocations.map(({ revocation }) => revocation);
  return [trust.revision, states, revocations, holders, roots, identities, [...trust.statements]];
}
