import type { KeyObject } from 'node:crypto';
import { isWeakEd25519Key } from './ed25519-order.js';
import { quoted } from './json-path.js';
import { KeyUnusable } from './key-unusable.js';
import type { SignatureScheme } from './signature-scheme.js';

const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 16_384;
/** OpenSSL's own limit for large keys; a greater exponent only makes verification slow. */
const MAX_RSA_EXPONENT = 2n ** 64n - 1n;

/** By OpenSSL's names of the curves; each fixes the one algorithm it is used with (RFC 7518, 3.4). */
const EC_ALGORITHMS: ReadonlyMap<string, 'ES256' | 'ES384' | 'ES512'> = new Map([
  ['prime256v1', 'ES256'],
  ['secp384r1', 'ES384'],
  ['secp521r1', 'ES512'],
]);
const EC_ENCODINGS = ['der', 'ieee-p1363'] as const;
const PKCS1_ALGORITHMS = ['RS256', 'RS384', 'RS512'] as const;
const PSS_ALGORITHMS = ['PS256', 'PS384', 'PS512'] as const;

/** What narrows a key's use beyond its type. */
export interface KeyUse {
  /** JOSE name; where given, no other algorithm is accepted of this key. */
  readonly algorithm: string | undefined;
  /** `der` or `ieee-p1363`, for ECDSA; where given, no other encoding is accepted. */
  readonly signatureEncoding: string | undefined;
  /** The key's type forbids PKCS#1 v1.5 signatures. */
  readonly onlyPss: boolean;
}

/**
 * The schemes in which a key may have signed. Throws KeyUnusable where its type, size, curve or exponent is not accepted
 * or the use does not fit it.
 */
export function schemesOf(key: KeyObject, use: KeyUse): readonly SignatureScheme[] {
  const type = key.asymmetricKeyType ?? 'unknown';
  if (type === 'ec') return ecSchemes(key, use);
  if (type !== 'rsa' && type !== 'ed25519') {
    throw new KeyUnusable(`a key of type ${quoted(type)} is not accepted; use RSA, P-256, P-384, P-521 or Ed25519`);
  }
  if (use.signatureEncoding !== undefined) throw new KeyUnusable('signatureEncoding is for ECDSA keys only');
  return type === 'rsa' ? rsaSchemes(key, use) : ed25519Schemes(key, use);
}

function ecSchemes(key: KeyObject, { algorithm, signatureEncoding }: KeyUse): SignatureScheme[] {
  const curve = key.asymmetricKeyDetails?.namedCurve ?? 'unknown';
  const fixed = EC_ALGORITHMS.get(curve);
  if (fixed === undefined) throw new KeyUnusable(`curve ${quoted(curve)} is not accepted; use P-256, P-384 or P-521`);
  if (algorithm !== undefined && algorithm !== fixed) throw unfit(algorithm, `this curve, whose algorithm is ${fixed}`);
  const encodings = EC_ENCODINGS.filter(
    (encoding) => signatureEncoding === undefined || encoding === signatureEncoding,
  );
  if (encodings.length === 0) throw new KeyUnusable(`signatureEncoding must be ${EC_ENCODINGS.join(' or ')}`);
  return encodings.map((encoding): SignatureScheme => `${fixed}/${encoding}`);
}

function rsaSchemes(key: KeyObject, { algorithm, onlyPss }: KeyUse): readonly SignatureScheme[] {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < MIN_RSA_BITS || modulusLength > MAX_RSA_BITS) {
    throw new KeyUnusable(`an RSA key must have ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits, not ${modulusLength}`);
  }
  if (publicExponent < 3n || publicExponent % 2n === 0n || publicExponent > MAX_RSA_EXPONENT) {
    throw new KeyUnusable('the public exponent of an RSA key must be odd, at least 3 and at most 64 bits long');
  }
  // The two in use for envelopes, where nobody says which.
  if (algorithm === undefined) return onlyPss ? ['PS256'] : ['RS256', 'PS256'];
  const possible = onlyPss ? PSS_ALGORITHMS : [...PKCS1_ALGORITHMS, ...PSS_ALGORITHMS];
  const chosen = possible.find((candidate) => candidate === algorithm);
  if (chosen === undefined) throw unfit(algorithm, onlyPss ? 'an RSASSA-PSS key' : 'an RSA key');
  return [chosen];
}

function ed25519Schemes(key: KeyObject, { algorithm }: KeyUse): readonly SignatureScheme[] {
  if (algorithm !== undefined && algorithm !== 'EdDSA') throw unfit(algorithm, 'an Ed25519 key');
  if (isWeakEd25519Key(Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url'))) {
    throw new KeyUnusable('an Ed25519 key must not be a point of small order: anybody could sign for it');
  }
  return ['EdDSA'];
}

function unfit(algorithm: string, key: string): KeyUnusable {
  return new KeyUnusable(`algorithm ${quoted(algorithm)} does not fit ${key}`);
}
