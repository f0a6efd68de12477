import { canonicalJson } from '../intoto/canonical-json.js';
import { sha256, type Sha256Digest } from '../intoto/digest.js';

/**
 * By what history binds a verdict on record: the sha256 of it as canonical JSON, without what stands beside it on record (its
 * id, who asked, the occasion) or is told of it later.
 */
export function verdictDigest(verdict: object): Sha256Digest {
  return sha256(Buffer.from(canonicalJson(verdict)));
}
