import type { FullTile } from '../history/growing-tree.js';
import { TILE_WIDTH } from '../history/tile.js';
import type { Reading, Violation } from './walk.js';

export const TILES = 'the tiles of the log are the full ones, of the hashes of its leaves';

interface TileRow {
  readonly level: number;
  readonly tile: number;
  readonly hashes: Buffer;
  readonly root: Buffer;
}

/**
 * Full tiles of the leaves that are stored otherwise, or not at all.
 *
 * @param signed how many leaves a checkpoint is of: up to there, no tile may be missing.
 */
export async function* wrongTiles(
  reading: Reading,
  full: readonly FullTile[],
  signed: number,
): AsyncIterable<Violation> {
  if (full.length === 0) return;
  const stored = await reading.query<TileRow>(
    `select t.level, t.tile, t.hashes, t.root
     from unnest($1::int[], $2::bigint[]) as w (level, tile) join log_tiles t on t.level = w.level and t.tile = w.tile`,
    [full.map(({ level }) => level), full.map(({ tile }) => tile)],
  );
  const found = new Map(stored.map((row) => [`${row.level}/${row.tile}`, row]));
  for (const { level, tile, hashes, root } of full) {
    const row = found.get(`${level}/${tile}`);
    const end = (tile + 1) * TILE_WIDTH ** (level + 1);
    const what = `tile ${tile} of level ${level} of the log, of the leaves up to ${end},`;
    if (row === undefined && end <= signed) yield { invariant: TILES, detail: `${what} is missing` };
    if (row !== undefined && !(row.hashes.equals(hashes) && row.root.equals(root))) {
      yield { invariant: TILES, detail: `${what} has ${otherHash(row, { level, tile, hashes })}` };
    }
  }
}

/** In which hash of a tile it differs from its leaves. */
function otherHash(
  { hashes: stored }: TileRow,
  { level, tile, hashes }: Pick<FullTile, 'level' | 'tile' | 'hashes'>,
): string {
  const size = hashes.length / TILE_WIDTH;
  const index = Array.from({ length: TILE_WIDTH }, (_, at) => at).find(
    (at) => !stored.subarray(at * size, (at + 1) * size).equals(hashes.subarray(at * size, (at + 1) * size)),
  );
  if (index === undefined) return 'another root than its leaves';
  const each = TILE_WIDTH ** level;
  const first = (tile * TILE_WIDTH + index) * each + 1;
  return `another hash of ${each === 1 ? `leaf ${first}` : `the leaves ${first} to ${first + each - 1}`} than history_sequence`;
}

/** Tiles of more leaves than there are. */
export async function* tilesBeyond(reading: Reading): AsyncIterable<Violation> {
  const tiles = await reading.query<{ level: number; tile: number; placed: number }>(
    `select t.level, t.tile, p.placed from log_tiles t cross join (select coalesce(max(sequence), 0) as placed from history_sequence) p
     where (t.tile + 1) * power(${TILE_WIDTH}::numeric, t.level + 1) > p.placed order by t.tile, t.level limit 100`,
    [],
  );
  for (const { level, tile, placed: leaves } of tiles) {
    const detail = `tile ${tile} of level ${level} is full, and the log has only ${leaves} leaves`;
    yield { invariant: TILES, detail };
  }
}
