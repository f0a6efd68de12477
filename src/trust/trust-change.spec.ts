import { describe, expect, it } from 'vitest';
import type { AttestorKey, KeyRevocation } from './attestor.js';
import type { AttestorDocument, KeyDocument } from './parse-attestor.js';
import type { Thumbprint } from './signer.js';
import {
  addKey,
  deleteAttestor,
  getAttestor,
  getKey,
  putAttestor,
  revokeKey,
  type TrustChange,
} from './trust-change.js';
import { attestorWith, day, EMPTY_TRUST, KEY_A, KEY_B, keyWith, trustOf } from './trust.fixture.js';

const KEY_C = `sha256:${'c'.repeat(64)}` as Thumbprint;
const k1 = named(keyWith());
const k2 = named(keyWith({ id: 'k2', thumbprint: KEY_B }));

function named({ retiredAt: _, ...key }: AttestorKey): KeyDocument {
  return key;
}

function document(name: string, ...keys: readonly KeyDocument[]): AttestorDocument {
  return { ...attestorWith({ name }), keys };
}

const conflict = (code: string, path?: string): unknown =>
  expect.objectContaining({
    kind: 'conflict',
    code,
    ...(path === undefined ? {} : { errors: [expect.objectContaining({ path })] }),
  });

const registered = { at: day(1), attestor: attestorWith() };
const revoked = (reason: 'superseded' | 'compromised', terms: Partial<KeyRevocation> = {}) =>
  ({
    at: day(5),
    revoked: { reason, ...(reason === 'superseded' ? { effectiveFrom: day(5) } : {}), ...terms },
  }) as const;

describe('a document that is PUT', () => {
  it('makes an attestor, changes it, and says whether evidence may be waiting', () => {
    expect(putAttestor(EMPTY_TRUST, document('trivy', k1), day(1))).toEqual({
      type: 'attestor',
      name: 'trivy',
      previous: null,
      attestor: attestorWith(),
      gains: ['key:ES256/der'],
    });
    const trust = trustOf(registered);
    expect(putAttestor(trust, document('trivy', k1, k2), day(2))).toMatchObject({ gains: ['key:ES256/der'] });
    expect(putAttestor(trust, document('trivy'), day(2))).toMatchObject({
      gains: [],
      attestor: { keys: [{ id: 'k1', retiredAt: day(2) }] },
    });
  });

  it('changes nothing where the attestor is so already', () => {
    expect(putAttestor(trustOf(registered), document('trivy', k1), day(2))).toBeNull();
  });

  it('may not give a key id to another key, not even after the key was retired or the attestor deleted', () => {
    const other = { ...k1, thumbprint: KEY_B };
    const retired = attestorWith({ keys: [keyWith({ retiredAt: day(2) })] });
    for (const trust of [
      trustOf(registered),
      trustOf(registered, { at: day(2), attestor: retired }),
      trustOf(registered, { at: day(2), deleted: 'trivy' }),
      trustOf(registered, { at: day(2), deleted: 'trivy' }, { at: day(3), attestor: attestorWith({ keys: [] }) }),
    ]) {
      expect(() => putAttestor(trust, document('trivy', other), day(4))).toThrow(
        conflict('key_id_taken', 'keys[0].id'),
      );
    }
  });

  it('may not give a key another id', () => {
    const renamed = { ...k1, id: 'k9' };
    expect(() => putAttestor(trustOf(registered), document('trivy', k2, renamed), day(4))).toThrow(
      conflict('key_registered', 'keys[1].id'),
    );
  });

  it('may use the ids and keys of another attestor', () => {
    expect(putAttestor(trustOf(registered), document('qa', { ...k2, id: 'k1' }), day(2))).not.toBeNull();
    expect(putAttestor(trustOf(registered), document('qa', k1), day(2))).not.toBeNull();
  });

  it('may not bring in a compromised key anywhere', () => {
    const trust = trustOf(registered, revoked('compromised'));
    expect(() => putAttestor(trust, document('qa', k2, { ...k1, id: 'x' }), day(6))).toThrow(
      conflict('key_revoked', 'keys[1].publicKey'),
    );
  });

  it('may not bring a superseded key back to where it was superseded, and may elsewhere', () => {
    const gone = trustOf(registered, revoked('superseded'), { at: day(6), deleted: 'trivy' });
    expect(() => putAttestor(gone, document('trivy', k1), day(7))).toThrow(conflict('key_revoked'));
    const retired = attestorWith({ keys: [keyWith({ retiredAt: day(6) })] });
    const left = trustOf(registered, revoked('superseded'), { at: day(6), attestor: retired });
    expect(() => putAttestor(left, document('trivy', k1), day(7))).toThrow(conflict('key_revoked'));
    expect(putAttestor(left, document('qa', k1), day(7))).not.toBeNull();
  });

  it('may go on naming a key that was revoked while it was named', () => {
    const trust = trustOf(registered, revoked('compromised'));
    expect(putAttestor(trust, document('trivy', k1), day(6))).toBeNull();
    expect(putAttestor(trust, document('trivy', k1, k2), day(6))).not.toBeNull();
  });
});

