import { createHash } from 'node:crypto';

declare const brand: unique symbol;

/** `sha256:` followed by 64 lower-case hexadecimal digits. */
export type Sha256Digest = string & { readonly [brand]: 'Sha256Digest' };

/** `algorithm:value` of one subject digest in an accepted algorithm, lower case; every Sha256Digest is one. */
export type SubjectDigest = string & { readonly [brand]: 'SubjectDigest' | 'Sha256Digest' };

/** The sha256 of an attestation's bytes exactly as received. */
export type AttestationId = string & { readonly [brand]: 'AttestationId' };

const SHA256 = /^sha256:[0-9a-f]{64}$/;

/** Whether the text is an image digest in the one form accepted: lower-case hex of full length. */
export function isSha256Digest(text: string): text is Sha256Digest {
  return SHA256.test(text);
}

/** Whether the text has the form of an attestation id. */
export function isAttestationId(text: string): text is AttestationId {
  return SHA256.test(text);
}

/** The sha256 over the given pieces in order, as if they were one. */
export function sha256(...pieces: readonly Uint8Array[]): Sha256Digest {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return `sha256:${hash.digest('hex')}` as Sha256Digest;
}

/** The id under which these bytes are stored. */
export function attestationIdOf(bytes: Uint8Array): AttestationId {
  return sha256(bytes) as string as AttestationId;
}

/**
 * Hex lengths of the digest algorithms that identify a subject here. Weak algorithms (md5, sha1 of a file) are left
 * out and so never match (in-toto DigestSet: consumers must only accept algorithms they hold secure); git object
 * names stay, since a commit has no other name.
 */
const SUBJECT_ALGORITHMS: ReadonlyMap<string, readonly number[]> = new Map([
  ['sha256', [64]],
  ['sha384', [96]],
  ['sha512', [128]],
  ['sha512_256', [64]],
  ['sha3_256', [64]],
  ['sha3_384', [96]],
  ['sha3_512', [128]],
  ['gitCommit', [40, 64]],
  ['gitTree', [40, 64]],
  ['gitBlob', [40, 64]],
  ['gitTag', [40, 64]],
]);

/** Whether the algorithm is one by which a subject can be named here. */
export function isSubjectAlgorithm(algorithm: string): boolean {
  return SUBJECT_ALGORITHMS.has(algorithm);
}

/** The digest as `algorithm:value`, or null where algorithm, length, case or alphabet is not accepted. */
export function subjectDigest(algorithm: string, value: string): SubjectDigest | null {
  const lengths = SUBJECT_ALGORITHMS.get(algorithm);
  if (lengths === undefined || !lengths.includes(value.length) || !/^[0-9a-f]+$/.test(value)) return null;
  return `${algorithm}:${value}` as SubjectDigest;
}

/** The text `algorithm:value` as a subject digest, or null where it is none that can name a subject here. */
export function parseSubjectDigest(text: string): SubjectDigest | null {
  const colon = text.indexOf(':');
  return colon < 0 ? null : subjectDigest(text.slice(0, colon), text.slice(colon + 1));
}

/** The one image among the digests; null where there is none, or more than one. */
export function onlyImage(digests: readonly SubjectDigest[]): Sha256Digest | null {
  const images = new Set(digests.filter((digest): digest is SubjectDigest & Sha256Digest => isSha256Digest(digest)));
  const [image] = images;
  return images.size === 1 && image !== undefined ? image : null;
}
