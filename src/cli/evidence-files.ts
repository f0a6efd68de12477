import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { Failure } from './failure.js';

/** One piece of evidence to post, exactly as its file holds it. */
export interface Evidence {
  /** The file, and in a file of many the line: `scan.json`, `bundle.intoto.jsonl:3`, `-` for standard input. */
  readonly source: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Reads what is to be posted: each file is one attestation, and each line of a file whose name ends in `.jsonl` is one.
 * `-` is standard input. Throws Failure where a file cannot be read or holds nothing.
 */
export async function readEvidence(files: readonly string[], stdin: Readable): Promise<readonly Evidence[]> {
  if (files.filter((file) => file === '-').length > 1) throw new Failure('standard input (-) can be read only once');
  const evidence: Evidence[] = [];
  for (const file of files) {
    const bytes = file === '-' ? await readAll(stdin) : await readWhole(file);
    const held = file.endsWith('.jsonl') ? lines(file, bytes) : [{ source: file, bytes }];
    if (held.every((each) => each.bytes.length === 0)) throw new Failure(`${file} holds nothing to post`);
    evidence.push(...held);
  }
  return evidence;
}

/** The file's bytes. Throws Failure where it cannot be read. */
export async function readWhole(file: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new Failure(`${file} cannot be read: ${whyUnread(cause)}`, [], { cause });
  }
}

/** In words for what happens most; else as the system says it. */
function whyUnread(cause: unknown): string {
  const { code = '' } = cause instanceof Error ? (cause as NodeJS.ErrnoException) : {};
  const known = UNREAD.get(code);
  return known ?? (cause instanceof Error ? cause.message : String(cause));
}

const UNREAD: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file'],
  ['ENOTDIR', 'there is no such file'],
  ['EISDIR', 'it is a directory'],
  ['EACCES', 'access is denied'],
]);

async function readAll(stream: Readable): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream as AsyncIterable<Uint8Array | string>) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

const NEWLINE = 0x0a;

function lines(file: string, bytes: Uint8Array<ArrayBuffer>): readonly Evidence[] {
  const found: Evidence[] = [];
  for (let start = 0, line = 1; start < bytes.length; line += 1) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline === -1 ? bytes.length : newline;
    const held = bytes.subarray(start, end);
    if (Buffer.from(held).toString('latin1').trim() !== '') found.push({ source: `${file}:${line}`, bytes: held });
    start = end + 1;
  }
  return found;
}