describe('a key that is added', () => {
  it('needs an attestor that exists', () => {
    const missing = expect.objectContaining({ kind: 'not_found', code: 'attestor_not_found' });
    expect(() => addKey(EMPTY_TRUST, 'trivy', k1)).toThrow(missing);
    expect(() => addKey(trustOf(registered, { at: day(2), deleted: 'trivy' }), 'trivy', k2)).toThrow(missing);
  });

  it('gains, and changes nothing the second time', () => {
    expect(addKey(trustOf(registered), 'trivy', k2)).toMatchObject({ gains: ['key:ES256/der'] });
    expect(addKey(trustOf(registered), 'trivy', k1)).toBeNull();
  });

  it('is refused under an id that is taken, and where it is revoked', () => {
    expect(() => addKey(trustOf(registered), 'trivy', { ...k1, thumbprint: KEY_B })).toThrow(conflict('key_id_taken'));
    expect(() => addKey(trustOf(registered), 'trivy', { ...k1, person: 'mira' })).toThrow(conflict('key_id_taken'));
    const elsewhere = { attestor: 'qa', keyId: 'q', thumbprint: KEY_C };
    const trust = trustOf(registered, revoked('compromised', elsewhere));
    const act = (): unknown => addKey(trust, 'trivy', { ...k2, thumbprint: KEY_C });
    expect(act).toThrow(conflict('key_revoked'));
    expect(act).toThrow(
      expect.objectContaining({
        errors: [{ path: 'publicKey', message: expect.stringContaining('key q of attestor qa') }],
      }),
    );
  });
});

describe('an attestor that is deleted', () => {
  it('is gone, once', () => {
    const trust = trustOf(registered);
    expect(deleteAttestor(trust, 'trivy')).toMatchObject({ attestor: null, gains: [] });
    const gone = trustOf(registered, { at: day(2), deleted: 'trivy' });
    expect(() => deleteAttestor(gone, 'trivy')).toThrow(expect.objectContaining({ code: 'attestor_not_found' }));
    expect(() => getAttestor(gone, 'trivy')).toThrow(expect.objectContaining({ code: 'attestor_not_found' }));
    expect(getKey(gone, 'trivy', 'k1').thumbprint).toBe(KEY_A);
  });
});

