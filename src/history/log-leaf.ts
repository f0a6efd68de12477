import { canonicalJson } from '../intoto/canonical-json.js';
import { sha256 } from '../intoto/digest.js';

/** A placed entry with all that its leaf holds. */
export interface LeafEntry {
  /** Its place in the account, from 1; the index of its leaf is one less. */
  readonly sequence: number;
  readonly entry: string;
  /** In UTC with microseconds, `2026-01-02T03:04:05.000006Z`. A Date would round it. */
  readonly at: string;
  readonly actor: string;
  readonly type: string;
  readonly image: string | null;
  readonly attestation: string | null;
  readonly data: object;
  /** By which nobody who guesses what an entry says can tell from its hash that it is there. */
  readonly nonce: string;
}

/** The largest entry that an entry bundle can hold (C2SP tlog-tiles). */
export const MOST_LEAF_BYTES = 65_535;

/**
 * The columns of a LeafEntry, of `history_entries` as `e`; the sequence is for the caller to add. As text where a JavaScript
 * value would lose part of it.
 */
export const LEAF_COLUMNS = `e.id::text as entry, to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
  e.actor, e.type, e.image, e.attestation, e.data, e.nonce::text as nonce`;

/**
 * The leaf of an entry: canonical JSON. Where the data would make it larger than a log takes, the leaf has
 * `{"omitted": digest}` in their place, with the sha256 of the data as canonical JSON: whoever holds the entry can tell that it is this one.
 */
export function logLeaf(entry: LeafEntry): Buffer {
  const leaf = write(entry, entry.data);
  if (leaf.length <= MOST_LEAF_BYTES) return leaf;
  return write(entry, { omitted: sha256(Buffer.from(canonicalJson(entry.data))) });
}

function write({ sequence, entry, at, actor, type, image, attestation, nonce }: LeafEntry, data: object): Buffer {
  return Buffer.from(canonicalJson({ actor, at, attestation, data, entry, image, nonce, sequence, type }));
}
