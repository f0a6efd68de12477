import { timingSafeEqual, type KeyObject } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import type { SignedEntity } from '@sigstore/verify';
import type { BundleContent } from '../bundle-content.js';
import { sha256 } from '../digest.js';
import { pae } from '../pae.js';
import { signatureMatches } from '../signature-matches.js';
import type { SignatureScheme } from '../signature-scheme.js';

/** What a bundle signs, with what is asked of it many times worked out once. */
export interface SignedContent {
  /** The raw signature: what timestamps are over. */
  readonly signature: Buffer;
  /** What is signed: the PAE, or null where there is only a digest. */
  readonly message: Buffer | null;
  /** sha256 of what a log entry knows the content by: the payload, or the artifact. */
  readonly digest: Buffer;
  /** sha256 of what is signed. */
  readonly signedDigest: Buffer;
}

/** Null where an envelope has not exactly one signature, as it must in a bundle (sigstore_bundle.proto, Bundle). */
export function signedContent(content: BundleContent): SignedContent | null {
  if (content.type === 'message') {
    const digest = bytesOf(content.digest);
    return { signature: content.signature, message: null, digest, signedDigest: digest };
  }
  const { payloadType, payload, signatures } = content.envelope;
  const [only, ...more] = signatures;
  if (only === undefined || more.length > 0) return null;
  const message = pae(payloadType, payload);
  return {
    signature: only.signature,
    message,
    digest: bytesOf(sha256(payload)),
    signedDigest: bytesOf(sha256(message)),
  };
}

function bytesOf(digest: string): Buffer {
  return Buffer.from(digest.slice('sha256:'.length), 'hex');
}

/**
 * Whether the key made the signature in this scheme. Of an artifact only the digest is known, over which OpenSSL through
 * Node verifies nothing; there it is ECDSA on P-256 in DER or nothing.
 */
export async function contentMatches(
  content: SignedContent,
  scheme: SignatureScheme,
  key: KeyObject,
): Promise<boolean> {
  const { signature, message, signedDigest } = content;
  if (message !== null) return signatureMatches(scheme, key, message, signature);
  if (!verifiesDigests(scheme)) return false;
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  try {
    // Signers of X.509 and Sigstore do not confine s to the lower half (FIPS 186-5, 6.4).
    return p256.verify(signature, signedDigest, point, { prehash: false, lowS: false, format: 'der' });
  } catch {
    return false;
  }
}

/** Whether signatures in this scheme can be verified where only the digest of what is signed is known. */
export function verifiesDigests(scheme: SignatureScheme): boolean {
  return scheme === 'ES256/der';
}

/** The content for the library, which is to take a signature for good exactly where it is by the key that it matched. */
export function libraryContent(content: SignedContent, matched: KeyObject): SignedEntity['signature'] {
  return {
    signature: content.signature,
    compareSignature: (signature) => isEqual(signature, content.signature),
    compareDigest: (digest) => isEqual(digest, content.digest),
    compareSignedDigest: (digest) => isEqual(digest, content.signedDigest),
    verifySignature: (key) => matched.equals(key),
  };
}

function isEqual(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
