import { constants, verify, type KeyObject, type SigningOptions } from 'node:crypto';
import type { SignatureScheme } from './signature-scheme.js';

/** What a scheme asks of the key, how it is put to OpenSSL, and which signatures are worth that. */
interface Parameters {
  readonly keyType: 'ec' | 'rsa' | 'ed25519';
  readonly curve?: string;
  readonly hash: string | null;
  /** null where they are crypto's own for this type of key: a bare KeyObject is taken in several times faster. */
  readonly options: SigningOptions | null;
  readonly mayBe: (signature: Uint8Array, key: KeyObject) => boolean;
}

const ED25519: Parameters = {
  keyType: 'ed25519',
  hash: null,
  options: null,
  mayBe: (signature) => signature.length === 64,
};

/** Go and OpenSSL make the salt fill the room there is, others take the digest's length. */
const PSS: SigningOptions = {
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength: constants.RSA_PSS_SALTLEN_AUTO,
};

const PARAMETERS: Readonly<Record<SignatureScheme, Parameters>> = {
  'ES256/der': ecdsa('prime256v1', 'sha256', 32, 'der'),
  'ES256/ieee-p1363': ecdsa('prime256v1', 'sha256', 32, 'ieee-p1363'),
  'ES384/der': ecdsa('secp384r1', 'sha384', 48, 'der'),
  'ES384/ieee-p1363': ecdsa('secp384r1', 'sha384', 48, 'ieee-p1363'),
  'ES512/der': ecdsa('secp521r1', 'sha512', 66, 'der'),
  'ES512/ieee-p1363': ecdsa('secp521r1', 'sha512', 66, 'ieee-p1363'),
  EdDSA: ED25519,
  RS256: rsa('sha256', null),
  RS384: rsa('sha384', null),
  RS512: rsa('sha512', null),
  PS256: rsa('sha256', PSS),
  PS384: rsa('sha384', PSS),
  PS512: rsa('sha512', PSS),
};

/** `half` is the length of r and of s in bytes. */
function ecdsa(curve: string, hash: string, half: number, dsaEncoding: 'der' | 'ieee-p1363'): Parameters {
  // DER is a sequence of two integers, each with a tag, a length and perhaps a leading zero.
  const mayBe = (signature: Uint8Array): boolean =>
    dsaEncoding === 'der'
      ? signature[0] === 0x30 && signature.length <= 2 * (half + 3) + 3
      : signature.length === 2 * half;
  return { keyType: 'ec', curve, hash, options: dsaEncoding === 'der' ? null : { dsaEncoding }, mayBe };
}

function rsa(hash: string, options: SigningOptions | null): Parameters {
  return { keyType: 'rsa', hash, options, mayBe: (signature, key) => signature.length === modulusBytes(key) };
}

function modulusBytes(key: KeyObject): number {
  return Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
}

/**
 * Whether the signature over the message is by this key in this scheme; computed on a thread of libuv's pool, for which
 * the message is copied.
 *
 * False as well where the scheme is not one of the key's type and curve: a scheme that matched is the one that was used.
 * ECDSA signatures whose DER is not canonical, and r or s of zero, do not match. PSS salts may have any length.
 */
export async function signatureMatches(
  scheme: SignatureScheme,
  key: KeyObject,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const { keyType, curve, hash, options, mayBe } = PARAMETERS[scheme];
  if (key.asymmetricKeyType !== keyType || key.asymmetricKeyDetails?.namedCurve !== curve) return false;
  if (!mayBe(signature, key)) return false;
  return new Promise((resolve) => {
    // An error is about this key and these bytes, such as a modulus with no room for the digest. It must not come
    // further: one signature could then keep the others in its envelope from ever being counted.
    try {
      verify(hash, message, options === null ? key : { ...options, key }, signature, (error, matches) => {
        resolve(error === null && matches);
      });
    } catch {
      resolve(false);
    }
  });
}
