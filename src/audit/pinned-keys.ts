import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Reading } from '../fsck/walk.js';
import { parseNoteKeys } from '../history/log-settings.js';
import { isKeyName, noteKey, type NoteKey } from '../history/note-key.js';
import { NAME_A_KEY, type Asked } from './asked.js';

export const NO_KEY =
  'whose log it is: no key is pinned (--key), and whoever can change what was read can have made another log';

/** What is kept of the log's keys where the service runs, and not in its database. */
export interface LocalKeys {
  /** With the private key; null where there is none. */
  readonly file: string | null;
  /** The verifier keys by which the log was sealed before. */
  readonly retired: readonly string[];
}

/** By what keys a database is held, and what is to be said of them. */
export interface PinnedKeys {
  /** null: by those that the database itself names. */
  readonly keys: readonly NoteKey[] | null;
  readonly notHeld: readonly string[];
}

/**
 * The keys that were named, or else those that are kept where the service runs: whoever changed the database alone does not have
 * them. Rejects where there are none of either, unless none is asked for.
 */
export async function pinnedKeys(
  { keys, withoutKey }: Pick<Asked, 'keys' | 'withoutKey'>,
  { file, retired }: LocalKeys,
  reading: Reading,
): Promise<PinnedKeys> {
  if (keys !== null) return { keys, notHeld: [] };
  if (withoutKey) return { keys, notHeld: [NO_KEY] };
  if (file === null) throw new Error(NAME_A_KEY);
  const sealing = await underItsNames(reading, readLocalKey(file));
  return {
    keys: [...sealing, ...parseNoteKeys('ASSAY_LOG_RETIRED_VKEYS', retired, 'ed25519')],
    notHeld: [`whose log it is, but for the key in ${file}, which whoever runs the service has: pin yours with --key`],
  };
}

/** The public half of the key in a file. Throws where it holds no such key; never quotes it. */
function readLocalKey(file: string): KeyObject {
  const pem = readFileSync(file);
  const fault = `${file} holds no Ed25519 key in PEM`;
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw new Error(fault, { cause });
  }
  throw new Error(fault);
}

/** The key under every name by which the log goes or has gone: a name is no secret, and proves nothing. */
async function underItsNames(reading: Reading, publicKey: KeyObject): Promise<readonly NoteKey[]> {
  const rows = await reading.query<{ readonly name: string }>(
    `select distinct split_part(vkey, '+', 1) as name from log_checkpoints order by name`,
    [],
  );
  return rows.flatMap(({ name }) => (isKeyName(name) ? [noteKey(name, publicKey)] : []));
}
