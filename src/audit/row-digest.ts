import * as z from 'zod';
import { isSha256Digest } from '../intoto/digest.js';
import { parsePolicy } from '../policy/parse-policy.js';
import { policyDigest } from '../policy/policy-digest.js';
import { PolicyFault } from '../policy/policy-fault.js';
import { waiverDigest } from '../policy/waiver-digest.js';
import { canonicalDigest } from '../trust/canonical-digest.js';
import { verificationDigest } from '../verification/verification-digest.js';

/*
 * By what the entries of the account bind rows, of rows as an archive has them: with the names of columns, and times as
 * PostgreSQL writes them into JSON. Each answers null for a row that is none of its table.
 */

export type Row = Readonly<Record<string, unknown>>;

const verification = z.object({
  trust_revision: z.number(),
  reader_revision: z.number(),
  outcome: z.string(),
  code: z.string().nullable(),
  detail: z.string().nullable(),
  signed_digest: z.string().nullable(),
  signers: z.array(z.looseObject({})),
  proved: z.array(z.looseObject({})),
});
const policy = z.object({ source: z.string(), format: z.enum(['yaml', 'json']) });
const waiver = z.object({
  id: z.string(),
  policy: z.string(),
  requirement: z.string(),
  vulnerability: z.string().nullable(),
  digest: z.string().nullable(),
  repository: z.string().nullable(),
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  reason: z.string(),
  reference: z.string(),
  until: z.string(),
  approvals: z.number(),
  at: z.string(),
  actor: z.string(),
  author: z.string(),
});

export function verificationRowDigest(row: Row): string | null {
  const read = verification.safeParse(row);
  if (!read.success) return null;
  const { trust_revision, reader_revision, signed_digest, ...rest } = read.data;
  return verificationDigest({
    ...rest,
    trustRevision: trust_revision,
    readerRevision: reader_revision,
    signedDigest: signed_digest,
  });
}

export function policyRowDigest(row: Row): string | null {
  const read = policy.safeParse(row);
  if (!read.success) return null;
  try {
    return policyDigest(parsePolicy(read.data.source, read.data.format));
  } catch (error) {
    if (error instanceof PolicyFault) return null;
    throw error;
  }
}

export function waiverRowDigest(row: Row): string | null {
  const read = waiver.safeParse(row);
  if (!read.success) return null;
  const { digest, repository, at, until, ...rest } = read.data;
  const [made, ends] = [timeOf(at), timeOf(until)];
  if (made === null || ends === null || (digest !== null && !isSha256Digest(digest))) return null;
  const scope =
    digest === null
      ? { type: 'repository' as const, repository: repository ?? '' }
      : { type: 'digest' as const, digest };
  return waiverDigest({ ...rest, scope, at: made, until: ends });
}

/** Of the document in a row: null there says that it was deleted, and has no digest. */
export function documentDigest(document: unknown): string | null {
  return document === null || document === undefined ? null : canonicalDigest(document);
}

/** A time of a row in UTC with microseconds, as leaves have them; null where it is none. */
export function timeOf(text: unknown): string | null {
  if (typeof text !== 'string') return null;
  const [, second, fraction = ''] = /^(\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:\+00:00|Z)$/.exec(text) ?? [];
  return second === undefined ? null : `${second}.${fraction.padEnd(6, '0')}Z`;
}
