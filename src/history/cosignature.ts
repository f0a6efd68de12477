import { sign, verify, type KeyObject } from 'node:crypto';
import type { NoteKey } from './note-key.js';
import type { NoteSignature } from './signed-note.js';

const TIME_BYTES = 8;
const SIGNATURE_BYTES = 64;

/** What a witness says: that it saw this checkpoint, consistent with all it saw before, at this time. */
export interface Cosignature {
  readonly key: NoteKey;
  /** Seconds since the epoch. */
  readonly time: number;
}

/**
 * The cosignature in a line below a checkpoint, where it is one by one of these witnesses (C2SP tlog-cosignature,
 * `cosignature/v1`, signature type 0x04: the time as eight bytes, then Ed25519 over it and the text); null for any other.
 */
export function verifyCosignature(
  checkpointText: string,
  { name, keyId, signature }: NoteSignature,
  witnesses: readonly NoteKey[],
): Cosignature | null {
  if (signature.length !== TIME_BYTES + SIGNATURE_BYTES) return null;
  const time = Number(signature.readBigUInt64BE());
  if (!Number.isSafeInteger(time)) return null;
  const message = cosignedMessage(checkpointText, time);
  const key = witnesses.find(
    (witness) =>
      witness.type === 'cosignature/v1' &&
      witness.name === name &&
      witness.id === keyId &&
      verify(null, message, witness.publicKey, signature.subarray(TIME_BYTES)),
  );
  return key === undefined ? null : { key, time };
}

/** The signature of a witness, whose key is of the type `cosignature/v1`, over a checkpoint at a time in seconds. */
export function cosign(checkpointText: string, time: number, key: NoteKey, privateKey: KeyObject): NoteSignature {
  const stamp = Buffer.alloc(TIME_BYTES);
  stamp.writeBigUInt64BE(BigInt(time));
  const signature = Buffer.concat([stamp, sign(null, cosignedMessage(checkpointText, time), privateKey)]);
  return { name: key.name, keyId: key.id, signature };
}

function cosignedMessage(checkpointText: string, time: number): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${time}\n${checkpointText}`);
}
