import { openKept, type KeptCheckpoint } from '../fsck/kept-checkpoint.js';
import type { NoteKey } from '../history/note-key.js';
import { ArchiveCourse } from './archive-course.js';
import type { ArchiveLine, EntryLine, HeaderLine, Thing } from './archive-line.js';
import { holdThings, type Held, type HeldKind } from './archived-evidence.js';
import type { Audit } from './audit.js';
import { isOfAct, isUnbound } from './bound-by-leaf.js';
import { checkpointsToMeet, type CheckpointsToMeet } from './checkpoints-to-meet.js';
import { UntoldClaims } from './untold-claims.js';
import { findingList } from './finding-list.js';
import { provedRoot } from './proved-root.js';
import type { LeafEntry } from './told-entry.js';

const WHOLE = 'the archive is whole, from its header to its footer';
const SIGNED = 'every checkpoint of the archive is signed by the key of the log';
const KEPT = 'the log goes on from every checkpoint that was kept';
const PROVED = 'every entry is in the log by its proof';
const DENSE = 'no entry is left out of the archive';
const ENVELOPES = 'every envelope that was received hashes to its id';
const VERDICTS = 'every verdict is the one that its entry tells of';
const ROWS = 'every other record is what its entry tells of';

const OF_KIND = { envelope: ENVELOPES, verdict: VERDICTS, row: ROWS } as const satisfies Record<HeldKind, string>;

/** An entry has one record; a few are kept to say so of more. */
const MOST_THINGS = 4;

/** What came before the entry that it belongs to, and where the first of it stands. */
interface Pending {
  readonly sequence: number;
  readonly number: number;
  readonly things: readonly Thing[];
}

const COPIED_OF_DROPPED =
  'subjects, kind and payload type of what was dropped: nothing in an archive but the envelope says what they were';

