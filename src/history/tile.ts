import { HASH_BYTES, nodeHash, spanHash, subtreesOf, type Subtree, type TreeHash } from './merkle-tree.js';

/** The levels of the tree that one tile spans, and how many hashes a full one holds (C2SP tlog-tiles). */
export const TILE_HEIGHT = 8;
export const TILE_WIDTH = 256;
const HIGHEST_LEVEL = 63;

/** One tile of the tree: `width` hashes of nodes at level `8 * level`, from node `256 * tile`. */
export interface TileCoordinates {
  readonly level: number;
  readonly tile: number;
  /** 256 for a full tile, 1 to 255 for a partial one. */
  readonly width: number;
}

/** How many tiles of this level are full in a tree of `size` leaves. */
export function fullTiles(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** (level + 1));
}

/** How many hashes a tile holds in a tree of `size` leaves, at most 256; 0 where the tree does not reach it. */
export function tileWidth(level: number, tile: number, size: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** level) - tile * TILE_WIDTH;
  return Math.max(0, Math.min(TILE_WIDTH, hashes));
}

/** The tile in which the hash of this subtree can be found, as wide as it is in a tree of `size` leaves. */
export function tileOf({ level, index }: Subtree, size: number): TileCoordinates {
  const tileLevel = Math.floor(level / TILE_HEIGHT);
  const tile = Math.floor((index * 2 ** (level % TILE_HEIGHT)) / TILE_WIDTH);
  return { level: tileLevel, tile, width: tileWidth(tileLevel, tile, size) };
}

/** The hash of a subtree, out of the hashes of its `tileOf`, one after the other. */
export function hashInTile({ level, index }: Subtree, hashes: Uint8Array): TreeHash {
  const span = 2 ** (level % TILE_HEIGHT);
  const first = (index * span) % TILE_WIDTH;
  return completeRoot(hashesOf(hashes.subarray(first * HASH_BYTES, (first + span) * HASH_BYTES)));
}

/** The root of a full tile, which is a hash of the tile above it. */
export function tileRoot(hashes: readonly TreeHash[]): TreeHash {
  return completeRoot(hashes);
}

/**
 * The root of the tree, given its incomplete tiles by level: at level n the hashes behind the last full tile of the level.
 */
export function rootOfEdge(incomplete: readonly (readonly TreeHash[])[]): TreeHash {
  const subtrees = incomplete.toReversed().flatMap((hashes) =>
    subtreesOf({ begin: 0, end: hashes.length }).map(({ level, index }) => {
      const span = 2 ** level;
      return completeRoot(hashes.slice(index * span, (index + 1) * span));
    }),
  );
  return spanHash(subtrees);
}

/** The hashes that a tile consists of. */
export function hashesOf(tile: Uint8Array): readonly TreeHash[] {
  const bytes = Buffer.from(tile.buffer, tile.byteOffset, tile.byteLength);
  return Array.from({ length: Math.floor(bytes.length / HASH_BYTES) }, (_, i) =>
    bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
  );
}

/** The number of a tile as it stands in a path, with `.p/` and the width where it is partial: `x001/x234/067.p/8`. */
export function tilePath({ tile, width }: Omit<TileCoordinates, 'level'>): string {
  const groups: string[] = [];
  for (let rest = tile; groups.length === 0 || rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`${groups.length === 0 ? '' : 'x'}${String(rest % 1000).padStart(3, '0')}`);
  }
  return `${groups.join('/')}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** The tile of a path as `tilePath` writes it, in no other form; null for anything else. */
export function parseTilePath(path: string): Omit<TileCoordinates, 'level'> | null {
  const match = /^((?:x\d{3}\/)*)(\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path);
  if (match === null) return null;
  const [, groups = '', last = '', partial] = match;
  const tile = Number(groups.replaceAll(/[x/]/g, '') + last);
  const width = partial === undefined ? TILE_WIDTH : Number(partial);
  if (!Number.isSafeInteger(tile) || !Number.isSafeInteger(tile * TILE_WIDTH)) return null;
  if (partial !== undefined && width >= TILE_WIDTH) return null;
  return tilePath({ tile, width }) === path ? { tile, width } : null;
}

/** A level as it stands in a path, 0 to 63 without leading zeros; null for anything else. */
export function parseTileLevel(text: string): number | null {
  const level = /^(?:0|[1-9]\d?)$/.test(text) ? Number(text) : NaN;
  return level <= HIGHEST_LEVEL ? level : null;
}

/** Of a power of two of hashes. */
function completeRoot(hashes: readonly TreeHash[]): TreeHash {
  let row = hashes;
  while (row.length > 1) {
    row = Array.from({ length: row.length / 2 }, (_, i) => nodeHash(at(row, 2 * i), at(row, 2 * i + 1)));
  }
  return at(row, 0);
}

function at(row: readonly TreeHash[], index: number): TreeHash {
  const found = row[index];
  if (found === undefined) throw new RangeError('a tile is narrower than it must be');
  return found;
}
