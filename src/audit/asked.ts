import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openKept, type KeptCheckpoint } from '../fsck/kept-checkpoint.js';
import { parseNoteKey, type NoteKey } from '../history/note-key.js';

/** What is held against the log. */
export type Audited =
  | { readonly kind: 'database' }
  /** `sample` is the share of envelopes that are fetched. */
  | { readonly kind: 'service'; readonly url: string; readonly sample: number }
  /** Of one archive, in their order; `-` is standard input. */
  | { readonly kind: 'archive'; readonly files: readonly string[] };

/** What an auditor asks for. */
export interface Asked {
  readonly audited: Audited;
  /** By which alone the log may have been sealed; null where none is pinned. */
  readonly keys: readonly NoteKey[] | null;
  /** Whether it is asked for in so many words that none is pinned. */
  readonly withoutKey: boolean;
  readonly kept: readonly KeptCheckpoint[];
  /** Where to keep the newest checkpoint for the next time. */
  readonly save: string | null;
  readonly json: boolean;
}

/**
 * Reads the words of a command line. Throws where they are not to be understood, or a checkpoint cannot be read. Whoever names no key
 * has to say so: what is held against a key that it brought along itself proves little, and a status of 0 looks like a proof.
 */
export function readAsked(words: readonly string[]): Asked {
  const { values } = parseArgs({
    args: [...words],
    options: {
      url: { type: 'string' },
      archive: { type: 'string', multiple: true, default: [] },
      sample: { type: 'string' },
      key: { type: 'string', multiple: true, default: [] },
      'without-key': { type: 'boolean', default: false },
      checkpoint: { type: 'string', multiple: true, default: [] },
      save: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const { url, archive, sample, save = null, json, 'without-key': withoutKey } = values;
  const keys = values.key.map(parseLogKey);
  if (withoutKey && keys.length > 0) throw new Error('--without-key is where there is no --key: name one of them');
  if (keys.length === 0 && values.checkpoint.length > 0) {
    throw new Error('a checkpoint that was kept is known by its signature: name the key of the log with --key');
  }
  const kept = values.checkpoint.map((file): KeptCheckpoint => {
    const opened = openKept(readFileSync(file), file, keys);
    if ('fault' in opened) throw new Error(opened.fault);
    return opened;
  });
  if (sample !== undefined && url === undefined) throw new Error('--sample is of what a service answers: --url');
  if (archive.length > 0) {
    if (url !== undefined) throw new Error('--archive is of a file, and --url of a service: name one of them');
    if (keys.length === 0) throw new Error('an archive is known by the key of its log alone: name it with --key');
    if (save !== null) throw new Error('--save is for a log that is looked at as a whole, which an archive is not of');
  }
  const audited = auditedOf(url, archive, sample);
  if (audited.kind === 'service' && keys.length === 0 && !withoutKey) throw new Error(NAME_A_KEY);
  return { audited, keys: keys.length === 0 ? null : keys, withoutKey, kept, save, json };
}

/** What is said where no key is named, and nobody said that there is none. */
export const NAME_A_KEY =
  'whose log it is can be told by its key alone: name it with --key, as /.well-known/assay/log.vkey has it and as you have ' +
  'compared it another way; or take whatever key is shown with --without-key';

/** The key of a log. Throws for what is none, and for that of a witness. */
export function parseLogKey(vkey: string): NoteKey {
  const key = parseNoteKey(vkey);
  if (key.type === 'ed25519') return key;
  throw new Error(`${vkey} is the key of a witness (cosignature/v1), which signs for no log: name the key of the log`);
}

function auditedOf(url: string | undefined, files: readonly string[], sample: string | undefined): Audited {
  if (files.length > 0) return { kind: 'archive', files };
  return url === undefined ? { kind: 'database' } : { kind: 'service', url, sample: shareOf(sample) };
}

function shareOf(text: string | undefined): number {
  if (text === undefined) return 1;
  const share = /^(?:0?\.\d{1,9}|[01](?:\.0{1,9})?)$/.test(text) ? Number(text) : NaN;
  if (share >= 0 && share <= 1) return share;
  throw new Error('--sample must be a share from 0 to 1, such as 0.1');
}
