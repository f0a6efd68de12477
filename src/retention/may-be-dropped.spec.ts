import { describe, expect, it } from 'vitest';
import type { AttestationId } from '../intoto/digest.js';
import type { ProvedSigner } from '../intoto/proved-signer.js';
import type { LatestVerification } from '../verification/latest-verification.js';
import { whyKept, type DropCandidate } from './may-be-dropped.js';

const KEY = { type: 'key', thumbprint: 't', scheme: 'EdDSA', times: [] } as unknown as ProvedSigner;
const CERTIFICATE = { ...KEY, type: 'certificate' } as unknown as ProvedSigner;

const VERIFIED: LatestVerification = {
  attestation: `sha256:${'a'.repeat(64)}` as AttestationId,
  trustRevision: 1,
  examinedRevision: 1,
  readerRevision: 1,
  predicateType: 'https://assay.dev/approval/v1',
  outcome: 'verified',
  code: null,
  detail: null,
  signedDigest: null,
  signers: [],
  proved: [KEY],
  gains: [],
  gained: false,
  dropped: false,
};

function because(latest: Partial<LatestVerification>, rest: Partial<DropCandidate> = {}): string | null {
  return whyKept({ isIntact: true, latest: { ...VERIFIED, ...latest }, holds: [], ...rest })?.because ?? null;
}

const rejected = (code: string, proved: readonly ProvedSigner[], gains: readonly string[] = []) =>
  ({ outcome: 'rejected', code, proved, gains }) as const;

describe('whyKept', () => {
  it('lets go what was verified and waits for nothing', () => {
    expect(because({})).toBeNull();
  });

  it.each([
    ['proved by a certificate, which another root could vouch for again', { proved: [CERTIFICATE], gains: ['root'] }],
    [
      'by somebody who does not count, and whose word is in the facts',
      rejected('signer_not_allowed', [KEY], ['signer:t']),
    ],
    ['no evidence that is taken', rejected('payload_type_unsupported', [])],
    ['malformed, whoever signed it', rejected('statement_malformed', [])],
  ])('lets go what is %s', (_name, latest) => {
    expect(because(latest)).toBeNull();
  });

  it.each([
    ['signed by nobody known yet', rejected('untrusted_signer', [], ['key:EdDSA'])],
    ['signed by somebody unknown as well', { gains: ['key:ES256/der'] }],
    ['by a certificate of no known root', rejected('certificate_invalid', [], ['root'])],
    ['dated by an authority of no known root', { proved: [KEY], gains: ['root'] }],
    ['a predicate that nobody can read yet', rejected('predicate_malformed', [KEY])],
    ['a statement that nobody can read yet', rejected('statement_malformed', [KEY])],
  ])('keeps what is %s: it may yet object', (_name, latest) => {
    expect(because(latest)).toBe('unsettled');
  });

  it.each([
    ['could not be found out', { outcome: 'error', code: 'verification_error' }],
    ['could gain by a change of trust', { gained: true, gains: ['signer:t'] }],
    ['has a later reader', { predicateType: 'https://cyclonedx.org/bom', readerRevision: 1 }],
  ])('keeps what %s', (_name, latest) => {
    expect(because(latest)).toBe('unexamined');
  });

  it('keeps what is pending', () => {
    expect(whyKept({ isIntact: true, latest: undefined, holds: [] })).toEqual({ because: 'unexamined' });
  });

  it('lets a hold win, and names every one', () => {
    expect(whyKept({ isIntact: true, latest: VERIFIED, holds: ['a', 'b'] })).toEqual({
      because: 'held',
      holds: ['a', 'b'],
    });
    expect(whyKept({ isIntact: true, latest: undefined, holds: ['a'] })).toMatchObject({ because: 'held' });
  });

  it('keeps what was altered: it is all that tells of it', () => {
    expect(because({}, { isIntact: false })).toBe('altered');
  });
});
