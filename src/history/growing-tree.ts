import type { TreeHash } from './merkle-tree.js';
import { rootOfEdge, TILE_WIDTH, tileRoot } from './tile.js';

/** A tile that will never change again. */
export interface FullTile {
  readonly level: number;
  readonly tile: number;
  /** All 256 of them, one after the other. */
  readonly hashes: Buffer;
  /** Of the tile: a hash of the tile above. */
  readonly root: TreeHash;
}

/** The tree of a log as far as whoever appends to it needs to know it: its size, and the tiles that are not full. */
export class GrowingTree {
  private count: number;
  private readonly incomplete: TreeHash[][];

  /**
   * @param size of the tree, in leaves.
   * @param edge by level, the hashes behind the last full tile of the level; as many levels as the tree has.
   */
  constructor(size: number, edge: readonly (readonly TreeHash[])[]) {
    this.count = size;
    this.incomplete = edge.map((hashes) => [...hashes]);
  }

  get size(): number {
    return this.count;
  }

  /** Appends leaves, and answers the tiles of all levels that became full by it, lower ones first. */
  append(leafHashes: readonly TreeHash[]): readonly FullTile[] {
    const full: FullTile[] = [];
    for (const each of leafHashes) {
      this.count += 1;
      this.add(0, each, full);
    }
    return full;
  }

  /** By level, the hashes behind the last full tile of the level: as the tree was made with, grown. */
  edge(): readonly (readonly TreeHash[])[] {
    return this.incomplete;
  }

  root(): TreeHash {
    return rootOfEdge(this.incomplete);
  }

  private add(level: number, hash: TreeHash, full: FullTile[]): void {
    const hashes = (this.incomplete[level] ??= []);
    hashes.push(hash);
    if (hashes.length < TILE_WIDTH) return;
    const root = tileRoot(hashes);
    const tile = Math.floor(this.count / TILE_WIDTH ** (level + 1)) - 1;
    full.push({ level, tile, hashes: Buffer.concat(hashes), root });
    this.incomplete[level] = [];
    this.add(level + 1, root, full);
  }
}