describe('a key that is revoked', () => {
  const NOW = day(10);

  /** `reason from moment` of what is put on record, or `nothing`. */
  function revoke(
    trust: ReturnType<typeof trustOf>,
    reason: 'superseded' | 'compromised',
    effectiveFrom: string | null = null,
    name = 'trivy',
  ): string {
    const change: TrustChange | null = revokeKey(trust, name, 'k1', { reason, effectiveFrom }, NOW);
    if (change === null) return 'nothing';
    if (change.type !== 'revocation') throw new Error('not a revocation');
    expect(change.revocation).toMatchObject({ attestor: name, keyId: 'k1', thumbprint: KEY_A });
    return `${change.revocation.reason} from ${change.revocation.effectiveFrom ?? 'ever'}`;
  }

  const refusal = conflict('revocation_not_earlier');

  it('is so from now on where superseded, and ever where compromised, or from the moment named', () => {
    const trust = trustOf(registered);
    expect(revoke(trust, 'superseded')).toBe(`superseded from ${NOW}`);
    expect(revoke(trust, 'compromised')).toBe('compromised from ever');
    expect(revoke(trust, 'superseded', day(3))).toBe(`superseded from ${day(3)}`);
    expect(revoke(trust, 'compromised', NOW)).toBe(`compromised from ${NOW}`);
  });

  it('is not revoked ahead of time', () => {
    const ahead = expect.objectContaining({ kind: 'malformed', code: 'revocation_malformed' });
    for (const reason of ['superseded', 'compromised'] as const) {
      expect(() => revoke(trustOf(registered), reason, day(10, 1))).toThrow(ahead);
    }
  });

  it('may be revoked from earlier on, and never from later on', () => {
    for (const reason of ['superseded', 'compromised'] as const) {
      const trust = trustOf(registered, revoked(reason, { effectiveFrom: day(5) }));
      expect(revoke(trust, reason, day(5, -1))).toBe(`${reason} from ${day(5, -1)}`);
      expect(revoke(trust, reason, day(5))).toBe('nothing');
      expect(() => revoke(trust, reason, day(5, 1))).toThrow(refusal);
    }
    expect(() => revoke(trustOf(registered, revoked('compromised')), 'compromised', day(1))).toThrow(refusal);
  });

  it('stays as it is where the same is asked again without a moment', () => {
    expect(revoke(trustOf(registered, revoked('superseded')), 'superseded')).toBe('nothing');
    expect(revoke(trustOf(registered, revoked('compromised')), 'compromised')).toBe('nothing');
    const since = trustOf(registered, revoked('compromised', { effectiveFrom: day(5) }));
    expect(revoke(since, 'compromised')).toBe('compromised from ever');
  });

  it('may turn from superseded to compromised, but no later than it was superseded', () => {
    const trust = trustOf(registered, revoked('superseded'));
    expect(revoke(trust, 'compromised')).toBe('compromised from ever');
    expect(revoke(trust, 'compromised', day(5))).toBe(`compromised from ${day(5)}`);
    expect(() => revoke(trust, 'compromised', day(6))).toThrow(refusal);
  });

  it('does not turn from compromised to superseded', () => {
    const trust = trustOf(registered, revoked('compromised', { effectiveFrom: day(5) }));
    expect(() => revoke(trust, 'superseded')).toThrow(refusal);
    expect(revoke(trust, 'superseded', day(5))).toBe('nothing');
  });

  it('is compromised under every attestor, and superseded under its own', () => {
    const both = [registered, { at: day(1), attestor: attestorWith({ name: 'qa' }) }] as const;
    expect(revoke(trustOf(...both, revoked('compromised')), 'compromised', null, 'qa')).toBe('nothing');
    expect(revoke(trustOf(...both, revoked('superseded')), 'superseded', null, 'qa')).toBe(`superseded from ${NOW}`);
  });

  it('may be one of a deleted attestor, so that nobody brings it in again', () => {
    const gone = trustOf(registered, { at: day(2), deleted: 'trivy' });
    expect(revoke(gone, 'compromised')).toBe('compromised from ever');
  });

  it('must be known', () => {
    const request = { reason: 'superseded', effectiveFrom: null } as const;
    expect(() => revokeKey(trustOf(registered), 'trivy', 'k9', request, NOW)).toThrow(
      expect.objectContaining({ kind: 'not_found', code: 'key_not_found' }),
    );
    expect(() => revokeKey(trustOf(registered), 'qa', 'k1', request, NOW)).toThrow(
      expect.objectContaining({ kind: 'not_found', code: 'attestor_not_found' }),
    );
  });
});
