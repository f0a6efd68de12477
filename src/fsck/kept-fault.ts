import type { KeptCheckpoint } from './kept-checkpoint.js';
import { sequenceRange } from './sequence-range.js';

/** A checkpoint as it is on record. */
export interface RootRow {
  readonly size: number;
  readonly root: Buffer;
  readonly vkey: string;
}

/**
 * What is wrong with the log by a checkpoint that was kept; null where nothing is.
 *
 * @param log the root to which as many of its leaves lead, its checkpoints, and to how many leaves it is the log of those kept before.
 */
export function keptFault(
  { size, root, source, key }: KeptCheckpoint,
  log: { readonly root: Buffer; readonly checkpoints: readonly RootRow[]; readonly agreed: number },
): string | null {
  const leads = log.root.equals(root);
  const where = `what was changed, added or removed lies in ${sequenceRange(log.agreed + 1, size)}`;
  const twin = log.checkpoints.find((one) => one.size === size && one.vkey === key.vkey && !one.root.equals(root));
  if (twin !== undefined) {
    const roots = `${root.toString('base64')} in ${source}, ${twin.root.toString('base64')} in the log`;
    const leaves = leads ? `the leaves of the log lead to the one in ${source}` : where;
    return `the log was forked: two checkpoints of ${size} leaves are signed by ${key.name}, with root ${roots}; ${leaves}`;
  }
  if (leads) return null;
  return `the log was rewritten: its first ${size} leaves do not lead to the root of the checkpoint kept in ${source}; ${where}`;
}
