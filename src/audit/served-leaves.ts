import { tilePath, TILE_WIDTH, tileWidth } from '../history/tile.js';
import type { Ask } from './ask.js';
import { readEntryBundle } from './entry-bundle.js';

/** The leaves below one tile of level 0, and the hashes that the log has in that tile: null where it has no such tile. */
export interface ServedTile {
  readonly tile: number;
  readonly leaves: readonly Buffer[];
  readonly hashes: Buffer | null;
}

const BYTES = 'application/octet-stream';

/** Every leaf of a log of this size as a service answers it, tile by tile; ends with a fault where one is not there. */
export async function* servedTiles(ask: Ask, size: number): AsyncGenerator<ServedTile | { readonly fault: string }> {
  for (let tile = 0; tile * TILE_WIDTH < size; tile += 1) {
    const width = tileWidth(0, tile, size);
    const path = tilePath({ tile, width });
    const [bundle, hashes] = await Promise.all([
      ask(`/log/tile/entries/${path}`, BYTES),
      ask(`/log/tile/0/${path}`, BYTES),
    ]);
    const leaves = bundle === null ? { fault: 'is not there' } : readEntryBundle(bundle, width);
    if ('fault' in leaves) {
      const first = tile * TILE_WIDTH + 1;
      yield { fault: `the bundle of the leaves ${first} to ${first + width - 1} ${leaves.fault}` };
      return;
    }
    yield { tile, leaves, hashes };
  }
}
