import type { KeyObject } from 'node:crypto';
import { noteSigner, parseNoteKey, type NoteKey, type NoteSigner } from './note-key.js';

/** By what a process seals the log. */
export interface SealingSettings {
  /** Ed25519. */
  readonly privateKey: KeyObject;
  /** The name of the log; null where it goes by the name that it has. */
  readonly origin: string | null;
  /** The name of a log that has none yet, where it was not said. */
  readonly defaultOrigin: string;
  /** By which the log was sealed earlier, and from which it may go on. */
  readonly retired: readonly NoteKey[];
}

/** Why a process does not seal the log: for the operator to read. Nothing was signed. */
export class SealingRefused extends Error {
  override readonly name = 'SealingRefused';
}

/**
 * By what the log is sealed from here on, which is what has sealed it up to here.
 *
 * @param sealedBy the verifier key of the last checkpoint; null where there is none.
 * @throws SealingRefused where that was another key or name, and nobody said that it is retired: two keys that go on side
 * by side would make two logs of one.
 */
export function signerOf(settings: SealingSettings, sealedBy: string | null): NoteSigner {
  const { privateKey, origin, defaultOrigin, retired } = settings;
  if (sealedBy === null) return noteSigner(origin ?? defaultOrigin, privateKey);
  const before = parseNoteKey(sealedBy);
  const signer = noteSigner(origin ?? before.name, privateKey);
  if (signer.key.vkey === sealedBy || retired.some(({ vkey }) => vkey === sealedBy)) return signer;
  throw new SealingRefused(
    `the log is sealed by ${sealedBy}, and this process would seal by ${signer.key.vkey}; give it that key ` +
      '(ASSAY_LOG_KEY_FILE, or log-key.pem in the data directory) and name (ASSAY_LOG_ORIGIN), or, to go on by the other from here, ' +
      'name the first in ASSAY_LOG_RETIRED_VKEYS',
  );
}

/** The verifier keys of a variable, each as it was given. Throws Error, which names the variable and the key. */
export function parseNoteKeys(variable: string, vkeys: readonly string[], type: NoteKey['type']): readonly NoteKey[] {
  return vkeys.map((vkey) => {
    try {
      const key = parseNoteKey(vkey);
      if (key.type === type) return key;
    } catch (cause) {
      throw new Error(`${variable}: ${vkey}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
    const wanted = type === 'ed25519' ? 'of a log (type 01)' : 'of a witness that cosigns (type 04)';
    throw new Error(`${variable}: ${vkey} is no key ${wanted}`);
  });
}
