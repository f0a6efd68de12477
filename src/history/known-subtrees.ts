import type { Subtree, TreeHash } from './merkle-tree.js';
import { TILE_HEIGHT } from './tile.js';

/** A hash and its key come to some 200 bytes. */
const MOST_KEPT = 65_536;

/**
 * Hashes of complete subtrees as high as a tile or higher, which never change, so that a proof in a large log costs what it
 * does in a small one: there are 1 in 128 as many as leaves, and proofs of all entries go through the same few. Those below
 * are as many as leaves, and are not kept.
 */
export class KnownSubtrees {
  private readonly hashes = new Map<string, TreeHash>();

  find(subtree: Subtree): TreeHash | undefined {
    return this.hashes.get(keyOf(subtree));
  }

  keep(subtree: Subtree, hash: TreeHash): void {
    if (subtree.level < TILE_HEIGHT) return;
    if (this.hashes.size >= MOST_KEPT) this.hashes.clear();
    // A copy: it may be a part of a tile, all of which would be kept with it.
    this.hashes.set(keyOf(subtree), Buffer.from(hash));
  }
}

function keyOf({ level, index }: Subtree): string {
  return `${level}/${index}`;
}
