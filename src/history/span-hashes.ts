import type { KnownSubtrees } from './known-subtrees.js';
import { spanHash, subtreesOf, type Span, type Subtree, type TreeHash } from './merkle-tree.js';
import { hashInTile, tileOf, type TileCoordinates } from './tile.js';

/** Reads tiles, as wide as asked for, in the order given. */
export type ReadTiles = (tiles: readonly TileCoordinates[]) => Promise<readonly Buffer[]>;

/**
 * The hashes of spans of the tree of `size` leaves, in their order, out of its tiles: each tile is read once, and all in one
 * call, at most two a level of tiles for a proof, and none for what is known.
 */
export async function spanHashes(
  spans: readonly Span[],
  size: number,
  readTiles: ReadTiles,
  known: KnownSubtrees,
): Promise<readonly TreeHash[]> {
  const parts = spans.map((span) =>
    subtreesOf(span).map((subtree) => ({ subtree, tile: tileOf(subtree, size), before: known.find(subtree) })),
  );
  const unknown = parts.flat().filter(({ before }) => before === undefined);
  const tiles = [...new Map(unknown.map(({ tile }) => [keyOf(tile), tile])).values()];
  const read = tiles.length === 0 ? [] : await readTiles(tiles);
  const hashes = new Map(tiles.map((tile, i) => [keyOf(tile), read[i] ?? Buffer.alloc(0)]));
  const hashOf = ({ subtree, tile, before }: Part): TreeHash => {
    if (before !== undefined) return before;
    const hash = hashInTile(subtree, hashes.get(keyOf(tile)) ?? Buffer.alloc(0));
    known.keep(subtree, hash);
    return hash;
  };
  return parts.map((each) => spanHash(each.map(hashOf)));
}

interface Part {
  readonly subtree: Subtree;
  readonly tile: TileCoordinates;
  readonly before: TreeHash | undefined;
}

function keyOf({ level, tile }: TileCoordinates): string {
  return `${level}/${tile}`;
}
