import type pg from 'pg';
import { byteaArray } from '../platform/bytea-array.js';
import type { FullTile } from './growing-tree.js';
import { LEAF_COLUMNS, logLeaf, type LeafEntry } from './log-leaf.js';
import { leafHash, type TreeHash } from './merkle-tree.js';
import { fullTiles, hashesOf, TILE_WIDTH } from './tile.js';

/** The last checkpoint as it is stored, not verified. */
export interface StoredCheckpoint {
  readonly size: number;
  readonly root: Buffer;
  readonly note: Buffer;
  /** The verifier key of whoever sealed it. */
  readonly vkey: string;
}

/** Entries that were given their places. */
export interface Placed {
  readonly count: number;
  /** The highest entry id among them; 0 where there is none. */
  readonly highest: number;
  /** The sequence of the first, and the leaf hashes of all in their order. */
  readonly first: number;
  readonly leafHashes: readonly TreeHash[];
}

/** The checkpoint of this size, or the last one. */
export async function readCheckpoint(on: pg.ClientBase, size: number | null): Promise<StoredCheckpoint | null> {
  const columns = 'select size, root, note, vkey from log_checkpoints';
  const { rows } =
    size === null
      ? await on.query<StoredCheckpoint>(`${columns} order by size desc limit 1`)
      : await on.query<StoredCheckpoint>(`${columns} where size = $1`, [size]);
  return rows[0] ?? null;
}

/**
 * By level, the hashes behind the last full tile of a tree of `size` leaves, as they are stored; null where one of them is
 * missing.
 */
export async function readEdge(on: pg.ClientBase, size: number): Promise<readonly (readonly TreeHash[])[] | null> {
  const edge = [await concatenated(on, LEAVES, [fullTiles(0, size) * TILE_WIDTH, size])];
  for (let level = 1; fullTiles(level - 1, size) > 0; level += 1) {
    const [from, to] = [fullTiles(level, size) * TILE_WIDTH, fullTiles(level - 1, size)];
    edge.push(await concatenated(on, TILE_ROOTS, [level - 1, from, to]));
  }
  return edge.includes(null) ? null : edge.filter((hashes) => hashes !== null);
}

/** The leaf hashes of up to `limit` entries placed behind the sequence `after`; null where one of them is missing. */
export async function readLeafHashes(
  on: pg.ClientBase,
  after: number,
  limit: number,
): Promise<readonly TreeHash[] | null> {
  return concatenated(on, LEAVES, [after, after + limit]);
}

const LEAVES = `select string_agg(leaf_hash, ''::bytea order by sequence) as hashes,
    count(*) = 0 or (min(sequence) = $1::bigint + 1 and max(sequence) = $1::bigint + count(*)) as dense
  from history_sequence where sequence > $1::bigint and sequence <= $2::bigint`;
const TILE_ROOTS = `select string_agg(root, ''::bytea order by tile) as hashes, count(*) = $3::bigint - $2::bigint as dense
  from log_tiles where level = $1::int and tile >= $2::bigint and tile < $3::bigint`;

async function concatenated(
  on: pg.ClientBase,
  text: string,
  values: readonly number[],
): Promise<readonly TreeHash[] | null> {
  const { rows } = await on.query<{ hashes: Buffer | null; dense: boolean }>(text, [...values]);
  const [row] = rows;
  if (row?.dense !== true) return null;
  return hashesOf(row.hashes ?? Buffer.alloc(0));
}

const TAKE = `
  with taken as (
    delete from history_unsequenced
    where entry = any (array(select entry from history_unsequenced where entry > $1 order by entry limit $2))
    returning entry
  )
  select t.entry as id, (select coalesce(max(sequence), 0) from history_sequence) as last, ${LEAF_COLUMNS}
  from taken t left join history_entries e on e.id = t.entry order by t.entry`;

const PLACE = `
  insert into history_sequence (sequence, entry, leaf_hash)
  select $1::bigint + t.place - 1, t.entry, t.hash
  from unnest($2::bigint[], $3::bytea[]) with ordinality as t (entry, hash, place)`;

type TakenRow = Omit<LeafEntry, 'sequence' | 'entry'> & {
  readonly id: number;
  readonly last: number;
  /** null where there is no such entry. */
  readonly entry: string | null;
};

/**
 * Gives up to `limit` committed entries above `above` their places and leaf hashes, within the transaction of the caller. An
 * entry committed after that gets a later number. Run twice at once, each entry is placed once, or one of the two
 * fails on a unique key.
 */
export async function placeWithin(on: pg.ClientBase, above: number, limit: number): Promise<Placed> {
  const { rows } = await on.query<TakenRow>(TAKE, [above, limit]);
  const first = (rows[0]?.last ?? 0) + 1;
  const leafHashes = rows.map((row, index) => {
    if (row.entry === null) throw new Error(`entry ${row.id} waits for its place, and there is no such entry`);
    return leafHash(logLeaf({ ...row, entry: row.entry, sequence: first + index }));
  });
  const ids = rows.map((row) => row.id);
  if (ids.length > 0) await on.query(PLACE, [first, ids, byteaArray(leafHashes)]);
  return { count: ids.length, highest: Math.max(0, ...ids), first, leafHashes };
}

const SEAL = `
  with tiles as (
    insert into log_tiles (level, tile, hashes, root)
    select * from unnest($1::int[], $2::bigint[], $3::bytea[], $4::bytea[])
  )
  insert into log_checkpoints (size, root, note, vkey) values ($5, $6, $7, $8)`;

/** Stores what became full, and the checkpoint of the tree as it is, within the transaction of the caller. */
export async function storeSeal(
  on: pg.ClientBase,
  tiles: readonly FullTile[],
  { size, root, note, vkey }: StoredCheckpoint,
): Promise<void> {
  await on.query(SEAL, [
    tiles.map(({ level }) => level),
    tiles.map(({ tile }) => tile),
    byteaArray(tiles.map(({ hashes }) => hashes)),
    byteaArray(tiles.map((tile) => tile.root)),
    size,
    root,
    note,
    vkey,
  ]);
}

/** Runs `work` in a transaction of this connection; nothing of it remains when it throws. */
export async function within<T>(on: pg.ClientBase, work: () => Promise<T>): Promise<T> {
  await on.query('begin');
  try {
    const result = await work();
    await on.query('commit');
    return result;
  } catch (error) {
    // What broke the transaction is what is told; a lost connection undoes it by itself.
    await on.query('rollback').catch(() => undefined);
    throw error;
  }
}

/** The size up to which entries have places. */
export async function placedSize(on: pg.ClientBase): Promise<number> {
  const { rows } = await on.query<{ last: number }>('select coalesce(max(sequence), 0) as last from history_sequence');
  return rows[0]?.last ?? 0;
}
