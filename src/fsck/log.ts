import { openCheckpoint } from '../history/checkpoint.js';
import { verifyCosignature } from '../history/cosignature.js';
import { GrowingTree, type FullTile } from '../history/growing-tree.js';
import { parseNoteKey, type NoteKey } from '../history/note-key.js';
import { parseSignatureLine, parseSignedNote } from '../history/signed-note.js';
import { TILE_WIDTH } from '../history/tile.js';
import { Malformed } from '../intoto/malformed.js';
import type { KeptCheckpoint } from './kept-checkpoint.js';
import { walkRows, type Keyed, type Reading, type Violation, type Walk } from './walk.js';

const SIGNED = 'every checkpoint is signed by the key under which it is filed';
const ROOTS = 'the leaves of the log lead to the root of every checkpoint';
const TILES = 'the tiles of the log are the full ones, of the hashes of its leaves';
const COSIGNED = 'every cosignature is by its witness, over a checkpoint on record';
const PINNED = 'every checkpoint is signed by a pinned key';
const KEPT = 'the log goes on from every checkpoint that was kept';

const PAGE_SIZE = 4_096;

interface CheckpointRow extends Keyed {
  readonly size: number;
  readonly root: Buffer;
  readonly note: Buffer;
  readonly vkey: string;
}

interface CosignatureRow extends Keyed {
  readonly size: number;
  readonly witness: string;
  readonly time: number;
  readonly line: string;
  /** Of the checkpoint; null where there is none of this size. */
  readonly note: Buffer | null;
}

/** What the log is held against besides itself. */
export interface LogExpectation {
  /** By which alone the log may have been sealed; null where none was pinned. */
  readonly keys: readonly NoteKey[] | null;
  /** Each verified already. */
  readonly kept: readonly KeptCheckpoint[];
}

/**
 * The sealed log: the tree is built again from the leaf hashes, in memory that does not grow with it, and held against every
 * checkpoint and tile. That each leaf hash is of its entry is another invariant's.
 */
export function logWalks({ keys, kept }: LogExpectation): readonly Walk[] {
  return [
    checkpointWalk(keys),
    {
      table: 'history_sequence',
      invariants: [ROOTS, TILES, ...(kept.length === 0 ? [] : [KEPT])],
      violations: (reading, mostRows, onRows) =>
        treeViolations(reading, Math.min(PAGE_SIZE, mostRows), { keys, kept }, onRows),
    },
    COSIGNATURES,
  ];
}

/** The newest checkpoint on record; null where nothing was sealed. */
export async function newestCheckpoint(
  reading: Reading,
): Promise<{ readonly size: number; readonly note: Buffer } | null> {
  const [newest] = await reading.query<{ size: number; note: Buffer }>(
    'select size, note from log_checkpoints order by size desc limit 1',
    [],
  );
  return newest ?? null;
}

function checkpointWalk(keys: readonly NoteKey[] | null): Walk {
  const known = new Map<string, NoteKey | null>();
  return walkRows<CheckpointRow, CheckpointRow>({
    table: 'log_checkpoints',
    start: ['-1'],
    pageSize: 1_000,
    text: `select array[size::text] as key, size, root, note, vkey from log_checkpoints
      where size > $1::bigint order by size limit $2`,
    read: (row) => row,
    faultOf: {
      [SIGNED]: ({ size, root, note, vkey }) => {
        const what = `the checkpoint of ${size} leaves`;
        const key = known.get(vkey) ?? noteKeyOf(vkey);
        known.set(vkey, key);
        if (key === null) return `${what} is filed under ${vkey}, which is no key`;
        const opened = openCheckpoint(note, key);
        if ('fault' in opened) return `${what}: ${opened.fault}`;
        if (opened.size !== size) return `${what} is signed as one of ${opened.size}`;
        return opened.root.equals(root) ? null : `${what} is filed with another root than is signed`;
      },
      ...(keys === null
        ? {}
        : {
            [PINNED]: ({ size, vkey }: CheckpointRow) =>
              keys.some((key) => key.vkey === vkey)
                ? null
                : `the checkpoint of ${size} leaves is signed by ${vkey}, which is not pinned`,
          }),
    },
  });
}

