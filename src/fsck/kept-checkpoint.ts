import { openCheckpoint, type Checkpoint } from '../history/checkpoint.js';
import type { NoteKey } from '../history/note-key.js';

/** A checkpoint that an auditor kept, its signature by the log verified. */
export interface KeptCheckpoint extends Checkpoint {
  /** Where it was kept, as it is told of. */
  readonly source: string;
  /** By which it is signed. */
  readonly key: NoteKey;
}

/** Opens what an auditor kept by one of the keys; otherwise why it says nothing about this log. */
export function openKept(
  note: Uint8Array,
  source: string,
  keys: readonly NoteKey[],
): KeptCheckpoint | { readonly fault: string } {
  const tried = keys.map((key) => ({ key, opened: openCheckpoint(note, key) }));
  for (const { key, opened } of tried) {
    if (!('fault' in opened)) return { origin: opened.origin, size: opened.size, root: opened.root, source, key };
  }
  const [first] = tried;
  const fault = first !== undefined && 'fault' in first.opened ? first.opened.fault : 'there is no key to verify it by';
  return { fault: `${source}: ${fault}` };
}
