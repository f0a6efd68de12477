import { sign, type KeyObject } from 'node:crypto';
import { pae } from './pae.js';
import type { Thumbprint } from './thumbprint.js';

/** Whoever signs envelopes by one key, wherever that key is held. */
export interface EnvelopeSigner {
  readonly thumbprint: Thumbprint;
  /** The signature over these bytes. Rejects where there is none to be had. */
  sign(message: Buffer): Promise<Buffer>;
}

/** Signs by a P-256 key (ECDSA with SHA-256, in DER, which every DSSE library reads) or by an Ed25519 key. */
export function signByKey(privateKey: KeyObject, message: Buffer): Buffer {
  return sign(privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256', message, privateKey);
}

/**
 * The payload in a DSSE envelope (v1.0.2) with one signature over its PAE, as the JSON bytes that go out. The key id is
 * the key's thumbprint; it is a hint, and whoever verifies tries the keys he trusts.
 */
export async function signEnvelope(payloadType: string, payload: Uint8Array, signer: EnvelopeSigner): Promise<Buffer> {
  const signature = await signer.sign(pae(payloadType, payload));
  const envelope = {
    payloadType,
    payload: Buffer.from(payload).toString('base64'),
    signatures: [{ keyid: signer.thumbprint, sig: signature.toString('base64') }],
  };
  return Buffer.from(JSON.stringify(envelope));
}
