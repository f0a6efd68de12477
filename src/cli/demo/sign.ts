import { sign, type KeyObject } from 'node:crypto';
import { pae } from '../../intoto/pae.js';

/** A private key under the name by which its owner's envelopes refer to it. */
export interface SigningKey {
  readonly keyid: string;
  readonly privateKey: KeyObject;
}

export const IN_TOTO = 'application/vnd.in-toto+json';

/**
 * Signs the statement as DSSE v1.0.2 says: over the pre-authentication encoding of type and payload. ECDSA keys sign with
 * SHA-256 in DER, Ed25519 keys need no digest.
 */
export function signStatement(statement: object, { keyid, privateKey }: SigningKey): string {
  const payload = Buffer.from(JSON.stringify(statement));
  const digest = privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  const signature = sign(digest, pae(IN_TOTO, payload), privateKey);
  return JSON.stringify({
    payloadType: IN_TOTO,
    payload: payload.toString('base64'),
    signatures: [{ keyid, sig: signature.toString('base64') }],
  });
}
