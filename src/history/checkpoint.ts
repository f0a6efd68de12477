import { Malformed } from '../intoto/malformed.js';
import { HASH_BYTES, type TreeHash } from './merkle-tree.js';
import { decodeNoteBase64 } from './note-base64.js';
import type { NoteKey, NoteSigner } from './note-key.js';
import { parseSignedNote, signNote, verifyNote, type SignedNote } from './signed-note.js';

/** What a log says it consists of at one time (C2SP tlog-checkpoint). */
export interface Checkpoint {
  /** Which log it is: a URL without its scheme, by custom; the name of the key that signs. */
  readonly origin: string;
  /** Of the tree, in leaves. */
  readonly size: number;
  readonly root: TreeHash;
}

/** A checkpoint of which the log's own signature has been verified. */
export interface OpenedCheckpoint extends Checkpoint {
  readonly note: SignedNote;
}

/** The text of a checkpoint, as it is signed. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`;
}

/** Reads the text of a checkpoint; what further lines it has is passed over. Throws Malformed. */
export function parseCheckpoint(text: string): Checkpoint {
  if (!text.endsWith('\n')) refuse('does not end with a newline');
  const [origin = '', size = '', encoded = '', ...extensions] = text.slice(0, -1).split('\n');
  if (origin === '') refuse('has no origin');
  if (!/^(?:0|[1-9]\d{0,15})$/.test(size) || !Number.isSafeInteger(Number(size))) refuse('has a size that is none');
  const root = decodeNoteBase64(encoded);
  if (root?.length !== HASH_BYTES) return refuse('has a root that is no SHA-256 in base64');
  if (extensions.includes('')) refuse('has an empty line');
  return { origin, size: Number(size), root };
}

/** Signs a checkpoint and answers the note. */
export function signCheckpoint(checkpoint: Checkpoint, signers: readonly NoteSigner[]): string {
  return signNote(formatCheckpoint(checkpoint), signers);
}

/**
 * The checkpoint of a note that is signed by the log whose key this is; otherwise why it is not. What the key signs under
 * another origin is no checkpoint of its log. Never throws for what the note holds.
 */
export function openCheckpoint(note: Uint8Array | string, key: NoteKey): OpenedCheckpoint | { readonly fault: string } {
  try {
    const signed = parseSignedNote(note);
    const verified = verifyNote(signed, [key]);
    if (verified.outcome === 'unsigned') return { fault: `the checkpoint is not signed by ${key.vkey}` };
    if (verified.outcome === 'signature_invalid') return { fault: `the signature by ${key.name} does not verify` };
    const checkpoint = parseCheckpoint(signed.text);
    if (checkpoint.origin !== key.name)
      return { fault: `the checkpoint is of ${checkpoint.origin}, not of ${key.name}` };
    return { ...checkpoint, note: signed };
  } catch (error) {
    if (error instanceof Malformed) return { fault: error.message };
    throw error;
  }
}

function refuse(message: string): never {
  throw new Malformed('note', [{ path: '', message: `the checkpoint ${message}` }]);
}
