import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { checkInvariants, everyWalk, type Finding } from './fsck/check-invariants.js';
import { openKept, type KeptCheckpoint } from './fsck/kept-checkpoint.js';
import { newestCheckpoint } from './fsck/log.js';
import { openReading } from './fsck/open-reading.js';
import { walkProgress } from './fsck/walk-progress.js';
import { parseNoteKey, type NoteKey } from './history/note-key.js';
import { ConfigError, readConfig } from './platform/config.js';

/*
 * `assay audit verify`: whether all that is stored is what the sealed log tells, and the log the one that an auditor knows. It
 * reads the database alone, and trusts nothing of what it reads. The `assay` command starts it with a command line that it
 * has read already.
 */

/** Everything holds / something does not / it could not be found out. */
const SOUND = 0;
const VIOLATED = 1;
const NOT_FOUND_OUT = 2;

interface Asked {
  /** By which alone the log may have been sealed; null where none is pinned. */
  readonly keys: readonly NoteKey[] | null;
  readonly kept: readonly KeptCheckpoint[];
  /** Where to keep the newest checkpoint for the next time. */
  readonly save: string | null;
  readonly json: boolean;
}

function readAsked(): Asked {
  const { values } = parseArgs({
    options: {
      key: { type: 'string', multiple: true, default: [] },
      checkpoint: { type: 'string', multiple: true, default: [] },
      save: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const keys = values.key.map((text) => parseNoteKey(text));
  if (keys.length === 0 && values.checkpoint.length > 0) {
    throw new Error('a checkpoint that was kept is known by its signature: name the key of the log with --key');
  }
  const kept = values.checkpoint.map((file): KeptCheckpoint => {
    const opened = openKept(readFileSync(file), file, keys);
    if ('fault' in opened) throw new Error(opened.fault);
    return opened;
  });
  return { keys: keys.length === 0 ? null : keys, kept, save: values.save ?? null, json: values.json };
}

async function auditVerify({ keys, kept, save, json }: Asked): Promise<number> {
  const { reading, close } = await openReading(readConfig(undefined, { purpose: 'migrate' }), 'assay-audit', say);
  try {
    if (keys === null) say('no key is pinned (--key): whoever can change this database can also have made another log');
    const progress = walkProgress(process.stderr);
    const print = (text: string): void => {
      progress.clear();
      process.stdout.write(`${text}\n`);
    };
    // Before the walks, so that they go through all that it is of.
    const newest = await newestCheckpoint(reading);
    const findings = await checkInvariants(reading, {
      walks: everyWalk({ keys, kept }),
      onRows: ({ table, invariants }, rows) => {
        progress.add(table ?? invariants[0] ?? '', rows);
      },
      onWalked: (walked) => {
        if (!json) for (const finding of walked) print(lineOf(finding));
      },
    });
    progress.clear();
    const violated = findings.filter(({ first }) => first !== null);
    const [first] = violated;
    if (json) {
      print(JSON.stringify({ sound: first === undefined, first: first ?? null, findings, size: newest?.size ?? 0 }));
    } else if (first === undefined) print(`everything holds, to the log's ${newest?.size ?? 0} entries`);
    else
      print(
        `NOT SOUND: ${violated.length} of ${findings.length} do not hold; the first: ${first.invariant}: ${first.first}`,
      );
    if (first !== undefined) return VIOLATED;
    if (save !== null && newest !== null) keep(newest.note, save);
    return SOUND;
  } finally {
    await close();
  }
}

/** Whole or not at all: what was kept before stays until there is another. */
function keep(note: Buffer, file: string): void {
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, note);
  renameSync(unfinished, file);
}

function lineOf({ invariant, violations, first }: Finding): string {
  return first === null ? `ok       ${invariant}` : `VIOLATED ${invariant}: ${violations} times; first: ${first}`;
}

function say(message: string): void {
  process.stderr.write(`${message}\n`);
}

try {
  process.exitCode = await auditVerify(readAsked());
} catch (error) {
  process.exitCode = NOT_FOUND_OUT;
  const message = error instanceof Error ? error.message : String(error);
  say(error instanceof ConfigError ? message : `nothing was found out: ${message}`);
}
