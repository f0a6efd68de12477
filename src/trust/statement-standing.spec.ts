import { describe, expect, it } from 'vitest';
import { sha256, type AttestationId } from '../intoto/digest.js';
import { AppError } from '../platform/app-error.js';
import { signerIdOf, type SignerId } from './signer.js';
import type { StatementAct, StatementActKind } from './statement-act.js';
import { actOnStatement, lastActOn, parseActRequest, standingOf } from './statement-standing.js';
import { certificateWith, day, KEY_B, signerWith, trustOf } from './trust.fixture.js';

const SIGNED = sha256(Buffer.from('what was signed'));
const OTHER = sha256(Buffer.from('something else'));
const ATTESTATION = sha256(Buffer.from('an envelope')) as string as AttestationId;
const A = signerIdOf(signerWith());
const B = signerIdOf(signerWith({ thumbprint: KEY_B }));
const RELEASE = signerIdOf(certificateWith());

function act(
  kind: StatementActKind,
  signers: readonly SignerId[] | null,
  signedDigest = SIGNED,
): { at: string; act: Omit<StatementAct, 'at' | 'trustRevision'> } {
  return { at: day(5), act: { signedDigest, signers, act: kind, reason: 'wrong', attestation: ATTESTATION } };
}

describe('what somebody signed', () => {
  it('stands until something is done to it', () => {
    expect(standingOf(trustOf(), SIGNED, [A])).toBe('standing');
    expect(standingOf(trustOf(act('retracted', null, OTHER)), SIGNED, [A])).toBe('standing');
  });

  it('is revoked or retracted for the signers named, keys or subjects, and for nobody else', () => {
    const trust = trustOf(act('revoked', [A, RELEASE]));
    expect([A, B, RELEASE].map((signer) => standingOf(trust, SIGNED, [signer]))).toEqual([
      'revoked',
      'standing',
      'revoked',
    ]);
  });

  it('is so for whoever signed it where nobody is named', () => {
    const trust = trustOf(act('retracted', null));
    expect([A, B, RELEASE].map((signer) => standingOf(trust, SIGNED, [signer]))).toEqual(Array(3).fill('retracted'));
  });

  it('is revoked for a signer who is known by another name as well', () => {
    expect(standingOf(trustOf(act('revoked', [A])), SIGNED, [RELEASE, A])).toBe('revoked');
  });

  it('is retracted for good, in whatever order', () => {
    expect(standingOf(trustOf(act('revoked', [A]), act('retracted', [A])), SIGNED, [A])).toBe('retracted');
    expect(standingOf(trustOf(act('retracted', [A]), act('revoked', null)), SIGNED, [A])).toBe('retracted');
  });
});

describe('an act on a statement', () => {
  const target = (signers: readonly SignerId[] | null) => ({
    signedDigest: SIGNED,
    signers,
    attestation: ATTESTATION,
    image: OTHER,
  });

  it('is found again by what it binds: these signers, whatever was done to others later', () => {
    const trust = trustOf(act('revoked', [A]), act('retracted', [B]));
    expect(lastActOn(trust, target([A]))).toMatchObject({ act: 'revoked', signers: [A] });
    expect(lastActOn(trust, target([A, B]))).toMatchObject({ act: 'retracted', signers: [B] });
    expect(lastActOn(trust, target([RELEASE]))).toBeNull();
    expect(lastActOn(trust, target(null))).toBeNull();
    const bindingAll = trustOf(act('retracted', null), act('revoked', [B]));
    expect(lastActOn(bindingAll, target([A]))).toMatchObject({ act: 'retracted', signers: null });
    expect(lastActOn(bindingAll, target(null))).toMatchObject({ act: 'retracted', signers: null });
  });

  it('names what was signed, by whom, why, and the attestation', () => {
    expect(actOnStatement(trustOf(), target([B, A, B]), 'revoked', 'it was wrong')).toEqual({
      type: 'statement',
      act: {
        signedDigest: SIGNED,
        signers: [A, B].sort(),
        act: 'revoked',
        reason: 'it was wrong',
        attestation: ATTESTATION,
      },
      image: OTHER,
    });
    const { image: _, ...unnamed } = target(null);
    expect(actOnStatement(trustOf(), unnamed, 'revoked', 'x')).toMatchObject({ act: { signers: null }, image: null });
  });

  it('changes nothing where as much was done', () => {
    const changes = (
      trust: ReturnType<typeof trustOf>,
      signers: readonly SignerId[] | null,
      kind: StatementActKind,
    ): boolean => actOnStatement(trust, target(signers), kind, 'again') !== null;
    const revoked = trustOf(act('revoked', [A, B]));
    expect(changes(revoked, [A], 'revoked')).toBe(false);
    expect(changes(revoked, [A, B], 'revoked')).toBe(false);
    expect(changes(revoked, [A, RELEASE], 'revoked')).toBe(true);
    expect(changes(revoked, null, 'revoked')).toBe(true);
    expect(changes(revoked, [A], 'retracted')).toBe(true);
    const retracted = trustOf(act('retracted', null));
    expect(changes(retracted, [A], 'revoked')).toBe(false);
    expect(changes(retracted, null, 'retracted')).toBe(false);
    expect(changes(retracted, null, 'revoked')).toBe(false);
  });
});

describe('the request for an act', () => {
  it('gives a reason', () => {
    expect(parseActRequest({ reason: 'the scanner was wrong\nticket SEC-12' })).toEqual({
      reason: 'the scanner was wrong\nticket SEC-12',
    });
    expect(parseActRequest({ reason: 'x'.repeat(1000) }).reason).toHaveLength(1000);
  });

  it.each([
    {},
    { reason: '' },
    { reason: 'x'.repeat(1001) },
    { reason: 'a\0b' },
    { reason: 7 },
    { reason: 'x', by: 'me' },
    null,
  ])('refuses %j', (body) => {
    expect(() => parseActRequest(body)).toThrow(AppError);
    expect(() => parseActRequest(body)).toThrow(expect.objectContaining({ kind: 'malformed', code: 'act_malformed' }));
  });
});
