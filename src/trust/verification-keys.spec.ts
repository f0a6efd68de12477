import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { importPublicKey, type PublicKeyUse } from '../intoto/public-key.js';
import type { AttestorKey } from './attestor.js';
import { verificationKeys } from './verification-keys.js';
import { attestorWith, day, keyWith, trustOf } from './trust.fixture.js';

const ci = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
const qa = generateKeyPairSync('ed25519').publicKey;

function registered(id: string, key: KeyObject, use: PublicKeyUse = {}): AttestorKey {
  const { thumbprint, pem, schemes } = importPublicKey(key.export({ type: 'spki', format: 'pem' }).toString(), use);
  return keyWith({ id, thumbprint, publicKey: pem, schemes });
}

describe('the keys that signatures are tried by', () => {
  it('are all that were ever registered: retired, revoked and of deleted attestors too', () => {
    const ciKey = registered('ci', ci);
    const qaKey = registered('qa', qa);
    const trust = trustOf(
      { at: day(1), attestor: attestorWith({ keys: [ciKey] }) },
      { at: day(2), attestor: attestorWith({ name: 'qa', keys: [{ ...qaKey, retiredAt: day(1) }] }) },
      { at: day(3), revoked: { reason: 'compromised', thumbprint: qaKey.thumbprint } },
      { at: day(4), deleted: 'trivy' },
    );
    const { keys } = verificationKeys(trust);
    expect(keys.map((key) => key.thumbprint)).toEqual([ciKey.thumbprint, qaKey.thumbprint]);
    expect(keys[0]?.key.equals(ci)).toBe(true);
    expect(keys[1]?.key.equals(qa)).toBe(true);
  });

  it('have every scheme that any registration allowed', () => {
    const der = registered('der', ci, { signatureEncoding: 'der' });
    const raw = registered('raw', ci, { signatureEncoding: 'ieee-p1363' });
    const trust = trustOf(
      { at: day(1), attestor: attestorWith({ keys: [der] }) },
      { at: day(2), attestor: attestorWith({ name: 'other', keys: [raw] }) },
    );
    expect(verificationKeys(trust).keys).toMatchObject([{ schemes: ['ES256/der', 'ES256/ieee-p1363'] }]);
  });

  it('are worked out once for a snapshot, and read once for all', () => {
    const attestor = attestorWith({ keys: [registered('ci', ci)] });
    const trust = trustOf({ at: day(1), attestor });
    expect(verificationKeys(trust)).toBe(verificationKeys(trust));
    const later = trustOf({ at: day(1), attestor }, { at: day(2), deleted: 'trivy' });
    expect(verificationKeys(later).keys[0]?.key).toBe(verificationKeys(trust).keys[0]?.key);
  });

  it('are refused where a recorded key is not the one its thumbprint names', () => {
    const other = generateKeyPairSync('ed25519').publicKey;
    const forged = { ...registered('x', other), publicKey: registered('ci', ci).publicKey };
    const trust = trustOf({ at: day(1), attestor: attestorWith({ keys: [forged] }) });
    expect(() => verificationKeys(trust)).toThrow(forged.thumbprint);
  });
});

describe('the hints by which signers name a key', () => {
  const key = registered('release-2026', ci);
  const trust = trustOf({ at: day(1), attestor: attestorWith({ keys: [key] }) });
  const { hints } = verificationKeys(trust);
  const digest = createHash('sha256').update(ci.export({ type: 'spki', format: 'der' }));
  const bytes = digest.digest();

  it.each([
    ['the registered id', 'release-2026'],
    ['the thumbprint', `sha256:${bytes.toString('hex')}`],
    ['its hex digits', bytes.toString('hex')],
    ['base64', bytes.toString('base64')],
    ['base64 without padding', bytes.toString('base64').replace('=', '')],
    ['base64url', bytes.toString('base64url')],
    ['the form of npm', `SHA256:${bytes.toString('base64').replace('=', '')}`],
    [
      'the digest of the PEM text',
      createHash('sha256')
        .update(ci.export({ type: 'spki', format: 'pem' }))
        .digest('hex'),
    ],
  ])('include %s', (_what, hint) => {
    expect(hints.get(hint)).toEqual([key.thumbprint]);
  });

  it('lead to every key of one id', () => {
    const other = registered('release-2026', qa);
    const both = trustOf(
      { at: day(1), attestor: attestorWith({ keys: [key] }) },
      { at: day(2), attestor: attestorWith({ name: 'qa', keys: [other] }) },
    );
    expect(verificationKeys(both).hints.get('release-2026')).toEqual([key.thumbprint, other.thumbprint]);
    expect(hints.get('toString')).toBeUndefined();
  });
});
