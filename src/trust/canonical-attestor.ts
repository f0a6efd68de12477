import type { Sha256Digest } from '../intoto/digest.js';
import type { Attestor, RecordedAttestor } from './attestor.js';
import { canonicalJson } from '../intoto/canonical-json.js';
import { canonicalDigest } from './canonical-digest.js';

/** Identifies what an attestor is, as it is on record; equal for equal attestors alone. */
export function attestorDigest(attestor: RecordedAttestor): Sha256Digest {
  return canonicalDigest(attestor);
}

/** Whether two states of an attestor say the same, so that a document PUT again changes nothing. */
export function isSameAttestor(a: Attestor | null, b: Attestor | null): boolean {
  if (a === null || b === null) return a === b;
  return canonicalJson(a) === canonicalJson(b);
}