function noteKeyOf(vkey: string): NoteKey | null {
  try {
    return parseNoteKey(vkey);
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

const COSIGNATURES = walkRows<CosignatureRow, CosignatureRow>({
  table: 'log_cosignatures',
  start: ['-1', '', '0'],
  pageSize: 1_000,
  text: `select array[k.size::text, k.witness, k.time::text] as key, k.size, k.witness, k.time, k.line, c.note
    from (
      select * from log_cosignatures where (size, witness, time) > ($1::bigint, $2, $3::bigint)
      order by size, witness, time limit $4
    ) k
    left join log_checkpoints c on c.size = k.size order by k.size, k.witness, k.time`,
  read: (row) => row,
  faultOf: {
    [COSIGNED]: ({ size, witness, time, line, note }) => {
      if (note === null) return `${witness} cosigned a checkpoint of ${size} leaves, which there is not`;
      try {
        const text = parseSignedNote(note).text;
        const found = verifyCosignature(text, parseSignatureLine(line), [parseNoteKey(witness)]);
        if (found?.time === time) return null;
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
      }
      return `the cosignature of ${witness} over the checkpoint of ${size} leaves does not verify`;
    },
  },
});

interface LeavesRow {
  readonly sequence: number;
  readonly leafHash: Buffer;
}

interface RootRow {
  readonly size: number;
  readonly root: Buffer;
  readonly vkey: string;
}

interface TileRow {
  readonly level: number;
  readonly tile: number;
  readonly hashes: Buffer;
  readonly root: Buffer;
}

async function* treeViolations(
  reading: Reading,
  pageSize: number,
  { keys, kept }: LogExpectation,
  onRows: (rows: number) => void,
): AsyncIterable<Violation> {
  const tree = new GrowingTree(0, []);
  // What there is of checkpoints is read first: what they are about is placed by then, and has its tiles.
  const [newest] = await reading.query<{ signed: number }>(
    'select coalesce(max(size), 0) as signed from log_checkpoints',
    [],
  );
  const signed = newest?.signed ?? 0;
  /** The last checkpoint to which the leaves led. */
  let good = 0;
  yield* wrongRoots(await checkpointsBetween(reading, -1, 0));
  for (;;) {
    const before = tree.size;
    const page = await reading.query<LeavesRow>(
      `select sequence, leaf_hash as "leafHash" from history_sequence where sequence > $1::bigint order by sequence limit $2`,
      [before, pageSize],
    );
    const gap = page.findIndex(({ sequence }, index) => sequence !== before + index + 1);
    const rows = gap < 0 ? page : page.slice(0, gap);
    const checkpoints = await checkpointsBetween(reading, before, before + rows.length);
    const marks = new Set([...checkpoints.map(({ size }) => size), ...kept.map(({ size }) => size)]);
    const roots = new Map<number, Buffer>();
    const full: FullTile[] = [];
    for (const { leafHash } of rows) {
      full.push(...tree.append([leafHash]));
      if (marks.has(tree.size)) roots.set(tree.size, tree.root());
    }
    onRows(rows.length);
    yield* wrongTiles(reading, full, signed);
    yield* wrongRoots(checkpoints, roots);
    for (const one of kept) {
      const root = roots.get(one.size);
      if (root !== undefined && !root.equals(one.root)) yield unlikeKept(one, checkpoints, good);
    }
    if (gap >= 0) yield { invariant: ROOTS, detail: `leaf ${tree.size + 1} of the log is missing` };
    if (gap >= 0 || page.length === 0) break;
  }
  yield* beyondTheLeaves(reading, keys !== null);
  for (const { size, source } of kept.filter((one) => one.size > tree.size)) {
    const detail = `the log has ${tree.size} leaves, and the checkpoint kept in ${source} is of ${size}: the log was cut short`;
    yield { invariant: KEPT, detail };
  }

  function* wrongRoots(checkpoints: readonly RootRow[], roots = new Map([[0, tree.root()]])): Iterable<Violation> {
    for (const { size, root } of checkpoints) {
      if (roots.get(size)?.equals(root) === true) good = size;
      else {
        const detail = `the first ${size} leaves of the log do not lead to the root of its checkpoint of ${size} leaves; the first ${good} lead to theirs`;
        yield { invariant: ROOTS, detail };
      }
    }
  }
}

function unlikeKept(
  { size, root, source, key }: KeptCheckpoint,
  checkpoints: readonly RootRow[],
  good: number,
): Violation {
  const twin = checkpoints.find((one) => one.size === size && !one.root.equals(root));
  if (twin?.vkey === key.vkey) {
    const roots = `${root.toString('base64')} in ${source}, ${twin.root.toString('base64')} in the log`;
    const detail = `the log was forked: two checkpoints of ${size} leaves are signed by ${key.name}, with root ${roots}`;
    return { invariant: KEPT, detail };
  }
  const detail = `the log was rewritten: its first ${size} leaves do not lead to the root of the checkpoint kept in ${source}; the first ${good} lead to the root of a checkpoint in the log`;
  return { invariant: KEPT, detail };
}

async function checkpointsBetween(reading: Reading, after: number, upTo: number): Promise<readonly RootRow[]> {
  return reading.query<RootRow>(
    'select size, root, vkey from log_checkpoints where size > $1::bigint and size <= $2::bigint order by size',
    [after, upTo],
  );
}

async function* wrongTiles(reading: Reading, full: readonly FullTile[], signed: number): AsyncIterable<Violation> {
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
      yield { invariant: TILES, detail: `${what} has other hashes than its leaves` };
    }
  }
}

