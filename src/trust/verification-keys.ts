import { createPublicKey, type KeyObject } from 'node:crypto';
import { sha256 } from '../intoto/digest.js';
import type { SignatureScheme } from '../intoto/signature-scheme.js';
import { thumbprintOf } from '../intoto/thumbprint.js';
import type { KeyIdHints, VerificationKey } from '../intoto/verify-envelope.js';
import type { AttestorKey } from './attestor.js';
import type { Thumbprint } from './signer.js';
import type { TrustSnapshot } from './trust-snapshot.js';

export interface VerificationKeys {
  readonly keys: readonly VerificationKey[];
  readonly hints: KeyIdHints;
}

/**
 * Every key trust has ever known, with each scheme any of its registrations allowed: also those of deleted attestors,
 * retired and revoked ones, since who signed is recorded whether or not it counts, and an objection keeps its place.
 *
 * Hints are the ids under which signers are known to name these keys: the registered id, the thumbprint with and without
 * prefix and in the forms of base64 (Sigstore's public key hint, npm's `SHA256:`), and the digest of the PEM text (Witness).
 * Worked out once per snapshot; a key is read once per process.
 */
export function verificationKeys(trust: TrustSnapshot): VerificationKeys {
  const known = bySnapshot.get(trust);
  if (known !== undefined) return known;
  const derived = derive(trust);
  bySnapshot.set(trust, derived);
  return derived;
}

const bySnapshot = new WeakMap<TrustSnapshot, VerificationKeys>();
const keyObjects = new Map<Thumbprint, KeyObject>();

function derive(trust: TrustSnapshot): VerificationKeys {
  const keys = new Map<Thumbprint, { readonly key: KeyObject; readonly schemes: Set<SignatureScheme> }>();
  const hints = new Map<string, Set<Thumbprint>>();
  for (const key of everyKey(trust)) {
    const { thumbprint } = key;
    const known = keys.get(thumbprint) ?? { key: keyObjectOf(key), schemes: new Set() };
    keys.set(thumbprint, known);
    for (const scheme of key.schemes) known.schemes.add(scheme);
    for (const hint of hintsOf(key)) hints.set(hint, (hints.get(hint) ?? new Set()).add(thumbprint));
  }
  return {
    keys: Array.from(keys, ([thumbprint, { key, schemes }]) => ({ thumbprint, key, schemes: [...schemes] })),
    hints: new Map(Array.from(hints, ([hint, thumbprints]) => [hint, [...thumbprints]])),
  };
}

function* everyKey(trust: TrustSnapshot): Iterable<AttestorKey> {
  for (const states of trust.attestors.values()) {
    for (const { attestor } of states) yield* attestor?.keys ?? [];
  }
}

function keyObjectOf({ thumbprint, publicKey }: AttestorKey): KeyObject {
  const known = keyObjects.get(thumbprint);
  if (known !== undefined) return known;
  const key = createPublicKey(publicKey);
  // Trust is by thumbprint and mathematics by key: were they of two keys, one would vouch for the other.
  if (thumbprintOf(key) !== thumbprint) throw new Error(`the key recorded as ${thumbprint} is another`);
  keyObjects.set(thumbprint, key);
  return key;
}

function hintsOf({ id, thumbprint, publicKey }: AttestorKey): readonly string[] {
  const hex = hexOf(thumbprint);
  const bytes = Buffer.from(hex, 'hex');
  const padded = bytes.toString('base64');
  const bare = padded.replace(/=+$/, '');
  const url = bytes.toString('base64url');
  const ofPem = hexOf(sha256(Buffer.from(publicKey)));
  return [id, thumbprint, hex, padded, bare, url, `SHA256:${bare}`, ofPem];
}

function hexOf(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1);
}
