import type { KeptCheckpoint } from '../fsck/kept-checkpoint.js';
import { logLeaf } from '../history/log-leaf.js';
import { leafHash, type TreeHash } from '../history/merkle-tree.js';
import { prefixRoot } from '../history/prefix-root.js';
import type { EntryLine } from './archive-line.js';

/**
 * The root of the tree that ended with an entry of an archive, which its proof shows to be in the log; otherwise why it is not
 * proved to be there.
 *
 * @param checkpoint to which the proof must lead; null where there is none.
 */
export function provedRoot({ sequence, leaf, proof }: EntryLine, checkpoint: KeptCheckpoint | null): TreeHash | string {
  const what = `entry ${sequence}, ${leaf.type},`;
  if (leaf.sequence !== sequence) return `${what} has the leaf of entry ${leaf.sequence}`;
  if (checkpoint === null) return `${what} stands behind no checkpoint that a pinned key signed`;
  if (proof === null) return `${what} has no proof`;
  const { size, root } = checkpoint;
  const hashes = proof.hashes.filter((hash) => hash !== null);
  if (proof.index !== sequence - 1 || hashes.length < proof.hashes.length) return `${what} has a proof that is none`;
  const proved = prefixRoot({ index: sequence - 1, size, leafHash: leafHash(logLeaf(leaf)), proof: hashes, root });
  return proved ?? `${what} is not what was sealed: its proof does not lead from it to the root of the checkpoint`;
}
