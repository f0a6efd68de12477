import { createPrivateKey, createPublicKey, hash, type KeyObject } from 'node:crypto';
import { isWeakEd25519Key } from '../intoto/ed25519-order.js';
import { Malformed } from '../intoto/malformed.js';
import { decodeNoteBase64 } from './note-base64.js';

/** What a key signs: a note itself, or as a witness a checkpoint with a time (C2SP signed-note, tlog-cosignature). */
export type NoteKeyType = 'ed25519' | 'cosignature/v1';

/** A public key under the name by which notes refer to it. */
export interface NoteKey {
  readonly name: string;
  /** The first four bytes of a hash over name and key: tells keys of one name apart, and proves nothing. */
  readonly id: number;
  readonly type: NoteKeyType;
  readonly publicKey: KeyObject;
  /** All of it as one line: `name+id+key`. */
  readonly vkey: string;
}

/** By what a note is signed. */
export interface NoteSigner {
  readonly key: NoteKey;
  readonly privateKey: KeyObject;
}

const TYPE_BYTES: Readonly<Record<NoteKeyType, number>> = { ed25519: 0x01, 'cosignature/v1': 0x04 };
const ED25519_BYTES = 32;
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Whether the text may name a key: not empty, no white space, no control character, no plus sign (C2SP signed-note). */
export function isKeyName(text: string): boolean {
  return text !== '' && text.isWellFormed() && !/[+\s\p{White_Space}\p{Cc}]/u.test(text);
}

/** An Ed25519 key under a name. Throws RangeError for another key, or where the name may name none. */
export function noteKey(name: string, publicKey: KeyObject, type: NoteKeyType = 'ed25519'): NoteKey {
  if (!isKeyName(name)) throw new RangeError('the name of a key holds no white space, control character or plus sign');
  if (publicKey.asymmetricKeyType !== 'ed25519') throw new RangeError('the key is no Ed25519 key');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const typed = Buffer.concat([Buffer.of(TYPE_BYTES[type]), raw]);
  const id = keyIdOf(name, typed);
  return { name, id, type, publicKey, vkey: `${name}+${hex(id)}+${typed.toString('base64')}` };
}

/** The signer of a private Ed25519 key under a name. Throws as `noteKey`. */
export function noteSigner(name: string, privateKey: KeyObject): NoteSigner {
  return { key: noteKey(name, createPublicKey(privateKey)), privateKey };
}

/**
 * Reads a verifier key, `name+id+base64(type, key)`, of a type that is known here. Throws Malformed unless the id is that of
 * name and key, or where anybody could sign for the key.
 */
export function parseNoteKey(vkey: string): NoteKey {
  const [, name = '', id = '', encoded = ''] =
    /^([^+]*)\+([0-9a-f]{8})\+(.*)$/su.exec(vkey) ?? refuse('is no name+id+key');
  if (!isKeyName(name)) refuse('has a name that holds white space or a control character, or is empty');
  const typed = decodeNoteBase64(encoded) ?? refuse('has a key that is no base64');
  const type =
    keyTypeOf(typed[0]) ?? refuse('has a key of a type that is not known: only Ed25519 and its cosignatures');
  const raw = typed.subarray(1);
  if (raw.length !== ED25519_BYTES) refuse('has a key that is not of 32 bytes');
  if (isWeakEd25519Key(raw)) refuse('has a key of small order: anybody could sign for it');
  if (hex(keyIdOf(name, typed)) !== id) refuse('has an id that is not that of its name and key');
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' });
  return noteKey(name, publicKey, type);
}

/** Reads a signer key as Go writes it, `PRIVATE+KEY+name+id+base64(0x01, seed)`. Throws Malformed; never quotes the key. */
export function parseNoteSigner(skey: string): NoteSigner {
  const [, name = '', id = '', encoded = ''] =
    /^PRIVATE\+KEY\+([^+]*)\+([0-9a-f]{8})\+(.*)$/su.exec(skey) ?? refuse('is no PRIVATE+KEY+name+id+key');
  if (!isKeyName(name)) refuse('has a name that holds white space or a control character, or is empty');
  const typed = decodeNoteBase64(encoded) ?? refuse('has a key that is no base64');
  if (typed[0] !== TYPE_BYTES.ed25519 || typed.length !== 1 + ED25519_BYTES)
    refuse('has a key that is no Ed25519 seed');
  const key = Buffer.concat([PKCS8_PREFIX, typed.subarray(1)]);
  const signer = noteSigner(name, createPrivateKey({ key, format: 'der', type: 'pkcs8' }));
  if (hex(signer.key.id) !== id) refuse('has an id that is not that of its name and key');
  return signer;
}

function keyTypeOf(byte: number | undefined): NoteKeyType | null {
  if (byte === TYPE_BYTES.ed25519) return 'ed25519';
  return byte === TYPE_BYTES['cosignature/v1'] ? 'cosignature/v1' : null;
}

function keyIdOf(name: string, typed: Uint8Array): number {
  return hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), typed]), 'buffer').readUInt32BE();
}

function hex(id: number): string {
  return id.toString(16).padStart(8, '0');
}

function refuse(message: string): never {
  throw new Malformed('note_key', [{ path: '', message: `the key of a note ${message}` }]);
}
