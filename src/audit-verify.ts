import { existsSync } from 'node:fs';
import { chunksOf, sizeOfFiles } from './audit/archive-files.js';
import { A_NOTE } from './audit/ask.js';
import { askService } from './audit/ask-service.js';
import { parseLogKey, readAsked, type Asked } from './audit/asked.js';
import type { Audit } from './audit/audit.js';
import { keepCheckpoint } from './audit/keep-checkpoint.js';
import { linesOf } from './audit/lines.js';
import { NO_KEY, pinnedKeys, type LocalKeys } from './audit/pinned-keys.js';
import { findingLine, outcomeOf, STATUS, type Status } from './audit/report.js';
import { verifyArchive } from './audit/verify-archive.js';
import { verifyServed } from './audit/verify-served.js';
import { Failure } from './cli/failure.js';
import { printable } from './cli/printable.js';
import { connect } from './cli/service.js';
import { readSettings } from './cli/settings.js';
import { thisProcess } from './cli/this-process.js';
import { checkInvariants, CutShort, everyWalk, type Finding } from './fsck/check-invariants.js';
import { newestCheckpoint } from './fsck/log.js';
import { openReading } from './fsck/open-reading.js';
import { SEARCH_NOT_HELD } from './fsck/search.js';
import { walkProgress, type WalkProgress } from './fsck/walk-progress.js';
import { walkTotals } from './fsck/walk-totals.js';
import type { NoteKey } from './history/note-key.js';
import { ConfigError, readConfig, type Config } from './platform/config.js';
import { logKeyPath } from './platform/log-key-file.js';

/*
 * `assay audit verify`: whether all that is stored is what the sealed log tells, and the log the one that an auditor knows. It
 * reads the database, or asks a service as an auditor does, or reads an archive alone, and trusts nothing of what it reads. The
 * `assay` command starts it with a command line that it has read already.
 */

/** The largest evidence that a service takes, in base64 within its line, and what is told beside it. */
const MOST_LINE_BYTES = 384 * 1024 * 1024;
/** Of what others wrote, no more is shown in one line. */
const MOST_SHOWN = 2_000;

/** Where it goes what is found out as it is. */
interface Report {
  readonly progress: WalkProgress;
  readonly onFindings: (findings: readonly Finding[]) => void;
}

/** What of the log's keys is on the machine that the service runs on, if this is it. */
function localKeys({ database, dataDir }: Config): LocalKeys {
  const { ASSAY_LOG_KEY_FILE: named, ASSAY_LOG_RETIRED_VKEYS: retired = '' } = thisProcess.env;
  const made = logKeyPath(dataDir);
  return {
    file: named ?? (database === null && existsSync(made) ? made : null),
    retired: retired.split(',').flatMap((vkey) => (vkey.trim() === '' ? [] : [vkey.trim()])),
  };
}

/** The database, beside the service or without one. */
async function auditDatabase(asked: Asked, { progress, onFindings }: Report): Promise<Audit> {
  const { kept } = asked;
  const config = readConfig(undefined, { purpose: 'migrate' });
  const opened = await openReading(config, 'assay-audit', say);
  try {
    const { keys, notHeld: ofKeys } = await pinnedKeys(asked, localKeys(config), opened.reading);
    // Before the walk: what is sealed while it goes on may be behind what it looked at, and is not kept as verified.
    const checkpoint = await newestCheckpoint(opened.reading);
    const walks = everyWalk({ keys, kept });
    const totals = await walkTotals(opened.reading, walks);
    const unheld: string[] = [];
    const checking = checkInvariants(opened.reading, {
      walks,
      onUnheld: (sentence) => unheld.push(sentence),
      onRows: (walk, rows) => {
        const what = walk.table ?? walk.invariants[0] ?? '';
        const total = walk.table === null ? null : (totals.get(walk.table) ?? null);
        progress.add(`(${walks.indexOf(walk) + 1} of ${walks.length}) ${what}`, rows, total);
      },
      onWalked: onFindings,
    });
    const { findings, cut } = await whatIsKnown(checking);
    const notHeld = [
      ...cut,
      SEARCH_NOT_HELD,
      ...ofKeys,
      ...unheld,
      ...(kept.length > 0
        ? []
        : ['that the log goes on from what was signed before: no checkpoint is given (--checkpoint)']),
    ];
    return { findings, notHeld, undecided: [], checkpoint, entries: checkpoint?.size ?? 0 };
  } finally {
    await opened.close();
  }
}

