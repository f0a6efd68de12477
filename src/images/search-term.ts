import { createHash } from 'node:crypto';
import type { Sha256Digest } from '../intoto/digest.js';

/** What images are searched by. Kinds of terms share one index and never each other's terms. */
export const EVIDENCE_TERMS = [
  'commit',
  'repository',
  'builder',
  'approver',
  'attestor',
  'identity',
  'key',
  'counted_key',
] as const;
export const CONTENT_TERMS = ['package', 'component', 'finding', 'severity'] as const;

export type EvidenceTerm = (typeof EVIDENCE_TERMS)[number];
export type ContentTerm = (typeof CONTENT_TERMS)[number];

declare const term: unique symbol;
declare const key: unique symbol;

/** A term as the index holds it, in the form of a UUID. */
export type Term = string & { readonly [term]: 'Term' };

/** An image as the index holds it, in the form of a UUID; in the order of digests. */
export type ImageKey = string & { readonly [key]: 'ImageKey' };

/**
 * The term for a value: 128 bits of its sha256, so that a row is as short for the longest package URL as for a commit. Nobody
 * can bring about two values of one term with less than 2^64 tries.
 */
export function termOf(kind: EvidenceTerm | ContentTerm, value: string): Term {
  return inUuidForm(createHash('sha256').update(`${kind}\0${value}`).digest('hex')) as Term;
}

/** The image with this digest: its first 128 bits. */
export function imageKeyOf(digest: Sha256Digest): ImageKey {
  return inUuidForm(digest.slice('sha256:'.length)) as ImageKey;
}

/** The beginning of the digest of an image of the index, in SQL, from an expression for its key. */
export function digestStartOf(expression: string): string {
  return `('sha256:' || replace(${expression}::text, '-', ''))`;
}

function inUuidForm(hex: string): string {
  const ends = [8, 12, 16, 20, 32];
  return ends.map((end, index) => hex.slice(ends[index - 1] ?? 0, end)).join('-');
}
