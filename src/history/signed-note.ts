import { sign, verify } from 'node:crypto';
import { Malformed } from '../intoto/malformed.js';
import { decodeNoteBase64 } from './note-base64.js';
import { isKeyName, type NoteKey, type NoteSigner } from './note-key.js';

/** A text with the signatures under it, none of them verified (C2SP signed-note). */
export interface SignedNote {
  /** What is signed, with its last newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  readonly name: string;
  readonly keyId: number;
  readonly signature: Buffer;
}

export type NoteOutcome =
  | { readonly outcome: 'verified'; readonly by: readonly NoteKey[] }
  /** A key that is known did not make the signature that bears its name and id. */
  | { readonly outcome: 'signature_invalid'; readonly name: string }
  /** No key that is known signed it. */
  | { readonly outcome: 'unsigned' };

/** More than anybody signs by, and few enough to look at them all. C2SP obliges a reader to take 16. */
const MOST_SIGNATURES = 100;
const LARGEST_NOTE = 1_000_000;
const KEY_ID_BYTES = 4;
const SIGNATURE_LINE = /^— ([^ ]+) ([A-Za-z0-9+/]+={0,2})$/u;

/** The note without its signatures verified. Throws Malformed for anything that is not in the one form of a signed note. */
export function parseSignedNote(note: Uint8Array | string): SignedNote {
  const whole = typeof note === 'string' ? note : decodeUtf8(note);
  if (whole.length > LARGEST_NOTE) refuse('is too large');
  if (!whole.isWellFormed()) refuse('is no Unicode');
  if (/[^\n -\u{10ffff}]/u.test(whole)) refuse('holds a control character');
  const split = whole.lastIndexOf('\n\n');
  if (split < 0) refuse('has no blank line before its signatures');
  const text = whole.slice(0, split + 1);
  const lines = whole.slice(split + 2);
  if (!lines.endsWith('\n')) refuse('does not end with a newline');
  const signatures = lines.slice(0, -1).split('\n').map(parseSignatureLine);
  if (signatures.length > MOST_SIGNATURES) refuse(`has more than ${MOST_SIGNATURES} signatures`);
  return { text, signatures };
}

/** A line below a note, without its newline: `— name base64(id, signature)`. Throws Malformed. */
export function parseSignatureLine(line: string): NoteSignature {
  const [, name = '', encoded = ''] = SIGNATURE_LINE.exec(line) ?? refuse('has a line that is no signature');
  if (!isKeyName(name))
    refuse('has a signature under a name that holds white space, a control character or a plus sign');
  const bytes = decodeNoteBase64(encoded) ?? refuse('has a signature that is no base64');
  if (bytes.length <= KEY_ID_BYTES) refuse('has a signature that is too short');
  return { name, keyId: bytes.readUInt32BE(), signature: bytes.subarray(KEY_ID_BYTES) };
}

/** The note as it is written. */
export function formatSignedNote({ text, signatures }: SignedNote): string {
  return `${text}\n${signatures.map(formatSignatureLine).join('')}`;
}

/** One signature as a line with its newline. */
export function formatSignatureLine({ name, keyId, signature }: NoteSignature): string {
  const id = Buffer.alloc(KEY_ID_BYTES);
  id.writeUInt32BE(keyId);
  return `— ${name} ${Buffer.concat([id, signature]).toString('base64')}\n`;
}

/** Signs a text, which ends with a newline, and answers the note. Deterministic: Ed25519 is. Throws RangeError. */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  if (!text.endsWith('\n')) throw new RangeError('the text of a note ends with a newline');
  const signatures = signers.map(({ key, privateKey }) => ({
    name: key.name,
    keyId: key.id,
    signature: sign(null, Buffer.from(text), privateKey),
  }));
  return formatSignedNote({ text, signatures });
}

/**
 * Which of the known keys signed the note. Signatures by keys that are not known are passed over, as the specification asks, and so are
 * those by known witnesses, whose signatures are over more than the text; a signature that bears the name and id of a known
 * key and is not its own condemns the note.
 */
export function verifyNote({ text, signatures }: SignedNote, known: readonly NoteKey[]): NoteOutcome {
  const message = Buffer.from(text);
  const by = new Set<NoteKey>();
  for (const { name, keyId, signature } of signatures) {
    const keys = known.filter((key) => key.type === 'ed25519' && key.name === name && key.id === keyId);
    if (keys.length === 0) continue;
    const key = keys.find(({ publicKey }) => verify(null, message, publicKey, signature));
    if (key === undefined) return { outcome: 'signature_invalid', name };
    by.add(key);
  }
  return by.size === 0 ? { outcome: 'unsigned' } : { outcome: 'verified', by: [...by] };
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse('is no UTF-8');
  }
}

function refuse(message: string): never {
  throw new Malformed('note', [{ path: '', message: `the note ${message}` }]);
}
