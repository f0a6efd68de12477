import { describe, expect, it } from 'vitest';
import type { AttestorIdentity, IdentityRevocation } from './attestor.js';
import { identityCause } from './gain-causes.js';
import { patternOf } from './identity-pattern.js';
import type { AttestorDocument } from './parse-attestor.js';
import type { IdentityDocument } from './parse-identity.js';
import { addIdentity, getIdentity, putAttestor, revokeIdentity } from './trust-change.js';
import type { TrustSnapshot } from './trust-snapshot.js';
import {
  attestorWith,
  day,
  EMPTY_TRUST,
  GITHUB,
  identityWith,
  keylessWith,
  trustOf,
  WORKFLOW,
} from './trust.fixture.js';

const release = named(identityWith());
const other = named(identityWith({ id: 'other', subjectGlob: 'https://github.com/acme/other/**' }));

function named({ retiredAt: _, ...identity }: AttestorIdentity): IdentityDocument {
  return identity;
}

function document(name: string, ...identities: readonly IdentityDocument[]): AttestorDocument {
  return { ...attestorWith({ name, keys: [] }), keys: [], identities };
}

const conflict = (code: string, path?: string): unknown =>
  expect.objectContaining({
    kind: 'conflict',
    code,
    ...(path === undefined ? {} : { errors: [expect.objectContaining({ path })] }),
  });

const registered = { at: day(1), attestor: keylessWith() };
const revoked = (reason: 'superseded' | 'compromised', terms: Partial<IdentityRevocation> = {}) =>
  ({
    at: day(5),
    revokedIdentity: { reason, ...(reason === 'superseded' ? { effectiveFrom: day(5) } : {}), ...terms },
  }) as const;

describe('identities in a document that is PUT', () => {
  it("are the attestor's, and retired where a later one leaves them out", () => {
    expect(putAttestor(EMPTY_TRUST, document('trivy', release), day(1))).toMatchObject({
      attestor: { identities: [{ id: 'release', retiredAt: null }] },
      gains: [identityCause(GITHUB)],
    });
    expect(putAttestor(trustOf(registered), document('trivy', release), day(2))).toBeNull();
    expect(putAttestor(trustOf(registered), document('trivy'), day(2))).toMatchObject({
      attestor: { identities: [{ id: 'release', retiredAt: day(2) }] },
      gains: [],
    });
  });

  it('keep their ids for one pattern for good, through retirement and deletion', () => {
    const changed = { ...release, claims: { buildTrigger: 'push' } };
    const retired = { at: day(2), attestor: keylessWith({ retiredAt: day(2) }) };
    const gone = { at: day(2), deleted: 'trivy' } as const;
    for (const trust of [trustOf(registered), trustOf(registered, retired), trustOf(registered, gone)]) {
      expect(() => putAttestor(trust, document('trivy', changed), day(4))).toThrow(
        conflict('identity_id_taken', 'identities[0].id'),
      );
      expect(() => putAttestor(trust, document('trivy', other, { ...release, id: 'x' }), day(4))).toThrow(
        conflict('identity_registered', 'identities[1].id'),
      );
    }
  });

  it('may change for how long they count, and who they are', () => {
    const exact = identityWith({ subject: WORKFLOW, subjectGlob: null });
    const trust = trustOf({ at: day(1), attestor: attestorWith({ keys: [], identities: [exact] }) });
    const changed = { ...named(exact), validUntil: day(9), person: 'mira' };
    expect(putAttestor(trust, document('trivy', changed), day(2))).toMatchObject({
      attestor: { identities: [{ validUntil: day(9), person: 'mira' }] },
      gains: [],
    });
  });

  it('may be those of another attestor, under other ids', () => {
    expect(putAttestor(trustOf(registered), document('qa', { ...release, id: 'x' }), day(2))).not.toBeNull();
  });

  it('are not brought in again where they were revoked: as compromised anywhere, as superseded where it was', () => {
    const compromised = trustOf(registered, revoked('compromised'));
    expect(() => putAttestor(compromised, document('qa', other, { ...release, id: 'x' }), day(6))).toThrow(
      conflict('identity_revoked', 'identities[1]'),
    );
    const superseded = trustOf(registered, revoked('superseded'), { at: day(6), deleted: 'trivy' });
    expect(() => putAttestor(superseded, document('trivy', release), day(7))).toThrow(conflict('identity_revoked'));
    expect(putAttestor(superseded, document('qa', release), day(7))).not.toBeNull();
  });

  it('are not brought in where all that they are for was compromised', () => {
    const trust = trustOf(registered, revoked('compromised'));
    const exact = { ...release, id: 'x', subject: WORKFLOW, subjectGlob: null };
    expect(() => putAttestor(trust, document('qa', exact), day(6))).toThrow(conflict('identity_revoked'));
    const pinned = { ...release, id: 'x', claims: { buildTrigger: 'push' } };
    expect(() => putAttestor(trust, document('qa', pinned), day(6))).toThrow(conflict('identity_revoked'));
    const elsewhere = { ...release, id: 'x', trustRoot: 'own' };
    expect(() => putAttestor(trust, document('qa', elsewhere), day(6))).toThrow(conflict('identity_revoked'));
    const wider = { ...release, id: 'x', subjectGlob: 'https://github.com/acme/app/**' };
    expect(putAttestor(trust, document('qa', wider), day(6))).not.toBeNull();
  });

  it('may go on being named where they were revoked while they were', () => {
    const trust = trustOf(registered, revoked('compromised'));
    expect(putAttestor(trust, document('trivy', release), day(6))).toBeNull();
    expect(putAttestor(trust, document('trivy', release, other), day(6))).not.toBeNull();
  });
});

