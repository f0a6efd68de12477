import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { askService } from './audit/ask-service.js';
import { keepCheckpoint } from './audit/keep-checkpoint.js';
import { verifyServed } from './audit/verify-served.js';
import { Failure } from './cli/failure.js';
import { connect } from './cli/service.js';
import { readSettings } from './cli/settings.js';
import { thisProcess } from './cli/this-process.js';
import { checkInvariants, everyWalk, type Finding } from './fsck/check-invariants.js';
import { openKept, type KeptCheckpoint } from './fsck/kept-checkpoint.js';
import { newestCheckpoint } from './fsck/log.js';
import { openReading } from './fsck/open-reading.js';
import { walkProgress } from './fsck/walk-progress.js';
import { parseNoteKey, type NoteKey } from './history/note-key.js';
import { ConfigError, readConfig } from './platform/config.js';

/*
 * `assay audit verify`: whether all that is stored is what the sealed log tells, and the log the one that an auditor knows. It
 * reads the database alone, or asks a service as an auditor does, and trusts nothing of what it reads. The `assay` command
 * starts it with a command line that it has read already.
 */

/** Everything holds / something does not / it could not be found out. */
const SOUND = 0;
const VIOLATED = 1;
const NOT_FOUND_OUT = 2;

interface Asked {
  /** Of the service to ask; undefined where the database is read. */
  readonly url: string | undefined;
  /** The share of envelopes that are fetched of a service. */
  readonly sample: number;
  /** By which alone the log may have been sealed; null where none is pinned. */
  readonly keys: readonly NoteKey[] | null;
  readonly kept: readonly KeptCheckpoint[];
  /** Where to keep the newest checkpoint for the next time. */
  readonly save: string | null;
  readonly json: boolean;
}

/** What was found out, and the checkpoint up to which; null where there is none to go by. */
interface Audited {
  readonly findings: readonly Finding[];
  readonly checkpoint: { readonly size: number; readonly note: Buffer } | null;
}

/** Where the findings go as they are made. */
interface Report {
  readonly onRows: (what: string, rows: number) => void;
  readonly onFindings: (findings: readonly Finding[]) => void;
}

function readAsked(): Asked {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      sample: { type: 'string' },
      key: { type: 'string', multiple: true, default: [] },
      checkpoint: { type: 'string', multiple: true, default: [] },
      save: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const { url, save = null, json } = values;
  const keys = values.key.map((text) => parseNoteKey(text));
  if (keys.length === 0 && values.checkpoint.length > 0) {
    throw new Error('a checkpoint that was kept is known by its signature: name the key of the log with --key');
  }
  const kept = values.checkpoint.map((file): KeptCheckpoint => {
    const opened = openKept(readFileSync(file), file, keys);
    if ('fault' in opened) throw new Error(opened.fault);
    return opened;
  });
  if (values.sample !== undefined && url === undefined) throw new Error('--sample is of what a service answers: --url');
  return { url, sample: shareOf(values.sample), keys: keys.length === 0 ? null : keys, kept, save, json };
}

function shareOf(text: string | undefined): number {
  if (text === undefined) return 1;
  const share = /^(?:0?\.\d{1,9}|[01](?:\.0{1,9})?)$/.test(text) ? Number(text) : NaN;
  if (share >= 0 && share <= 1) return share;
  throw new Error('--sample must be a share from 0 to 1, such as 0.1');
}

/** The database, beside the service or without one. */
async function auditDatabase({ keys, kept }: Asked, { onRows, onFindings }: Report): Promise<Audited> {
  const opened = await openReading(readConfig(undefined, { purpose: 'migrate' }), 'assay-audit', say);
  try {
    if (keys === null) say('no key is pinned (--key): whoever can change this database can also have made another log');
    // Before the walk: what is sealed while it goes on may be behind what it looked at, and is not kept as verified.
    const checkpoint = await newestCheckpoint(opened.reading);
    const findings = await checkInvariants(opened.reading, {
      walks: everyWalk({ keys, kept }),
      onRows: ({ table, invariants }, rows) => {
        onRows(table ?? invariants[0] ?? '', rows);
      },
      onWalked: onFindings,
    });
    return { findings, checkpoint };
  } finally {
    await opened.close();
  }
}

/** What a running service answers an auditor. */
async function auditService(url: string, { keys, kept, sample }: Asked, report: Report): Promise<Audited> {
  const ask = askService(connect(readSettings(thisProcess.env, url), thisProcess));
  const audited = await verifyServed({
    ask,
    keys: keys ?? [await servedKey(ask)],
    kept,
    sample,
    random: Math.random,
    onLeaves: (count) => {
      report.onRows('entries of the log', count);
    },
  });
  report.onFindings(audited.findings);
  return audited;
}

async function servedKey(ask: ReturnType<typeof askService>): Promise<NoteKey> {
  const vkey = await ask('/.well-known/assay/log.vkey', 'text/plain');
  if (vkey === null) throw new Error('the service names no key of its log');
  say(
    'no key is pinned (--key): the service is held against the key that it names itself, which proves nothing of who it is',
  );
  return parseNoteKey(vkey.toString('utf8').trim());
}

async function auditVerify(asked: Asked): Promise<number> {
  const { url, save, json } = asked;
  const progress = walkProgress(process.stderr);
  const print = (text: string): void => {
    progress.clear();
    process.stdout.write(`${text}\n`);
  };
  const report: Report = {
    onRows: (what, rows) => {
      progress.add(what, rows);
    },
    onFindings: (findings) => {
      if (!json) for (const finding of findings) print(lineOf(finding));
    },
  };
  const { findings, checkpoint } = await (url === undefined
    ? auditDatabase(asked, report)
    : auditService(url, asked, report));
  progress.clear();
  const violated = findings.filter((finding) => finding.first !== null);
  const [first] = violated;
  if (json) {
    print(JSON.stringify({ sound: first === undefined, first: first ?? null, findings, size: checkpoint?.size ?? 0 }));
  } else if (first === undefined) print(`everything holds, to the log's ${checkpoint?.size ?? 0} entries`);
  else {
    const all = `${violated.length} of ${findings.length} do not hold`;
    print(`NOT SOUND: ${all}; the first: ${first.invariant}: ${first.first}`);
  }
  if (first !== undefined) return VIOLATED;
  if (save !== null && checkpoint !== null) keepCheckpoint(save, checkpoint.note);
  return SOUND;
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
  if (error instanceof Failure) error.details.forEach(say);
}
