import type { Json } from '../intoto/json.js';
import {
  ARCHIVE_VERSION,
  archiveLine,
  type ArchivedCheckpoint,
  type ArchivedLeaf,
  type ArchiveRecord,
  type ArchiveScope,
} from './archive-record.js';
import type { ArchiveStore } from './archive.store.js';
import { withThings } from './archived-things.js';

/** Leaves of an archive page by page, in the order of their sequences. */
export type LeafPages = AsyncIterable<readonly ArchivedLeaf[]>;

/** What the sealed log says of entries. */
export interface ProofSource {
  /** The newest checkpoint, which the proofs lead to; null where there is none. */
  checkpoint(): Promise<ArchivedCheckpoint | null>;
  /** The proof of each sequence, as that checkpoint has it; absent for what is not sealed. */
  proofs(checkpoint: ArchivedCheckpoint, sequences: readonly number[]): Promise<ReadonlyMap<number, Json>>;
}

export interface ArchiveOptions {
  readonly store: ArchiveStore;
  readonly proofs: Pick<ProofSource, 'proofs'>;
  /** To which the proofs lead; null where nothing was sealed. */
  readonly checkpoint: ArchivedCheckpoint | null;
  readonly scope: ArchiveScope;
  readonly completeTo: number;
  readonly pages: LeafPages;
}

/**
 * The lines of an archive, from its header to its footer; one without a footer was cut off. While nobody reads, nothing is read
 * for it, and between two lines it holds a page of entries and a few envelopes, no connection and no transaction.
 */
export async function* archiveLines({
  store,
  proofs,
  checkpoint,
  scope,
  completeTo,
  pages,
}: ArchiveOptions): AsyncGenerator<string> {
  const counts = new Map<string, number>();
  let last: number | null = null;
  const line = (record: ArchiveRecord): string => {
    counts.set(record.record, (counts.get(record.record) ?? 0) + 1);
    return archiveLine(record);
  };
  yield line({ record: 'header', version: ARCHIVE_VERSION, scope, completeTo });
  if (checkpoint !== null) yield line({ record: 'checkpoint', checkpoint });
  for await (const page of pages) {
    const sequences = page.map(({ sequence }) => sequence);
    const proved = checkpoint === null ? new Map<number, Json>() : await proofs.proofs(checkpoint, sequences);
    for await (const { leaf, things } of withThings(page, store)) {
      const { sequence } = leaf;
      for (const thing of things) yield line({ sequence, ...thing });
      yield line({ record: 'entry', sequence, leaf, proof: proved.get(sequence) ?? null });
      last = sequence;
    }
  }
  yield archiveLine({ record: 'footer', counts: Object.fromEntries(counts), last });
}
