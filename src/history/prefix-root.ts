import { nodeHash, verifyInclusion, type InclusionClaim, type TreeHash } from './merkle-tree.js';

/**
 * The root of the tree that ends with this leaf, as a beginning of the tree with the root claimed; null where the proof does not
 * show that the leaf is in there. What stands to the left of the path of the last leaf is the whole of the tree that it ends (RFC
 * 6962, 2.1), and an inclusion proof holds the hashes of it: so it also shows from which earlier tree a log goes on.
 */
export function prefixRoot(claim: InclusionClaim): TreeHash | null {
  if (!verifyInclusion(claim)) return null;
  let [node, last, current]: [number, number, TreeHash] = [claim.index, claim.size - 1, Buffer.from(claim.leafHash)];
  for (const sibling of claim.proof) {
    if (node % 2 === 1 || node === last) {
      current = nodeHash(sibling, current);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    }
    [node, last] = [half(node), half(last)];
  }
  return current;
}

// Sizes may be beyond 32 bits, which is all that the operators on bits take.
function half(value: number): number {
  return Math.floor(value / 2);
}
