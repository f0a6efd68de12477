import { flattenedVerify } from 'jose';
import type { Sha256Digest } from './digest.js';
import type { Jws, JwsSignature } from './jws.js';
import type { SignatureScheme } from './signature-scheme.js';
import {
  attributeSignatures,
  signedDigest,
  type KeyIdHints,
  type SignatureMatches,
  type VerificationKey,
} from './verify-envelope.js';

/** What each algorithm of RFC 7518, 3.1, RFC 8037, 3.1 and RFC 9864, 2.2 is called among the schemes a key allows. */
const SCHEME_BY_ALGORITHM: ReadonlyMap<string, SignatureScheme> = new Map<string, SignatureScheme>([
  ['ES256', 'ES256/ieee-p1363'],
  ['ES384', 'ES384/ieee-p1363'],
  ['ES512', 'ES512/ieee-p1363'],
  ['EdDSA', 'EdDSA'],
  ['Ed25519', 'EdDSA'],
  ['RS256', 'RS256'],
  ['RS384', 'RS384'],
  ['RS512', 'RS512'],
  ['PS256', 'PS256'],
  ['PS384', 'PS384'],
  ['PS512', 'PS512'],
]);

/** The payload type under which a statement is known that was signed without one. */
export const STATEMENT_PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/**
 * Finds which of the keys signed the JWS (RFC 7515, 5.2). A signature that is by none of them is passed over and never
 * spoils another. The algorithm of a signature must be one that the registered key allows, and pins what is tried;
 * ECDSA is r||s (RFC 7518, 3.4), so a key confined to DER never signs a JWS, and PSS salts are as long as the digest
 * (3.5). No key is ever taken from a header (RFC 7515, 10.1, 10.3): jwk, jku, x5c and x5u are not looked at, and kid
 * decides only which keys are tried first, as the key id of an envelope does.
 *
 * The answer has the form of `verifySignatures` and proves as much: who signed exactly this payload, not what it is.
 */
export async function verifyJws(
  jws: Jws,
  keys: readonly VerificationKey[],
  kidHints: KeyIdHints = new Map(),
): Promise<SignatureMatches> {
  const payload = jws.payload.toString('base64url');
  const candidates = jws.signatures.map((signature) => ({
    identity: `${signature.protectedHeader}.${signature.signature.toString('base64url')}`,
    keyid: signature.kid,
    schemeBy: (key: VerificationKey) => schemeOf(signature, payload, key),
  }));
  return attributeSignatures(candidates, payload.length, keys, kidHints);
}

/**
 * Identifies what was signed in a JWS, whatever its header: as if the payload stood in a DSSE envelope of the plain
 * in-toto payload type. A statement that a signer publishes as DSSE and as JWS is one fact by one signer; were it two,
 * posting it twice would count twice where a policy asks for several pieces of evidence, and revoking one would leave
 * the other.
 */
export function signedDigestOf(payload: Buffer): Sha256Digest {
  return signedDigest({ payloadType: STATEMENT_PAYLOAD_TYPE, payload });
}

async function schemeOf(
  { protectedHeader, alg, signature }: JwsSignature,
  payload: string,
  { key, schemes }: VerificationKey,
): Promise<SignatureScheme | null> {
  const scheme = SCHEME_BY_ALGORITHM.get(alg);
  if (scheme === undefined || !schemes.includes(scheme)) return null;
  const flattened = { protected: protectedHeader, payload, signature: signature.toString('base64url') };
  try {
    await flattenedVerify(flattened, key, { algorithms: [alg] });
    return scheme;
  } catch {
    // Whatever was thrown is about this key and these bytes. It must not come further: one signature could then keep
    // the others from ever being counted.
    return null;
  }
}
