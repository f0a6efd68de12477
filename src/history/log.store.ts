import { Injectable } from '@nestjs/common';
import { Database, namedQuery } from '../platform/database.js';
import { LEAF_COLUMNS, logLeaf, type LeafEntry } from './log-leaf.js';
import { HASH_BYTES, type TreeHash } from './merkle-tree.js';
import type { TileCoordinates } from './tile.js';

/** A checkpoint with what witnesses have signed of it. */
export interface ServedCheckpoint {
  readonly size: number;
  readonly root: TreeHash;
  /** A signed note: the log's own signature, then the latest of each witness. */
  readonly note: string;
  /** The verifier key of whoever sealed it. */
  readonly vkey: string;
}

/** A witness's line below a checkpoint, verified. */
export interface WitnessLine {
  readonly size: number;
  /** The witness's verifier key. */
  readonly witness: string;
  /** Seconds since the epoch. */
  readonly time: number;
  /** Without its newline. */
  readonly line: string;
}

const CHECKPOINT = `
  select c.size, c.root, c.vkey, convert_from(c.note, 'UTF8') || coalesce((
      select string_agg(k.line || E'\\n', '' order by k.witness)
      from (select distinct on (witness) witness, line from log_cosignatures where size = c.size order by witness, time desc) k
    ), '') as note
  from log_checkpoints c`;

/** Reads of the sealed log, and what witnesses add to it. Sealing is the sequencer's alone. */
@Injectable()
export class LogStore {
  constructor(private readonly database: Database) {}

  /** The last checkpoint; null before the first was signed. */
  async latest(): Promise<ServedCheckpoint | null> {
    return this.checkpoint('log-latest', `${CHECKPOINT} order by c.size desc limit 1`, []);
  }

  /** The last checkpoint that a witness has signed; null where there is none. */
  async latestWitnessed(): Promise<ServedCheckpoint | null> {
    const text = `${CHECKPOINT} where c.size = (select max(size) from log_cosignatures)`;
    return this.checkpoint('log-latest-witnessed', text, []);
  }

  /** The checkpoint of exactly this size; null where none was signed. */
  async checkpointAt(size: number): Promise<ServedCheckpoint | null> {
    return this.checkpoint('log-checkpoint-at', `${CHECKPOINT} where c.size = $1`, [size]);
  }

  /**
   * The hashes of tiles, each as wide as asked for, in the order given, in one query. Throws where one is not there: which are
   * follows from the size of the log.
   */
  async tiles(tiles: readonly TileCoordinates[]): Promise<readonly Buffer[]> {
    const { rows } = await namedQuery<{ hashes: Buffer | null }>(this.database.pool, {
      name: 'log-tiles',
      text: `
        select coalesce(
          (select substring(t.hashes for w.width * ${HASH_BYTES}) from log_tiles t where t.level = w.level and t.tile = w.tile),
          case when w.level = 0 then (
            select string_agg(q.leaf_hash, ''::bytea order by q.sequence) from history_sequence q
            where q.sequence > w.tile * 256 and q.sequence <= w.tile * 256 + w.width
          ) else (
            select string_agg(b.root, ''::bytea order by b.tile) from log_tiles b
            where b.level = w.level - 1 and b.tile >= w.tile * 256 and b.tile < w.tile * 256 + w.width
          ) end) as hashes
        from unnest($1::int[], $2::bigint[], $3::int[]) with ordinality as w (level, tile, width, place)
        order by w.place`,
      values: [tiles.map(({ level }) => level), tiles.map(({ tile }) => tile), tiles.map(({ width }) => width)],
    });
    return tiles.map(({ level, tile, width }, i) => {
      const hashes = rows[i]?.hashes;
      if (hashes?.length === width * HASH_BYTES) return hashes;
      throw new Error(`tile ${tile} of level ${level} has other than ${width} hashes`);
    });
  }

  /** The leaves of up to `count` entries behind the sequence `after`, in their order. */
  async leaves(after: number, count: number): Promise<readonly Buffer[]> {
    const { rows } = await namedQuery<LeafEntry>(this.database.pool, {
      name: 'log-leaves',
      text: `
        select q.sequence, ${LEAF_COLUMNS} from history_sequence q join history_entries e on e.id = q.entry
        where q.sequence > $1::bigint and q.sequence <= $1::bigint + $2::bigint order by q.sequence`,
      values: [after, count],
    });
    return rows.map(logLeaf);
  }

  /** Adds what witnesses have signed. Repetition changes nothing. Whether any of it was not there before. */
  async addCosignatures(lines: readonly WitnessLine[], actor: string): Promise<boolean> {
    const { rowCount } = await this.database.pool.query(
      `insert into log_cosignatures (size, witness, time, line, actor)
       select t.size, t.witness, t.time, t.line, $5
       from unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[]) as t (size, witness, time, line)
       on conflict do nothing`,
      [
        lines.map(({ size }) => size),
        lines.map(({ witness }) => witness),
        lines.map(({ time }) => time),
        lines.map(({ line }) => line),
        actor,
      ],
    );
    return (rowCount ?? 0) > 0;
  }

  private async checkpoint(name: string, text: string, values: readonly number[]): Promise<ServedCheckpoint | null> {
    const { rows } = await namedQuery<ServedCheckpoint>(this.database.pool, { name, text, values });
    return rows[0] ?? null;
  }
}
