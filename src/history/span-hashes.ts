import { spanHash, subtreesOf, type Span, type TreeHash } from './merkle-tree.js';
import { hashInTile, tileOf, type TileCoordinates } from './tile.js';

/** Reads tiles, as wide as asked for, in the order given. */
export type ReadTiles = (tiles: readonly TileCoordinates[]) => Promise<readonly Buffer[]>;

/**
 * The hashes of spans of the tree of `size` leaves, in their order, out of its tiles: each tile is read once, and all in one
 * call, at most two a level of tiles for a proof.
 */
export async function spanHashes(
  spans: readonly Span[],
  size: number,
  readTiles: ReadTiles,
): Promise<readonly TreeHash[]> {
  const wanted = new Map<string, TileCoordinates>();
  const subtrees = spans.map((span) => subtreesOf(span).map((subtree) => ({ subtree, tile: tileOf(subtree, size) })));
  for (const { tile } of subtrees.flat()) wanted.set(keyOf(tile), tile);
  const tiles = [...wanted.values()];
  const read = tiles.length === 0 ? [] : await readTiles(tiles);
  const hashes = new Map(tiles.map((tile, i) => [keyOf(tile), read[i] ?? Buffer.alloc(0)]));
  return subtrees.map((each) =>
    spanHash(each.map(({ subtree, tile }) => hashInTile(subtree, hashes.get(keyOf(tile)) ?? Buffer.alloc(0)))),
  );
}

function keyOf({ level, tile }: TileCoordinates): string {
  return `${level}/${tile}`;
}
