import type { Json } from '../intoto/json.js';

/** The version of the archive's form. */
export const ARCHIVE_VERSION = 1;

/** Which part of the account an archive holds. */
export interface ArchiveScope {
  /** The image that it is about; null: whatever it is about. */
  readonly digest: string | null;
  /** RFC 3339; half open. null where that end is open. */
  readonly since: string | null;
  readonly until: string | null;
  /** Entries behind this sequence. */
  readonly after: number;
}

/** One line of the account with all that its leaf of the sealed log is made of. */
export interface ArchivedLeaf {
  readonly sequence: number;
  readonly entry: string;
  /** UTC with microseconds. */
  readonly at: string;
  readonly actor: string;
  readonly type: string;
  readonly image: string | null;
  readonly attestation: string | null;
  readonly data: Json;
  readonly nonce: string;
}

/** The checkpoint of the sealed log to which the proofs in an archive lead. */
export interface ArchivedCheckpoint {
  readonly size: number;
  /** As it is signed. */
  readonly note: string;
}

/** What is on record beyond an entry, by the kind of record. A `row` has the names and values of its table's columns. */
export type ArchivedThing =
  /** Without its envelope where that was dropped; `dropped` then says when and why. */
  | { readonly record: 'attestation'; readonly row: Json; readonly envelope: string }
  | { readonly record: 'attestation'; readonly row: Json; readonly envelope: null; readonly dropped: Json }
  | { readonly record: 'dropped'; readonly row: Json }
  | { readonly record: 'hold'; readonly table: string; readonly row: Json }
  | { readonly record: 'verification'; readonly row: Json }
  | { readonly record: 'verdict'; readonly row: Json }
  | { readonly record: 'policy'; readonly row: Json }
  | { readonly record: 'trust' | 'waiver'; readonly table: string; readonly row: Json }
  | { readonly record: 'index'; readonly row: Json; readonly manifest: string };

/**
 * One line of an archive. The checkpoint comes before all that is proved by it, and what an entry tells of before the entry
 * itself, so that each line can be verified as it comes, and whoever has an entry has everything up to it and may go on behind its
 * sequence: the lines of an archive that was cut off, and behind them those of one that goes on, are an archive.
 */
export type ArchiveRecord =
  | {
      readonly record: 'header';
      readonly version: typeof ARCHIVE_VERSION;
      readonly scope: ArchiveScope;
      /** Entries up to this sequence are looked at: where the log ends by the checkpoint, if there is one. */
      readonly completeTo: number;
    }
  | { readonly record: 'checkpoint'; readonly checkpoint: ArchivedCheckpoint }
  | ({ readonly sequence: number } & ArchivedThing)
  | { readonly record: 'entry'; readonly sequence: number; readonly leaf: ArchivedLeaf; readonly proof: Json }
  | {
      readonly record: 'footer';
      /** How many records of each kind came before. */
      readonly counts: Readonly<Record<string, number>>;
      /** Of the last entry; null where there is none. */
      readonly last: number | null;
    };

/** The record as it stands in an archive, with its line's end. */
export function archiveLine(record: ArchiveRecord): string {
  return `${JSON.stringify(record)}\n`;
}
