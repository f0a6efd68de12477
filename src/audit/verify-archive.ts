import type { KeptCheckpoint } from '../fsck/kept-checkpoint.js';
import type { NoteKey } from '../history/note-key.js';
import { ArchiveAuditor } from './archive-auditor.js';
import { isBlank, parseArchiveLine } from './archive-line.js';
import type { Audit } from './audit.js';
import type { Line } from './lines.js';

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
 *
 * Empty lines at the very end hold nothing, and editors leave them there. Anywhere else an archive has none, so that one of them
 * stands where something else stood.
 */
export async function verifyArchive({ lines, keys, kept }: ArchiveAuditOptions): Promise<Audit> {
  let auditor: ArchiveAuditor | null = null;
  /** The first of the empty lines right before the one that is read. */
  let blank: number | null = null;
  for await (const { number, bytes } of lines) {
    if (auditor !== null && bytes !== null && isBlank(bytes)) {
      blank ??= number;
      continue;
    }
    if (blank !== null) auditor?.take(blank, { fault: EMPTY });
    blank = null;
    const read = bytes === null ? { fault: 'is longer than any record' } : parseArchiveLine(bytes);
    if (auditor === null) {
      if (bytes !== null && isGzip(bytes)) throw new Error('this is no archive yet, but compressed: gunzip it');
      if ('fault' in read) throw new Error(`this is no archive: its first line ${read.fault}`);
      if (read.record !== 'header') throw new Error('this is no archive: its first line is no header');
      auditor = new ArchiveAuditor(read, keys, kept);
    } else auditor.take(number, read);
  }
  if (auditor === null) throw new Error('this is no archive: it is empty');
  return auditor.end();
}

const EMPTY = 'is empty, and the archive goes on behind it: something may have stood there';

/** RFC 1952, 2.3.1. */
function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}
