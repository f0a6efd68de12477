import { openCheckpoint } from '../history/checkpoint.js';
import { verifyCosignature } from '../history/cosignature.js';
import { GrowingTree, type FullTile } from '../history/growing-tree.js';
import { parseNoteKey, type NoteKey } from '../history/note-key.js';
import { parseSignatureLine, parseSignedNote } from '../history/signed-note.js';
import { Malformed } from '../intoto/malformed.js';
import type { KeptCheckpoint } from './kept-checkpoint.js';
import { keptFault, type RootRow } from './kept-fault.js';
import { TILES, tilesBeyond, wrongTiles } from './log-tiles.js';
import { sequenceRange } from './sequence-range.js';
import { walkRows, type Keyed, type Reading, type Violation, type Walk } from './walk.js';

const SIGNED = 'every checkpoint is signed by the key under which it is filed';
const ROOTS = 'the leaves of the log lead to the root of every checkpoint';
const COSIGNED = 'every cosignature is by its witness, over a checkpoint on record';
const PINNED = 'every checkpoint is signed by a pinned key';
const KEPT = 'the log goes on from every checkpoint that was kept';

const PAGE_SIZE = 4_096;
/** So many wrong checkpoints are remembered until it is known whether a later one is right. */
const MOST_WRONG = 1_000;

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
      invariants: [...(kept.length === 0 ? [] : [KEPT]), ROOTS, TILES],
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
  const known = [...kept].sort((a, b) => a.size - b.size);
  /** The last of those that were kept to which the leaves led. */
  let agreed = 0;
  /** The last checkpoint to which the leaves led. */
  let good = 0;
  /** Whether a leaf is missing among those that there are. */
  let holed = false;
  /** Checkpoints since then to which they did not. */
  let wrong: number[] = [];
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
    for (const one of known) {
      const root = roots.get(one.size);
      if (root === undefined) continue;
      const detail = keptFault(one, { root, checkpoints, agreed });
      if (detail !== null) yield { invariant: KEPT, detail };
      if (root.equals(one.root)) agreed = one.size;
    }
    if (gap >= 0) yield { invariant: ROOTS, detail: `leaf ${tree.size + 1} of the log is missing` };
    holed = gap >= 0;
    if (holed || page.length === 0) break;
  }
  yield* rewritten();
  yield* beyondTheLeaves(reading, keys !== null);
  for (const { size, source } of kept.filter((one) => one.size > tree.size)) {
    const detail = holed
      ? `leaf ${tree.size + 1} of the log is missing, one of the ${size} that the checkpoint kept in ${source} is of`
      : `the log has ${tree.size} leaves, and the checkpoint kept in ${source} is of ${size}: the log was cut short`;
    yield { invariant: KEPT, detail };
  }

  function* wrongRoots(checkpoints: readonly RootRow[], roots = new Map([[0, tree.root()]])): Iterable<Violation> {
    for (const { size, root } of checkpoints) {
      if (roots.get(size)?.equals(root) === true) {
        for (const forked of wrong) {
          const detail = `${notItsRoot(forked)}, and the first ${size} lead to theirs: the log was forked, another one of ${forked} leaves was signed`;
          yield { invariant: ROOTS, detail };
        }
        [wrong, good] = [[], size];
      } else {
        wrong.push(size);
        if (wrong.length === MOST_WRONG) yield* rewritten();
      }
    }
  }

  function* rewritten(): Iterable<Violation> {
    for (const size of wrong) {
      const detail = `${notItsRoot(size)}: something in ${sequenceRange(good + 1, size)} is not what was signed, or that checkpoint is of another log`;
      yield { invariant: ROOTS, detail };
    }
    wrong = [];
  }
}

function notItsRoot(size: number): string {
  return `the first ${size} leaves of the log do not lead to the root of its checkpoint of ${size} leaves`;
}

async function checkpointsBetween(reading: Reading, after: number, upTo: number): Promise<readonly RootRow[]> {
  return reading.query<RootRow>(
    'select size, root, vkey from log_checkpoints where size > $1::bigint and size <= $2::bigint order by size',
    [after, upTo],
  );
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
  yield* tilesBeyond(reading);
}
