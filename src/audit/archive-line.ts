import * as z from 'zod';
import { ARCHIVE_VERSION } from '../export/archive-record.js';
import { decodeNoteBase64 } from '../history/note-base64.js';
import { parseClaimedEvidence, type ClaimedEvidence } from '../intoto/claimed-evidence.js';
import { attestationIdOf, sha256, type AttestationId, type Sha256Digest } from '../intoto/digest.js';
import { parseStrictJson } from '../intoto/json.js';
import { FormatUnrecognized } from '../intoto/format-unrecognized.js';
import { Malformed } from '../intoto/malformed.js';
import { leafEntry } from './told-entry.js';

const whole = z.number().int().min(0);
const row = z.record(z.string(), z.unknown());
const belongs = { sequence: z.number().int().min(1), row };

const header = z.object({
  record: z.literal('header'),
  version: z.literal(ARCHIVE_VERSION, { error: 'is another than is read here' }),
  scope: z.object({
    digest: z.string().nullable(),
    since: z.iso.datetime().nullable(),
    until: z.iso.datetime().nullable(),
    after: whole,
  }),
  completeTo: whole,
});
const checkpoint = z.object({ record: z.literal('checkpoint'), checkpoint: z.object({ note: z.string() }) });
const entry = z.object({
  record: z.literal('entry'),
  sequence: z.number().int().min(1),
  leaf: leafEntry,
  proof: z.object({ index: whole, hashes: z.array(z.string().transform(decodeNoteBase64)).max(64) }).nullable(),
});
const footer = z.object({
  record: z.literal('footer'),
  counts: z.record(z.string(), whole),
  last: whole.nullable(),
});
/** Of the bytes only their hash is kept: they may be many megabytes. Where they were dropped there are none. */
const attestation = z
  .object({ record: z.literal('attestation'), ...belongs, envelope: z.string().nullable(), dropped: row.optional() })
  .transform(({ envelope, dropped, ...rest }) => ({
    ...rest,
    isDropped: envelope === null && dropped !== undefined,
    claims: envelope === null ? null : claimsOf(envelope),
    ...hashed(envelope ?? '', attestationIdOf),
  }));
const index = z
  .object({ record: z.literal('index'), ...belongs, manifest: z.string() })
  .transform(({ manifest, ...rest }) => ({ ...rest, ...hashed(manifest, sha256) }));
const plain = z.object({ record: z.enum(['verification', 'verdict', 'policy', 'dropped']), ...belongs });
const tabled = z.object({ record: z.enum(['trust', 'waiver', 'hold']), ...belongs, table: z.string() });

const line = z.discriminatedUnion('record', [header, checkpoint, entry, footer, attestation, index, plain, tabled]);

export type ArchiveLine = z.infer<typeof line>;
export type HeaderLine = z.infer<typeof header>;
export type EntryLine = z.infer<typeof entry>;
export type FooterLine = z.infer<typeof footer>;
/** What an entry tells of; of bytes, their hash and how many there are. */
export type Thing = Extract<ArchiveLine, { readonly row: unknown }>;

/** What an envelope says by itself, in the columns that are copied from it; null where it cannot be read. */
export type Claims = Pick<ClaimedEvidence, 'payloadType' | 'claimedKind' | 'claimedSubjects'>;

function claimsOf(envelope: string): Claims | null {
  try {
    const { payloadType, claimedKind, claimedSubjects } = parseClaimedEvidence(Buffer.from(envelope, 'base64'));
    return { payloadType, claimedKind, claimedSubjects };
  } catch (error) {
    if (error instanceof FormatUnrecognized || error instanceof Malformed) return null;
    throw error;
  }
}

interface Hashed<Digest> {
  /** null where the text is no base64. */
  readonly hash: Digest | null;
  readonly size: number;
}

function hashed<Digest extends AttestationId | Sha256Digest>(
  text: string,
  hash: (bytes: Uint8Array) => Digest,
): Hashed<Digest> {
  const bytes = text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? Buffer.from(text, 'base64') : null;
  return { hash: bytes === null ? null : hash(bytes), size: bytes?.length ?? 0 };
}

/** Whether a line says nothing: it is empty, or of white space as JSON knows it (RFC 8259, 2). */
export function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

/** Reads a line of an archive, which nobody vouches for; otherwise what is wrong with it. */
export function parseArchiveLine(bytes: Uint8Array): ArchiveLine | { readonly fault: string } {
  if (isBlank(bytes)) return { fault: 'is empty' };
  try {
    const read = line.safeParse(parseStrictJson(bytes));
    if (read.success) return read.data;
    const [first] = read.error.issues;
    return { fault: `is no record: ${first === undefined ? '' : `${pathOf(first.path)}${first.message}`}` };
  } catch (error) {
    if (error instanceof Malformed) return { fault: `is no record: ${error.message}` };
    throw error;
  }
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.length === 0 ? '' : `${path.map(String).join('.')}: `;
}
