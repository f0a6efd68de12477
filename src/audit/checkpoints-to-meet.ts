import type { KeptCheckpoint } from '../fsck/kept-checkpoint.js';
import { EMPTY_ROOT, type TreeHash } from '../history/merkle-tree.js';
import { forkFault, rewriteFault } from './kept-fault.js';

/** More than anybody keeps, or goes on with an archive; of further ones nothing is said. */
const MOST = 1_000;

/**
 * Checkpoints from which a log must go on that is seen a leaf at a time: each is met where the log has a checkpoint of the same
 * size, or a leaf that ended the tree of that size. Answers what is wrong, null where nothing is or nothing was met.
 */
export interface CheckpointsToMeet {
  add(checkpoint: KeptCheckpoint): void;
  /** The log has this checkpoint. */
  checkpoint(own: KeptCheckpoint): string | null;
  /** The first leaves of the log, so many, lead to this root. */
  leaves(size: number, root: () => TreeHash): string | null;
  /** Those that were not met. */
  unmet(): readonly KeptCheckpoint[];
}

export function checkpointsToMeet(kept: readonly KeptCheckpoint[]): CheckpointsToMeet {
  const awaited = new Map<number, readonly KeptCheckpoint[]>();
  const meet = (size: number, faultOf: (one: KeptCheckpoint) => string | null): string | null => {
    const here = awaited.get(size) ?? [];
    awaited.delete(size);
    return here.map(faultOf).find((fault) => fault !== null) ?? null;
  };
  const add = (one: KeptCheckpoint): void => {
    if (awaited.size >= MOST) return;
    awaited.set(one.size, [...(awaited.get(one.size) ?? []), one]);
  };
  kept.forEach(add);
  return {
    add,
    checkpoint: (own) =>
      meet(own.size, (one) => forkFault(one, own)) ?? meet(0, (one) => rewriteFault(one, EMPTY_ROOT)),
    leaves: (size, root) => (awaited.has(size) ? meet(size, (one) => rewriteFault(one, root())) : null),
    unmet: () => [...awaited.values()].flat(),
  };
}
