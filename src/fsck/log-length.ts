import { TILE_WIDTH } from '../history/tile.js';
import type { KeptCheckpoint } from './kept-checkpoint.js';
import { sequenceRange } from './sequence-range.js';
import type { Violation, Walk } from './walk.js';

const WHOLE = 'the log has every leaf that was ever sealed';

/** How many leaves something says that the log had. */
interface Length {
  readonly leaves: number;
  readonly says: string;
}

/**
 * Whether the log was cut short, by its checkpoints, its tiles and those checkpoints that were kept. It comes before all else: of a
 * log that was cut, what comes after the cut looks as if it had never been placed.
 */
export function logLengthWalk(kept: readonly KeptCheckpoint[]): Walk {
  return {
    table: 'history_sequence',
    invariants: [WHOLE],
    async *violations(reading): AsyncIterable<Violation> {
      // One statement, so of one moment, as is what the sequencer commits.
      const [row] = await reading.query<{ placed: number; signed: number; tiled: number }>(
        `select (select coalesce(max(sequence), 0) from history_sequence) as placed,
           (select coalesce(max(size), 0) from log_checkpoints) as signed,
           (select coalesce(max(tile) + 1, 0) from log_tiles where level = 0) as tiled`,
        [],
      );
      const { placed = 0, signed = 0, tiled = 0 } = row ?? {};
      const lengths: readonly Length[] = [
        ...kept.map(({ size, source }) => ({
          leaves: size,
          says: `the checkpoint kept in ${source} is of ${size} leaves`,
        })),
        { leaves: signed, says: `a checkpoint of ${signed} leaves was signed` },
        { leaves: tiled * TILE_WIDTH, says: `there is a full tile of the leaves up to ${tiled * TILE_WIDTH}` },
      ];
      const longest = lengths.reduce((best, next) => (next.leaves > best.leaves ? next : best));
      if (longest.leaves <= placed) return;
      const end = placed === 0 ? 'history_sequence is empty' : `history_sequence ends at sequence ${placed}`;
      const gone = sequenceRange(placed + 1, longest.leaves);
      yield { invariant: WHOLE, detail: `the log was cut short: ${longest.says}, and ${end}; gone: ${gone}` };
    },
  };
}
