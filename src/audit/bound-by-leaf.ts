import { isSha256Digest, type AttestationId } from '../intoto/digest.js';
import { verdictDigest } from '../policy/verdict-digest.js';
import type { LeafEntry } from './told-entry.js';

/** A verdict with what stands beside it on record. */
export interface RecordedVerdict {
  readonly id: unknown;
  readonly requestedBy: unknown;
  readonly context: object | null;
  readonly verdict: { readonly decision?: unknown };
}

/**
 * What is wrong with the envelope of whose receipt an entry tells; null where nothing is.
 *
 * @param found the id of the bytes that there are, null where there are none.
 */
export function envelopeFault({ sequence, attestation }: LeafEntry, found: AttestationId | null): string | null {
  if (attestation === null) return `entry ${sequence} tells of the receipt of nothing`;
  const what = `the envelope of ${attestation}, received by entry ${sequence},`;
  if (found === null) return `${what} is not there`;
  return found === attestation ? null : `${what} hashes to ${found}`;
}

/** Whether an entry tells of a verdict. One that leaves its data out for their size names none: it is bound by that alone. */
export function isOfVerdict({ type, data }: Pick<LeafEntry, 'type' | 'data'>): boolean {
  return (type === 'verdict.recorded' || type === 'verdict.break_glass') && 'verdict' in data;
}

/** Whether the entry, from an earlier release, has no digest of its verdict, of which only decision and asker are bound then. */
export function isUnbound(entry: LeafEntry): boolean {
  return isOfVerdict(entry) && !('digest' in entry.data);
}

/** Whether an entry tells of an act on a statement, with its data. */
export function isOfAct({ type, data }: Pick<LeafEntry, 'type' | 'data'>): boolean {
  return (type === 'attestation.revoked' || type === 'attestation.retracted') && 'signedDigest' in data;
}

/** What is wrong with the verdict that an entry tells of, null where there is none, against the digests in the entry. */
export function verdictFault(entry: LeafEntry, recorded: RecordedVerdict | null): string | null {
  const { sequence, data, actor } = entry;
  const what = `verdict ${String(data.verdict)}, recorded by entry ${sequence},`;
  if (recorded === null) return `${what} is not there`;
  const { id, requestedBy, context, verdict } = recorded;
  if (id !== data.verdict) return `${what} is given under another id`;
  if (!isUnbound(entry)) {
    if (typeof data.digest !== 'string' || !isSha256Digest(data.digest)) return `${what} was sealed with no digest`;
    const found = verdictDigest(verdict);
    if (found !== data.digest) return `${what} has the digest ${found}, and ${data.digest} was sealed`;
    const occasion = context === null ? null : verdictDigest(context);
    if (occasion !== (data.context ?? null)) return `${what} has another occasion than was sealed`;
  }
  if (verdict.decision !== data.decision) return `${what} has another decision than was sealed`;
  return requestedBy === actor ? null : `${what} was asked for by somebody else than was sealed`;
}
