import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { importPublicKey, type PublicKey, type PublicKeyUse } from './public-key.js';

/** Somebody who signs JWS by one algorithm. */
export interface JwsSigner {
  readonly key: PublicKey;
  readonly alg: string;
  readonly sign: (signingInput: string) => Buffer;
}

export type JwsAlgorithm = 'ES256' | 'ES384' | 'ES512' | 'EdDSA' | 'RS256' | 'RS384' | 'PS256' | 'PS512';

const HASHES = {
  ES256: 'sha256',
  ES384: 'sha384',
  ES512: 'sha512',
  RS256: 'sha256',
  RS384: 'sha384',
  PS256: 'sha256',
  PS512: 'sha512',
} as const;
const CURVES = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' } as const;

/** A signer with a fresh key, or the given one, that an attestor has registered for the use. */
export function jwsSigner(alg: JwsAlgorithm, use: PublicKeyUse = {}, pair = makePair(alg)): JwsSigner {
  const key = importPublicKey(pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(), use);
  return { key, alg, sign: (signingInput) => signBy(alg, pair.privateKey, Buffer.from(signingInput)) };
}

export function makePair(alg: JwsAlgorithm): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519');
  if (alg === 'ES256' || alg === 'ES384' || alg === 'ES512')
    return generateKeyPairSync('ec', { namedCurve: CURVES[alg] });
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

function signBy(alg: JwsAlgorithm, key: KeyObject, message: Buffer): Buffer {
  if (alg === 'EdDSA') return sign(null, message, key);
  const hash = HASHES[alg];
  if (alg.startsWith('ES')) return sign(hash, message, { key, dsaEncoding: 'ieee-p1363' });
  // 6 is RSA_PKCS1_PSS_PADDING, -1 a salt as long as the digest, as RFC 7518, 3.5 has it.
  return sign(hash, message, alg.startsWith('PS') ? { key, padding: 6, saltLength: -1 } : key);
}

export const encoded = (json: unknown): string => Buffer.from(JSON.stringify(json)).toString('base64url');

/** One signature of the general serialization, over the payload, with the header's further members. */
export function jwsSignature(
  { alg, sign: signOver }: JwsSigner,
  payload: Buffer,
  header: object = {},
): { readonly protected: string; readonly signature: string } {
  const protectedHeader = encoded({ alg, ...header });
  const signature = signOver(`${protectedHeader}.${payload.toString('base64url')}`);
  return { protected: protectedHeader, signature: signature.toString('base64url') };
}

/** A JWS in compact form. */
export function compactJws(signer: JwsSigner, payload: Buffer, header: object = {}): string {
  const made = jwsSignature(signer, payload, header);
  return `${made.protected}.${payload.toString('base64url')}.${made.signature}`;
}
