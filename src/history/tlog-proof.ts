import { Malformed } from '../intoto/malformed.js';
import { openCheckpoint, type OpenedCheckpoint } from './checkpoint.js';
import { HASH_BYTES, leafHash, verifyInclusion, type TreeHash } from './merkle-tree.js';
import { decodeNoteBase64 } from './note-base64.js';
import type { NoteKey } from './note-key.js';

/** All that shows that a leaf is in a log, but the leaf itself (C2SP tlog-proof). */
export interface TlogProof {
  /** What an application adds for its own ends; null where it adds nothing. Proves nothing. */
  readonly extra: Buffer | null;
  readonly index: number;
  readonly hashes: readonly TreeHash[];
  /** A signed note, as it is written. */
  readonly checkpoint: string;
}

const FIRST_LINE = 'c2sp.org/tlog-proof@v1';
/** As many as a tree of 2^63 leaves asks for. */
const MOST_HASHES = 63;

/** The proof as it is written, for a file with the extension `.tlog-proof`. */
export function formatTlogProof({ extra, index, hashes, checkpoint }: TlogProof): string {
  return [
    FIRST_LINE,
    ...(extra === null ? [] : [`extra ${extra.toString('base64')}`]),
    `index ${index}`,
    ...hashes.map((each) => each.toString('base64')),
    '',
    checkpoint,
  ].join('\n');
}

/** Reads a proof as it is written, without verifying it. Throws Malformed. */
export function parseTlogProof(text: string): TlogProof {
  const end = text.indexOf('\n\n');
  if (end < 0) refuse('has no blank line before its checkpoint');
  const lines = text.slice(0, end).split('\n');
  if (lines.shift() !== FIRST_LINE) refuse(`does not begin with ${FIRST_LINE}`);
  const extra = lines[0]?.startsWith('extra ') === true ? decodeNoteBase64(lines.shift()?.slice(6) ?? '') : undefined;
  if (extra === null) refuse('has an extra line that is no base64');
  const index = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '')?.[1] ?? refuse('has no index');
  if (!Number.isSafeInteger(Number(index))) refuse('has an index beyond any log');
  if (lines.length > MOST_HASHES) refuse(`has more than ${MOST_HASHES} hashes`);
  const hashes = lines.map((line) => {
    const decoded = decodeNoteBase64(line);
    return decoded?.length === HASH_BYTES ? decoded : refuse('has a hash that is no SHA-256 in base64');
  });
  return { extra: extra ?? null, index: Number(index), hashes, checkpoint: text.slice(end + 2) };
}

export type TlogProofOutcome =
  | { readonly outcome: 'included'; readonly index: number; readonly checkpoint: OpenedCheckpoint }
  | { readonly outcome: 'unproved'; readonly fault: string };

/** Whether the proof shows that the leaf is in the log whose key this is. Never throws for what proof or leaf hold. */
export function verifyTlogProof(proof: string, leaf: Uint8Array, key: NoteKey): TlogProofOutcome {
  try {
    const { index, hashes, checkpoint: note } = parseTlogProof(proof);
    const checkpoint = openCheckpoint(note, key);
    if ('fault' in checkpoint) return { outcome: 'unproved', fault: checkpoint.fault };
    const { size, root } = checkpoint;
    const included = verifyInclusion({ index, size, leafHash: leafHash(leaf), proof: hashes, root });
    if (included) return { outcome: 'included', index, checkpoint };
    return { outcome: 'unproved', fault: `the proof does not lead from the leaf to the root of the checkpoint` };
  } catch (error) {
    if (error instanceof Malformed) return { outcome: 'unproved', fault: error.message };
    throw error;
  }
}

function refuse(message: string): never {
  throw new Malformed('tlog_proof', [{ path: '', message: `the proof ${message}` }]);
}
