import { openKept, type KeptCheckpoint } from '../fsck/kept-checkpoint.js';
import { logLeaf } from '../history/log-leaf.js';
import { leafHash, type TreeHash } from '../history/merkle-tree.js';
import type { NoteKey } from '../history/note-key.js';
import { prefixRoot } from '../history/prefix-root.js';
import { ArchiveCourse } from './archive-course.js';
import { parseArchiveLine, type EntryLine, type Thing } from './archive-line.js';
import { holdThings, type HeldKind } from './archived-evidence.js';
import type { Audit } from './audit.js';
import { isUnbound } from './bound-by-leaf.js';
import { checkpointsToMeet } from './checkpoints-to-meet.js';
import { findingList } from './finding-list.js';
import type { Line } from './lines.js';

const WHOLE = 'the archive is whole, from its header to its footer';
const SIGNED = 'every checkpoint of the archive is signed by the key of the log';
const KEPT = 'the log goes on from every checkpoint that was kept';
const PROVED = 'every entry is in the log by its proof';
const DENSE = 'no entry of the period is left out';
const ENVELOPES = 'every envelope that was received hashes to its id';
const VERDICTS = 'every verdict is the one that its entry tells of';
const ROWS = 'every other record is what its entry tells of';
const INVARIANTS = [WHOLE, SIGNED, KEPT, PROVED, DENSE, ENVELOPES, VERDICTS, ROWS] as const;

const OF_KIND = { envelope: ENVELOPES, verdict: VERDICTS, row: ROWS } as const satisfies Record<HeldKind, string>;

/** An entry has one record; a few are kept to say so of more. */
const MOST_THINGS = 4;

export interface ArchiveAuditOptions {
  readonly lines: AsyncIterable<Line>;
  /** Of the log; one of them must have signed each checkpoint. */
  readonly keys: readonly NoteKey[];
  readonly kept: readonly KeptCheckpoint[];
}

/**
 * Holds an archive, line by line and with nothing but keys, against the checkpoint in it: each entry by its inclusion proof (RFC
 * 6962, 2.1.1), and envelopes, verdicts and other records by what their entries bind. In memory for one record. Rejects where
 * the file is no archive.
 */
