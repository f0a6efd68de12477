import { describe, expect, it } from 'vitest';
import { sha256, type AttestationId } from '../intoto/digest.js';
import { touchingRevisions } from './touching-revisions.js';
import {
  attestorWith,
  authorityWith,
  certificateWith,
  day,
  KEY_B,
  keylessWith,
  keyWith,
  ROOT_AUTHORITIES,
  rootWith,
  signerWith,
  TSA,
  trustOf,
} from './trust.fixture.js';

const other = attestorWith({ name: 'other', keys: [keyWith({ thumbprint: KEY_B })] });
const signed = sha256(Buffer.from('signed'));
const act = (signedDigest = signed) => ({
  signedDigest,
  signers: null,
  act: 'revoked' as const,
  reason: 'wrong',
  attestation: `sha256:${'f'.repeat(64)}` as AttestationId,
});

describe('touchingRevisions', () => {
  it('are those of the attestors that hold or held a key, and of its revocations', () => {
    const trust = trustOf(
      { at: day(1), attestor: attestorWith() },
      { at: day(2), attestor: other },
      { at: day(3), attestor: attestorWith({ keys: [] }) },
      { at: day(4), revoked: { reason: 'compromised' } },
      { at: day(5), revoked: { reason: 'compromised', thumbprint: KEY_B, attestor: 'other' } },
      { at: day(6), deleted: 'trivy' },
    );
    expect(touchingRevisions(trust, { signers: [signerWith()], signedDigests: [] })).toEqual([1, 3, 4, 6]);
    expect(touchingRevisions(trust, { signers: [], signedDigests: [] })).toEqual([]);
  });

  it('are those of identities that a certificate fits, and of the roots that list who vouches for it', () => {
    const trust = trustOf(
      { at: day(1), attestor: keylessWith() },
      { at: day(2), root: rootWith(authorityWith({ id: TSA, type: 'tsa' })), name: 'own' },
      { at: day(3), root: rootWith(authorityWith({ id: ROOT_AUTHORITIES[0]!.id, type: 'ca' })) },
      { at: day(4), root: rootWith(), name: 'empty' },
      { at: day(5), root: null, name: 'own' },
      { at: day(6), revokedIdentity: { reason: 'superseded' } },
      { at: day(7), attestor: other },
    );
    expect(touchingRevisions(trust, { signers: [certificateWith()], signedDigests: [] })).toEqual([1, 2, 3, 5, 6]);
    expect(touchingRevisions(trust, { signers: [signerWith()], signedDigests: [] })).toEqual([]);
  });

  it('are those of acts on what was signed', () => {
    const trust = trustOf({ at: day(1), act: act() }, { at: day(2), act: act(sha256(Buffer.from('else'))) });
    expect(touchingRevisions(trust, { signers: [], signedDigests: [signed] })).toEqual([1]);
  });
});