/**
 * What was sealed and has no leaves any more, and leaves that no checkpoint is of. Each statement is of one moment, as is
 * what the sequencer commits.
 */
async function* beyondTheLeaves(reading: Reading, signed: boolean): AsyncIterable<Violation> {
  const placed = 'select coalesce(max(sequence), 0) as placed from history_sequence';
  const checkpoints = await reading.query<{ size: number; placed: number }>(
    `select c.size, p.placed from log_checkpoints c cross join (${placed}) p where c.size > p.placed order by c.size`,
    [],
  );
  for (const { size, placed: leaves } of checkpoints) {
    const detail = `a checkpoint of ${size} leaves was signed, and the log has ${leaves}: the log was cut short`;
    yield { invariant: ROOTS, detail };
  }
  // Entries are placed and sealed in one transaction, and so are those from before there was a log, all of them: leaves that no
  // checkpoint is of were put there by others, or their checkpoint was taken away. A log that was never sealed shows none of it:
  // that is its state right after the upgrade to a release with a log, and no log that a key was pinned of.
  const [unsealed] = await reading.query<{ sealed: number | null; placed: number }>(
    `select c.sealed, p.placed from (select max(size) as sealed from log_checkpoints) c cross join (${placed}) p
     where p.placed > case when $1::boolean then coalesce(c.sealed, 0) else c.sealed end`,
    [signed],
  );
  if (unsealed !== undefined) {
    const { sealed, placed: leaves } = unsealed;
    const detail =
      sealed === null
        ? `the log has ${leaves} leaves and not one checkpoint: no sequencer has sealed it yet, or they were taken away`
        : `the log has ${leaves} leaves, and none of its checkpoints is of more than ${sealed}: what follows is not signed`;
    yield { invariant: ROOTS, detail };
  }
  const tiles = await reading.query<{ level: number; tile: number; placed: number }>(
    `select t.level, t.tile, p.placed from log_tiles t cross join (${placed}) p
     where (t.tile + 1) * power(${TILE_WIDTH}::numeric, t.level + 1) > p.placed order by t.tile, t.level limit 100`,
    [],
  );
  for (const { level, tile, placed: leaves } of tiles) {
    const detail = `tile ${tile} of level ${level} is full, and the log has only ${leaves} leaves`;
    yield { invariant: TILES, detail };
  }
}