export async function verifyArchive({ lines, keys, kept }: ArchiveAuditOptions): Promise<Audit> {
  const findings = findingList(INVARIANTS);
  const toMeet = checkpointsToMeet(kept);
  let course: ArchiveCourse | null = null;
  let checkpoint: KeptCheckpoint | null = null;
  let [number, unbound] = [0, 0];
  /** What came before the entry that it belongs to, and where the first of it stands. */
  let things: { readonly sequence: number; readonly number: number; readonly all: readonly Thing[] } | null = null;
  const dropThings = (): void => {
    if (things !== null)
      course?.astray(things.number, `has a record of entry ${things.sequence}, which does not follow`);
    things = null;
  };
  for await (const line of lines) {
    number = line.number;
    const read = line.bytes === null ? { fault: 'is longer than any record' } : parseArchiveLine(line.bytes);
    if (course === null) {
      if ('fault' in read) throw new Error(`this is no archive: its first line ${read.fault}`);
      if (read.record !== 'header') throw new Error('this is no archive: its first line is no header');
      course = new ArchiveCourse(read, {
        broken: (detail) => {
          findings.violated(WHOLE, detail);
        },
        leftOut: (detail) => {
          findings.violated(DENSE, detail);
        },
        notShown: (text) => {
          findings.remark(text);
        },
      });
      if (read.scope.digest !== null) findings.unheld(DENSE, 'the archive is about an image');
      continue;
    }
    if ('fault' in read) {
      dropThings();
      course.astray(number, read.fault);
      continue;
    }
    switch (read.record) {
      case 'header':
        // What stands before it belonged to what was cut off.
        things = null;
        if (checkpoint !== null) toMeet.add(checkpoint);
        checkpoint = null;
        course.goOn(number, read);
        break;
      case 'footer':
        dropThings();
        course.footer(number, read);
        break;
      case 'checkpoint': {
        dropThings();
        course.count(number, read.record);
        const opened = openKept(Buffer.from(read.checkpoint.note), `line ${number}`, keys);
        if ('fault' in opened) findings.violated(SIGNED, opened.fault);
        else if (checkpoint !== null) findings.violated(WHOLE, `line ${number} is a further checkpoint`);
        else {
          checkpoint = opened;
          if (opened.size !== course.completeTo) {
            const detail = `the header tells of ${course.completeTo} entries, and the checkpoint in line ${number} of ${opened.size}`;
            findings.violated(WHOLE, detail);
          }
          const fault = toMeet.checkpoint(opened);
          if (fault !== null) findings.violated(KEPT, fault);
        }
        break;
      }
      case 'entry': {
        const { sequence } = read;
        const before: readonly Thing[] = things?.sequence === sequence ? things.all : [];
        if (things?.sequence === sequence) things = null;
        dropThings();
        course.count(number, read.record);
        if (!course.entry(number, read.leaf)) break;
        const root = provedRoot(read, checkpoint);
        if (typeof root === 'string') {
          findings.violated(PROVED, root);
          // What an entry binds that nobody sealed says nothing.
          for (const name of Object.values(OF_KIND)) findings.unheld(name, `entry ${sequence} is not proved`);
          break;
        }
        const rewritten = toMeet.leaves(sequence, () => root);
        if (rewritten !== null) findings.violated(KEPT, rewritten);
        if (isUnbound(read.leaf)) unbound += 1;
        const held = holdThings(read.leaf, before);
        if (held === null)
          findings.remark(`what entries of the type ${read.leaf.type} tell of, which is not known here`);
        else if (held.fault !== null) findings.violated(held.kind === null ? ROWS : OF_KIND[held.kind], held.fault);
        break;
      }
      default: {
        if (things !== null && things.sequence !== read.sequence) dropThings();
        course.count(number, read.record);
        things ??= { sequence: read.sequence, number, all: [] };
        if (things.all.length < MOST_THINGS) things = { ...things, all: [...things.all, read] };
      }
    }
  }
  if (course === null) throw new Error('this is no archive: it is empty');
  dropThings();
  course.end(number);
  if (checkpoint === null) findings.violated(SIGNED, 'the archive has no checkpoint that a pinned key signed');
  const unmet = toMeet.unmet();
  for (const one of unmet) {
    const { size, source } = one;
    const why = `the archive has no entry ${size} by which to tell that the log goes on from the checkpoint in ${source}`;
    if (kept.includes(one)) findings.unheld(KEPT, why);
    else findings.remark(why);
  }
  if (kept.length === 0) findings.unheld(KEPT, 'none is given by --checkpoint');
  if (unbound > 0)
    findings.remark(`what ${unbound} verdicts are, whose entries are of an earlier release and have no digest`);
  findings.remark('that signatures and facts come out again: that takes the trust on record, in the database');
  const undecided = kept.filter((one) => unmet.includes(one)).map(({ source }) => `the checkpoint kept in ${source}`);
  return {
    findings: findings.all(),
    notHeld: findings.notHeld(),
    undecided,
    checkpoint: null,
    entries: course.reached,
  };
}

/** The root of the tree that the entry ended; otherwise why it is not proved to be in the log. */
function provedRoot({ sequence, leaf, proof }: EntryLine, checkpoint: KeptCheckpoint | null): TreeHash | string {
  const what = `entry ${sequence}, ${leaf.type},`;
  if (leaf.sequence !== sequence) return `${what} has the leaf of entry ${leaf.sequence}`;
  if (checkpoint === null) return `${what} stands behind no checkpoint that a pinned key signed`;
  if (proof === null) return `${what} has no proof`;
  const { size, root } = checkpoint;
  const hashes = proof.hashes.filter((hash) => hash !== null);
  if (proof.index !== sequence - 1 || hashes.length < proof.hashes.length) return `${what} has a proof that is none`;
  const leafRoot = prefixRoot({ index: sequence - 1, size, leafHash: leafHash(logLeaf(leaf)), proof: hashes, root });
  return leafRoot ?? `${what} is not what was sealed: its proof does not lead from it to the root of the checkpoint`;
}
