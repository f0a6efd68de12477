import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identitySignerId, isSignerId, signerIdOf, signerOf } from './signer.js';
import {
  certificateWith,
  certified,
  day,
  KEY_A,
  KEY_B,
  LEAF_KEY,
  signerWith,
  TLOG,
  TSA,
  WORKFLOW,
} from './trust.fixture.js';

describe('who signed', () => {
  it('is a key by its thumbprint', () => {
    expect(signerIdOf(signerWith())).toBe(KEY_A);
    expect(signerIdOf(signerWith({ scheme: 'RS256', receivedAt: day(1) }))).toBe(KEY_A);
  });

  it('is whom a certificate names, whatever its key and its claims', () => {
    const one = signerIdOf(certificateWith());
    expect(signerIdOf(certificateWith({ thumbprint: KEY_B, identity: certified({ claims: {} }) }))).toBe(one);
    expect(signerIdOf(certificateWith({ identity: certified({ issuer: 'https://other.example' }) }))).not.toBe(one);
    expect(signerIdOf(certificateWith({ identity: certified({ subjects: [`${WORKFLOW}1`] }) }))).not.toBe(one);
  });

  it('is never a key where a certificate signed, whatever stands in it', () => {
    const named = certificateWith({ identity: { issuer: null, subjects: [KEY_A], claims: {} } });
    expect(signerIdOf(named)).not.toBe(KEY_A);
    expect(signerIdOf(certificateWith({ thumbprint: KEY_A }))).not.toBe(KEY_A);
  });

  it('is two for two pairs of issuer and subject, however they are cut', () => {
    const text = fc.string({ maxLength: 6 });
    const pair = fc.tuple(fc.option(text, { nil: null }), text);
    fc.assert(
      fc.property(pair, pair, ([issuer, subject], [otherIssuer, otherSubject]) => {
        const same = issuer === otherIssuer && subject === otherSubject;
        expect(identitySignerId(issuer, subject) === identitySignerId(otherIssuer, otherSubject)).toBe(same);
        expect(isSignerId(identitySignerId(issuer, subject))).toBe(true);
      }),
    );
    expect(identitySignerId(null, '')).not.toBe(identitySignerId('null', ''));
    expect(isSignerId(KEY_A)).toBe(true);
    expect(isSignerId('person:sha256:x')).toBe(false);
    expect(isSignerId('trivy')).toBe(false);
  });
});

describe('a signature that was received', () => {
  it('has the earliest time that anybody vouches for, or none', () => {
    const proved = { type: 'key', thumbprint: LEAF_KEY, scheme: 'EdDSA' } as const;
    const receipt = { receivedAt: day(10) };
    expect(signerOf({ ...proved, times: [] }, receipt).provenAt).toBeNull();
    const times = [
      { authority: TLOG, at: day(9) },
      { authority: TSA, at: day(8) },
    ];
    expect(signerOf({ ...proved, times }, receipt)).toEqual({
      ...proved,
      times,
      receivedAt: day(10),
      provenAt: day(8),
    });
  });
});
