import * as z from 'zod';
import { attestationIdOf } from '../intoto/digest.js';
import { verdictDigest } from '../policy/verdict-digest.js';
import { jsonOf, type Ask } from './ask.js';
import type { LeafEntry } from './told-entry.js';

/** A verdict as it is answered: itself, and beside it its id, who asked, the occasion and its place in the account. */
const recorded = z.looseObject({
  id: z.string(),
  requestedBy: z.string(),
  context: z.record(z.string(), z.string()).nullable(),
  history: z.unknown(),
});

/** What is wrong with the envelope that an entry tells the receipt of; null where nothing is. */
export async function envelopeFault(ask: Ask, { sequence, attestation }: LeafEntry): Promise<string | null> {
  if (attestation === null) return `entry ${sequence} tells of the receipt of nothing`;
  const bytes = await ask(`/v1/attestations/${encodeURIComponent(attestation)}/envelope`, '*/*');
  const what = `the envelope of ${attestation}, received by entry ${sequence},`;
  if (bytes === null) return `${what} is not there`;
  const actual: string = attestationIdOf(bytes);
  return actual === attestation ? null : `${what} hashes to ${actual}`;
}

/** What is wrong with the verdict that an entry tells of, against the digests in the entry; null where nothing is. */
export async function verdictFault(ask: Ask, { sequence, data, actor }: LeafEntry): Promise<string | null> {
  const id = String(data.verdict);
  const what = `verdict ${id}, recorded by entry ${sequence},`;
  const bytes = await ask(`/v1/verdicts/${encodeURIComponent(id)}`);
  if (bytes === null) return `${what} is not there`;
  const read = recorded.safeParse(jsonOf(bytes));
  if (!read.success) return `${what} is answered as something else`;
  const { id: _id, requestedBy, context, history: _history, ...verdict } = read.data;
  // Entries of earlier releases tell no digest.
  if (typeof data.digest === 'string' && verdictDigest(verdict) !== data.digest)
    return `${what} is another than it tells`;
  const occasion = context === null ? null : verdictDigest(context);
  if (data.context !== undefined && occasion !== data.context) return `${what} has another occasion than it tells`;
  if (verdict.decision !== data.decision) return `${what} has another decision than it tells`;
  return requestedBy === actor ? null : `${what} was asked for by somebody else than it tells`;
}
