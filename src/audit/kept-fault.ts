import type { KeptCheckpoint } from '../fsck/kept-checkpoint.js';
import type { TreeHash } from '../history/merkle-tree.js';

/*
 * What is wrong with a log of which somebody kept a checkpoint; null where nothing is.
 */

/** Against the log's own checkpoint of as many leaves. */
export function forkFault(kept: KeptCheckpoint, own: KeptCheckpoint): string | null {
  const { size, root, source } = kept;
  if (size !== own.size || root.equals(own.root)) return null;
  const roots = `${root.toString('base64')} in ${source}, ${own.root.toString('base64')} in ${own.source}`;
  return `the log was forked: two checkpoints of ${size} leaves are signed by ${own.origin}, with root ${roots}`;
}

/** Against a log of so many leaves. */
export function cutFault({ size, source }: KeptCheckpoint, leaves: number): string | null {
  if (size <= leaves) return null;
  return `the log has ${leaves} leaves, and the checkpoint kept in ${source} is of ${size}: the log was cut short`;
}

/** Against the root to which its first leaves lead, as many as were signed. */
export function rewriteFault({ size, source, root }: KeptCheckpoint, rebuilt: TreeHash): string | null {
  if (rebuilt.equals(root)) return null;
  return `the log was rewritten: its first ${size} leaves do not lead to the root of the checkpoint kept in ${source}`;
}