/** What is found out is said although the rest cannot be; where nothing is wrong by then, nothing is known. */
async function whatIsKnown(
  checking: Promise<readonly Finding[]>,
): Promise<{ readonly findings: readonly Finding[]; readonly cut: readonly string[] }> {
  try {
    return { findings: await checking, cut: [] };
  } catch (error) {
    if (!(error instanceof CutShort) || error.findings.every(({ first }) => first === null)) throw error;
    return { findings: error.findings, cut: [`what was not looked at yet: ${error.message}`] };
  }
}

/** What a running service answers an auditor. */
async function auditService(
  { keys, kept }: Asked,
  { url, sample }: { readonly url: string; readonly sample: number },
  { progress, onFindings }: Report,
): Promise<Audit> {
  const ask = askService(connect(readSettings(thisProcess.env, url), thisProcess));
  const audit = await verifyServed({
    ask,
    keys: keys ?? [await servedKey(ask)],
    kept,
    sample,
    random: Math.random,
    onLeaves: (count, of) => {
      progress.add('entries of the log', count, of);
    },
  });
  onFindings(audit.findings);
  return keys === null ? { ...audit, notHeld: [NO_KEY, ...audit.notHeld] } : audit;
}

async function servedKey(ask: ReturnType<typeof askService>): Promise<NoteKey> {
  const vkey = await ask('/.well-known/assay/log.vkey', A_NOTE);
  if (vkey === null) throw new Error('the service names no key of its log');
  return parseLogKey(vkey.toString('utf8').trim());
}

/** An archive, with nothing but keys. */
async function auditArchive(
  { keys, kept }: Asked,
  files: readonly string[],
  { progress, onFindings }: Report,
): Promise<Audit> {
  const total = sizeOfFiles(files);
  async function* chunks(): AsyncGenerator<Buffer> {
    for await (const chunk of chunksOf(files, process.stdin)) {
      progress.add('bytes of the archive', chunk.length, total);
      yield chunk;
    }
  }
  const audit = await verifyArchive({ lines: linesOf(chunks(), MOST_LINE_BYTES), keys: keys ?? [], kept });
  onFindings(audit.findings);
  return audit;
}

async function audit(asked: Asked, report: Report): Promise<Audit> {
  const { audited } = asked;
  switch (audited.kind) {
    case 'database':
      return auditDatabase(asked, report);
    case 'service':
      return auditService(asked, audited, report);
    case 'archive':
      return auditArchive(asked, audited.files, report);
  }
}

async function auditVerify(asked: Asked): Promise<Status> {
  const { save, json } = asked;
  const progress = walkProgress(process.stderr);
  const print = (text: string): void => {
    progress.clear();
    process.stdout.write(`${text}\n`);
  };
  const onFindings = (findings: readonly Finding[]): void => {
    if (!json) findings.map(findingLine).map(shown).forEach(print);
  };
  const result = await audit(asked, { progress, onFindings });
  progress.clear();
  const { status, lines, document } = outcomeOf(result);
  if (json) print(JSON.stringify(document));
  else lines.map(shown).forEach(print);
  if (save === null || status !== STATUS.sound) return status;
  if (result.checkpoint === null) throw new Error(`there is no checkpoint yet, and none was kept in ${save}`);
  keepCheckpoint(save, result.checkpoint.note);
  return status;
}

/** What was read is not to be trusted with a terminal either. */
function shown(text: string): string {
  const visible = printable(text);
  return visible.length <= MOST_SHOWN ? visible : `${visible.slice(0, MOST_SHOWN)}…`;
}

function say(message: string): void {
  process.stderr.write(`${shown(message)}\n`);
}

// A reader that has seen enough, such as head, has not seen the outcome.
process.stdout.on('error', () => process.exit(STATUS.notFoundOut));
try {
  process.exitCode = await auditVerify(readAsked(process.argv.slice(2)));
} catch (error) {
  process.exitCode = STATUS.notFoundOut;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ConfigError) process.stderr.write(`${message}\n`);
  else say(`nothing was found out: ${message}`);
  if (error instanceof Failure) error.details.forEach(say);
}
