import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { decodeBase64 } from './base64.js';
import { asArray, asObject, member, type Json, type JsonObject } from './json.js';
import { quoted } from './json-path.js';
import { schemesOf } from './key-schemes.js';
import { KeyUnusable } from './key-unusable.js';
import type { SignatureScheme } from './signature-scheme.js';
import { readSubjectPublicKeyInfo } from './spki.js';
import { thumbprintOf, type Thumbprint } from './thumbprint.js';

/** A public key somebody may be trusted by, in the one form this service keeps of it. */
export interface PublicKey {
  readonly key: KeyObject;
  readonly thumbprint: Thumbprint;
  /** SubjectPublicKeyInfo, PEM; the same text however the key was handed in. */
  readonly pem: string;
  /** Every way in which a signature by this key may have been made; never empty. */
  readonly schemes: readonly SignatureScheme[];
}

export interface PublicKeyUse {
  /** JOSE name, such as `ES256`, `EdDSA`, `RS256`; where given, no other algorithm is accepted of this key. */
  readonly algorithm?: string;
  /** `der` or `ieee-p1363`, for ECDSA; where given, no other encoding is accepted. */
  readonly signatureEncoding?: string;
}

/**
 * Takes in a public key, as PEM (`PUBLIC KEY`, or PKCS#1 `RSA PUBLIC KEY`) or as a JWK, for verifying signatures.
 *
 * However the same key is written (line breaks, compressed points, PKCS#1, the RSASSA-PSS key type), the result is the
 * same but for its schemes, so that one key has one thumbprint and never counts as two. The algorithm belongs to the key:
 * it is said here, or in the key itself, or fixed by its type, and never taken from an envelope.
 *
 * Throws KeyUnusable for private and symmetric keys, certificates, RSA under 2048 or over 16,384 bits or with an exponent
 * that is even, 1 or over 64 bits, curves other than P-256, P-384 and P-521 or spelled out by parameters, Ed25519 points
 * of small order, any other type of key, and an algorithm or encoding that does not fit.
 */
export function importPublicKey(input: Json, use: PublicKeyUse = {}): PublicKey {
  const given = typeof input === 'string' ? readPem(input) : readJwk(input);
  const algorithm = agreed(use.algorithm, given.algorithm);
  const { signatureEncoding } = use;
  const schemes = schemesOf(given.key, { algorithm, signatureEncoding, onlyPss: given.onlyPss });
  const key = canonical(given.key);
  const pem = key.export({ type: 'spki', format: 'pem' }).toString();
  return { key, thumbprint: thumbprintOf(key), pem, schemes };
}

/** A key as handed in, with what it says itself about its use. */
interface GivenKey {
  readonly key: KeyObject;
  readonly algorithm: string | undefined;
  readonly onlyPss: boolean;
}

function readPem(text: string): GivenKey {
  if (text.includes('PRIVATE KEY')) throw new KeyUnusable('this is a private key; hand in its public key only');
  const [, label, body, endLabel] =
    /^\s*-----BEGIN ([A-Z0-9 ]+)-----\s([A-Za-z0-9+/=\s]+)-----END ([A-Z0-9 ]+)-----\s*$/.exec(text) ?? [];
  if (label === undefined || body === undefined || label !== endLabel) {
    throw new KeyUnusable('not one PEM block: expected -----BEGIN PUBLIC KEY-----');
  }
  if (label.endsWith('CERTIFICATE')) {
    throw new KeyUnusable('this is a certificate; hand in its public key (openssl x509 -pubkey -noout)');
  }
  if (label !== 'PUBLIC KEY' && label !== 'RSA PUBLIC KEY') {
    throw new KeyUnusable(`a PEM block of type ${quoted(label)} is not accepted; expected PUBLIC KEY`);
  }
  const { bytes, fault } = decodeBase64(body.replace(/\s+/g, ''));
  if (fault !== null) throw new KeyUnusable('the PEM block does not hold base64');
  if (label === 'PUBLIC KEY') return unlessUnreadable(() => readSpki(bytes));
  return unlessUnreadable(() => ({ key: readPkcs1(bytes), algorithm: undefined, onlyPss: false }));
}

const OBJECT_IDENTIFIER = 0x06;
const PSS_ALGORITHMS: ReadonlyMap<string, string> = new Map([
  ['sha256', 'PS256'],
  ['sha384', 'PS384'],
  ['sha512', 'PS512'],
]);

