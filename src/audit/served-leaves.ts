import { MOST_LEAF_BYTES } from '../history/log-leaf.js';
import { tilePath, TILE_WIDTH, tileWidth } from '../history/tile.js';
import { bytesWithin, type Ask } from './ask.js';
import { readEntryBundle } from './entry-bundle.js';

/** The leaves below one tile of level 0. */
export interface ServedLeaves {
  readonly tile: number;
  readonly leaves: readonly Buffer[];
}

const A_BUNDLE = bytesWithin(TILE_WIDTH * (2 + MOST_LEAF_BYTES));

/** Every leaf of a log of this size as a service answers it, tile by tile; ends with a fault where one is not there. */
export async function* servedLeaves(
  ask: Ask,
  size: number,
): AsyncGenerator<ServedLeaves | { readonly fault: string; readonly first: number }> {
  for (let tile = 0; tile * TILE_WIDTH < size; tile += 1) {
    const width = tileWidth(0, tile, size);
    const bundle = await ask(`/log/tile/entries/${tilePath({ tile, width })}`, A_BUNDLE);
    const leaves = bundle === null ? { fault: 'is not there' } : readEntryBundle(bundle, width);
    if ('fault' in leaves) {
      const first = tile * TILE_WIDTH + 1;
      yield { fault: `the bundle of the leaves ${first} to ${first + width - 1} ${leaves.fault}`, first };
      return;
    }
    yield { tile, leaves };
  }
}
