import { HASH_BYTES, type TreeHash } from '../history/merkle-tree.js';
import { tilePath, TILE_WIDTH } from '../history/tile.js';
import { bytesWithin, type Ask } from './ask.js';

const A_TILE = bytesWithin(TILE_WIDTH * HASH_BYTES);

/** What is wrong with a tile that a service serves, against the hashes that the leaves make of it; null where nothing is. */
export async function tileFault(
  ask: Ask,
  { level, tile, hashes }: { readonly level: number; readonly tile: number; readonly hashes: readonly TreeHash[] },
): Promise<string | null> {
  const found = await ask(`/log/tile/${level}/${tilePath({ tile, width: hashes.length })}`, A_TILE);
  const what = `tile ${tile} of level ${level}`;
  if (found === null) return `${what} is not there`;
  if (found.length !== hashes.length * HASH_BYTES) return `${what} is not of ${hashes.length} hashes`;
  const at = hashes.findIndex(
    (hash, place) => !hash.equals(found.subarray(place * HASH_BYTES, (place + 1) * HASH_BYTES)),
  );
  if (at < 0) return null;
  const span = TILE_WIDTH ** level;
  const first = (tile * TILE_WIDTH + at) * span + 1;
  return `${what} has another hash than ${level === 0 ? `leaf ${first}` : `the leaves ${first} to ${first + span - 1}`}`;
}