/** What cannot be held against its entry is nothing that was ever put on record. */
function heldOf(leaf: LeafEntry, things: readonly Thing[]): Held | null {
  try {
    return holdThings(leaf, things);
  } catch (error) {
    const { sequence, type } = leaf;
    const fault = `the record of entry ${sequence}, ${type}, cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    return { kind: 'row', fault };
  }
}

/** Takes the lines of an archive, in their order, and finds what is wrong with them. */
export class ArchiveAuditor {
  private readonly findings = findingList([SIGNED, KEPT, PROVED, DENSE, ENVELOPES, VERDICTS, ROWS, WHOLE]);
  private readonly course: ArchiveCourse;
  private readonly toMeet: CheckpointsToMeet;
  /** Of the part that is read; null until it comes. */
  private checkpoint: KeptCheckpoint | null = null;
  /** Of the parts before. */
  private earlier: KeptCheckpoint | null = null;
  private pending: Pending | null = null;
  private unbound = 0;
  private unsigned = 0;
  private readonly dropped = new UntoldClaims();
  private lines = 1;

  constructor(
    header: HeaderLine,
    private readonly keys: readonly NoteKey[],
    private readonly kept: readonly KeptCheckpoint[],
  ) {
    const { findings } = this;
    this.toMeet = checkpointsToMeet(kept);
    this.course = new ArchiveCourse(header, {
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
    if (header.scope.digest !== null) findings.unheld(DENSE, 'an archive about an image does not show that');
  }

  /** A line behind the header, as it was read. */
  take(number: number, line: ArchiveLine | { readonly fault: string }): void {
    this.lines = number;
    if ('fault' in line) {
      // What it cut off from its entry is missing there.
      this.pending = null;
      this.course.astray(number, line.fault);
      return;
    }
    switch (line.record) {
      case 'header':
        this.goOn(number, line);
        break;
      case 'checkpoint':
        this.dropPending();
        this.course.count(number, line.record);
        this.takeCheckpoint(number, line.checkpoint.note);
        break;
      case 'entry':
        this.takeEntry(number, line);
        break;
      case 'footer':
        this.dropPending();
        // Where the part ends is what its checkpoint says, and nothing else.
        if (this.checkpoint === null)
          this.findings.violated(SIGNED, `the archive ends in line ${number} with no checkpoint`);
        this.course.footer(number, line);
        break;
      default:
        this.takeThing(number, line);
    }
  }

  /** To be called behind the last line. */
  end(): Audit {
    const { findings, kept, course } = this;
    this.dropPending();
    course.end(this.lines);
    const unmet = this.toMeet.unmet();
    for (const one of unmet) {
      const why = `the archive has no entry ${one.size} by which to tell that the log goes on from the checkpoint in ${one.source}`;
      if (kept.includes(one)) findings.unheld(KEPT, why);
      else findings.remark(why);
    }
    if (kept.length === 0) findings.unheld(KEPT, 'none is given by --checkpoint');
    if (this.checkpoint === null) findings.unheld(SIGNED, 'the archive ends before its checkpoint');
    const undecided = unmet.filter((one) => kept.includes(one)).map(({ source }) => `the checkpoint kept in ${source}`);
    const untold = this.dropped.untold();
    if (untold !== null) {
      const { count, first } = untold;
      findings.unheld(
        ENVELOPES,
        `${count} are said to be dropped, ${first} first, and no entry in the archive tells so`,
      );
      undecided.push(`${count} envelopes that are said to be dropped`);
    }
    if (this.unbound > 0)
      findings.remark(
        `what ${this.unbound} verdicts are, of whose digest their entries, of an earlier release, do not tell`,
      );
    if (this.unsigned > 0)
      findings.remark(
        `whom ${this.unsigned} acts on statements bind, of whom their entries, of an earlier release, do not tell`,
      );
    findings.remark(
      'for what verifications wait, and by which changes of trust they could come to more: no entry tells',
    );
    findings.remark('that signatures and facts come out again: that takes the trust on record, in the database');
    return {
      findings: findings.all(),
      notHeld: findings.notHeld(),
      undecided,
      checkpoint: null,
      entries: course.reached,
    };
  }

  private goOn(number: number, header: HeaderLine): void {
    // What stands before it belonged to what was cut off.
    this.pending = null;
    if (this.checkpoint !== null) {
      this.earlier = this.checkpoint;
      this.toMeet.add(this.checkpoint);
    }
    this.checkpoint = null;
    this.course.goOn(number, header);
  }

  private takeCheckpoint(number: number, note: string): void {
    const { findings, course, earlier } = this;
    const opened = openKept(Buffer.from(note), `line ${number}`, this.keys);
    if ('fault' in opened) {
      findings.violated(SIGNED, opened.fault);
      return;
    }
    const { size } = opened;
    if (this.checkpoint !== null) findings.violated(WHOLE, `line ${number} is a further checkpoint`);
    if (size !== course.completeTo) {
      findings.violated(
        WHOLE,
        `the header tells of ${course.completeTo} entries, and the checkpoint in line ${number} of ${size}`,
      );
    }
    if (earlier !== null && size < earlier.size) {
      findings.violated(
        WHOLE,
        `the checkpoint in line ${number} is of ${size} entries, and that in ${earlier.source} of ${earlier.size}`,
      );
    }
    this.checkpoint = opened;
    const fault = this.toMeet.checkpoint(opened);
    if (fault !== null) findings.violated(KEPT, fault);
  }

  private takeEntry(number: number, entry: EntryLine): void {
    const { findings } = this;
    const { sequence, leaf } = entry;
    const things = this.pending?.sequence === sequence ? this.pending.things : [];
    if (things.length > 0) this.pending = null;
    this.dropPending();
    this.course.count(number, entry.record);
    if (!this.course.entry(number, leaf)) return;
    const root = provedRoot(entry, this.checkpoint);
    if (typeof root === 'string') {
      findings.violated(PROVED, root);
      // What an entry binds that nobody sealed says nothing.
      for (const name of Object.values(OF_KIND)) findings.unheld(name, `entry ${sequence} is not proved`);
      return;
    }
    const rewritten = this.toMeet.leaves(sequence, () => root);
    if (rewritten !== null) findings.violated(KEPT, rewritten);
    if (isUnbound(leaf)) this.unbound += 1;
    if (isOfAct(leaf) && !('signers' in leaf.data)) this.unsigned += 1;
    this.noteDropped(leaf, things);
    const held = heldOf(leaf, things);
    if (held === null) findings.remark(`what entries of the type ${leaf.type} tell of, which is not known here`);
    else if (held.fault !== null) findings.violated(held.kind === null ? ROWS : OF_KIND[held.kind], held.fault);
  }

  private noteDropped({ type, attestation }: LeafEntry, things: readonly Thing[]): void {
    if (attestation === null) return;
    if (type === 'envelope.dropped') this.dropped.told(attestation);
    const isDropped = things.some((thing) => thing.record === 'attestation' && thing.isDropped);
    if (type !== 'attestation.received' || !isDropped) return;
    this.dropped.claim(attestation);
    this.findings.remark(COPIED_OF_DROPPED);
  }

  private takeThing(number: number, thing: Thing): void {
    const { sequence } = thing;
    if (this.pending?.sequence !== sequence) this.dropPending();
    this.course.count(number, thing.record);
    const { things, ...first } = this.pending ?? { sequence, number, things: [] };
    if (things.length < MOST_THINGS) this.pending = { ...first, things: [...things, thing] };
  }

  private dropPending(): void {
    const { pending } = this;
    this.pending = null;
    if (pending === null) return;
    this.course.astray(pending.number, `has a record of entry ${pending.sequence}, which does not follow`);
  }
}