function readSpki(der: Buffer): GivenKey {
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  const { parametersTag, publicKey } = readSubjectPublicKeyInfo(der);
  if (key.asymmetricKeyType === 'ec' && parametersTag !== OBJECT_IDENTIFIER) {
    // Whoever chooses the parameters can choose a generator for which he knows the private key to any point.
    throw new KeyUnusable('an EC key must name its curve instead of spelling out its parameters');
  }
  if (key.asymmetricKeyType !== 'rsa-pss') return { key, algorithm: undefined, onlyPss: false };
  // Kept as an ordinary RSA key: what its type forbids is in the schemes, and its thumbprint is that of the same key
  // under the ordinary type, which might otherwise pass for a second signer.
  return { key: readPkcs1(publicKey), algorithm: pssAlgorithm(key), onlyPss: true };
}

/** The algorithm to which the parameters of an RSASSA-PSS key confine it; undefined where it has none (RFC 4055, 3.3). */
function pssAlgorithm(key: KeyObject): string | undefined {
  const { hashAlgorithm, mgf1HashAlgorithm } = key.asymmetricKeyDetails ?? {};
  if (hashAlgorithm === undefined) return undefined;
  const algorithm = PSS_ALGORITHMS.get(hashAlgorithm);
  if (algorithm === undefined || mgf1HashAlgorithm !== hashAlgorithm) {
    throw new KeyUnusable('an RSASSA-PSS key must use SHA-256, SHA-384 or SHA-512, the same for message and mask');
  }
  return algorithm;
}

function readPkcs1(der: Buffer): KeyObject {
  return createPublicKey({ key: der, format: 'der', type: 'pkcs1' });
}

/** Members that a JWK has only where it holds a private or a symmetric key (RFC 7518, 6.2.2, 6.3.2, 6.4.1). */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

function readJwk(input: Json): GivenKey {
  const jwk = asObject(input);
  if (jwk === null) throw new KeyUnusable('a key is a PEM text or a JWK object');
  if (member(jwk, 'kty') === 'oct') throw new KeyUnusable('a symmetric key cannot be trusted for signatures');
  if (SECRET_MEMBERS.some((name) => Object.hasOwn(jwk, name))) {
    throw new KeyUnusable('this JWK holds a private key; hand in its public members only');
  }
  const operations = member(jwk, 'key_ops') ?? ['verify'];
  if ((member(jwk, 'use') ?? 'sig') !== 'sig' || asArray(operations)?.includes('verify') !== true) {
    throw new KeyUnusable('this JWK says that it is not for verifying signatures');
  }
  const algorithm = member(jwk, 'alg');
  if (algorithm !== undefined && typeof algorithm !== 'string') throw new KeyUnusable('alg of a JWK is a name');
  const members = publicMembers(jwk);
  const key = unlessUnreadable(() => createPublicKey({ key: members, format: 'jwk' }));
  return { key, algorithm, onlyPss: false };
}

/** Only these reach the reader, whose errors quote what they are about. */
function publicMembers(jwk: JsonObject): JsonWebKey {
  const members: JsonWebKey = {};
  for (const name of ['kty', 'crv', 'x', 'y', 'n', 'e'] as const) {
    const value = member(jwk, name);
    if (value === undefined) continue;
    if (typeof value !== 'string') throw new KeyUnusable(`${name} of a JWK is a string`);
    members[name] = value;
  }
  return members;
}

function unlessUnreadable<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof KeyUnusable) throw cause;
    throw new KeyUnusable('not a readable public key', { cause });
  }
}

/** The algorithm that the caller and the key itself name, which must not be two; `Ed25519` is EdDSA (RFC 9864). */
function agreed(wanted: string | undefined, stated: string | undefined): string | undefined {
  const [first, second] = [wanted, stated].map((name) => (name === 'Ed25519' ? 'EdDSA' : name));
  if (first !== undefined && second !== undefined && first !== second) {
    throw new KeyUnusable(`the key says that it is for ${quoted(second)}, not for ${quoted(first)}`);
  }
  return first ?? second;
}

/** The key with nothing left of the way it was written: an EC point, say, is kept uncompressed. */
function canonical(key: KeyObject): KeyObject {
  return createPublicKey({ key: key.export({ format: 'jwk' }), format: 'jwk' });
}
