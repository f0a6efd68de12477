import { canonicalJson } from '../intoto/canonical-json.js';
import { sha256, type Sha256Digest } from '../intoto/digest.js';

/** Identifies a value; equal for equal ones alone. */
export function canonicalDigest(value: unknown): Sha256Digest {
  return sha256(Buffer.from(canonicalJson(value)));
}