describe('an identity that is added', () => {
  it('needs an attestor, gains, and changes nothing the second time', () => {
    expect(() => addIdentity(EMPTY_TRUST, 'trivy', release)).toThrow(
      expect.objectContaining({ kind: 'not_found', code: 'attestor_not_found' }),
    );
    expect(addIdentity(trustOf(registered), 'trivy', other)).toMatchObject({ gains: [identityCause(GITHUB)] });
    expect(addIdentity(trustOf(registered), 'trivy', release)).toBeNull();
  });

  it('is refused under an id that is taken, and where it is revoked', () => {
    const trust = trustOf(registered);
    expect(() => addIdentity(trust, 'trivy', { ...other, id: 'release' })).toThrow(conflict('identity_id_taken', 'id'));
    expect(() => addIdentity(trust, 'trivy', { ...release, validUntil: day(9) })).toThrow(
      conflict('identity_id_taken'),
    );
    const act = (): unknown =>
      addIdentity(
        trustOf(registered, { at: day(2), attestor: attestorWith({ name: 'qa' }) }, revoked('compromised')),
        'qa',
        release,
      );
    expect(act).toThrow(conflict('identity_revoked'));
    expect(act).toThrow(
      expect.objectContaining({
        errors: [{ path: '', message: expect.stringContaining('identity release of attestor trivy') }],
      }),
    );
  });
});

describe('an identity that is revoked', () => {
  const NOW = day(10);

  /** `reason from moment` of what is put on record, or `nothing`. */
  function revoke(
    trust: TrustSnapshot,
    reason: 'superseded' | 'compromised',
    effectiveFrom: string | null = null,
    name = 'trivy',
  ): string {
    const change = revokeIdentity(trust, name, 'release', { reason, effectiveFrom }, NOW);
    if (change === null) return 'nothing';
    if (change.type !== 'identity-revocation') throw new Error('not a revocation');
    const pattern = patternOf(identityWith());
    expect(change.revocation).toMatchObject({ attestor: name, identityId: 'release', pattern });
    return `${change.revocation.reason} from ${change.revocation.effectiveFrom ?? 'ever'}`;
  }

  const refusal = conflict('revocation_not_earlier');

  it('is so as a key is: now or ever where no moment is named, and never ahead', () => {
    const trust = trustOf(registered);
    expect(revoke(trust, 'superseded')).toBe(`superseded from ${NOW}`);
    expect(revoke(trust, 'compromised')).toBe('compromised from ever');
    expect(revoke(trust, 'compromised', day(3))).toBe(`compromised from ${day(3)}`);
    expect(() => revoke(trust, 'superseded', day(10, 1))).toThrow(
      expect.objectContaining({ code: 'revocation_malformed' }),
    );
  });

  it('only ever gets stronger', () => {
    const since = trustOf(registered, revoked('compromised', { effectiveFrom: day(5) }));
    expect(revoke(since, 'compromised', day(4))).toBe(`compromised from ${day(4)}`);
    expect(() => revoke(since, 'compromised', day(6))).toThrow(refusal);
    expect(() => revoke(since, 'superseded')).toThrow(refusal);
    const superseded = trustOf(registered, revoked('superseded'));
    expect(revoke(superseded, 'superseded')).toBe('nothing');
    expect(revoke(superseded, 'compromised')).toBe('compromised from ever');
  });

  it('is compromised under every attestor, and superseded under its own', () => {
    const qa = { at: day(1), attestor: keylessWith({}, { name: 'qa' }) };
    expect(revoke(trustOf(registered, qa, revoked('compromised')), 'compromised', null, 'qa')).toBe('nothing');
    expect(revoke(trustOf(registered, qa, revoked('superseded')), 'superseded', null, 'qa')).toBe(
      `superseded from ${NOW}`,
    );
  });

  it('may be one of a deleted attestor, and must be known', () => {
    const gone = trustOf(registered, { at: day(2), deleted: 'trivy' });
    expect(revoke(gone, 'compromised')).toBe('compromised from ever');
    expect(getIdentity(gone, 'trivy', 'release').issuer).toBe(GITHUB);
    expect(() => getIdentity(gone, 'trivy', 'k1')).toThrow(expect.objectContaining({ code: 'identity_not_found' }));
    expect(() => getIdentity(gone, 'qa', 'release')).toThrow(expect.objectContaining({ code: 'attestor_not_found' }));
  });
});
