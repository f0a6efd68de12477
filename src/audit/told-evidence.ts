import * as z from 'zod';
import { attestationIdOf } from '../intoto/digest.js';
import { A_DOCUMENT, AN_ENVELOPE, Gone, jsonOf, type Ask } from './ask.js';
import { envelopeFault, verdictFault } from './bound-by-leaf.js';
import type { UntoldClaims } from './untold-claims.js';
import type { LeafEntry } from './told-entry.js';

/** A verdict as it is answered: itself, and beside it its id, who asked, the occasion and its place in the account. */
const recorded = z.looseObject({
  id: z.string(),
  requestedBy: z.string(),
  context: z.record(z.string(), z.string()).nullable(),
  history: z.unknown(),
});

/**
 * What is wrong with the envelope that a service has of the receipt that an entry tells of; null where nothing is, or where it
 * says that it was dropped, which is noted as a claim.
 */
export async function servedEnvelopeFault(ask: Ask, entry: LeafEntry, dropped: UntoldClaims): Promise<string | null> {
  const { attestation } = entry;
  if (attestation === null) return envelopeFault(entry, null);
  try {
    const bytes = await ask(`/v1/attestations/${encodeURIComponent(attestation)}/envelope`, AN_ENVELOPE);
    return envelopeFault(entry, bytes === null ? null : attestationIdOf(bytes));
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
    dropped.claim(attestation);
    return null;
  }
}

/** What is wrong with the verdict that a service has on record for an entry; null where nothing is. */
export async function servedVerdictFault(ask: Ask, entry: LeafEntry): Promise<string | null> {
  const id = String(entry.data.verdict);
  const bytes = await ask(`/v1/verdicts/${encodeURIComponent(id)}`, A_DOCUMENT);
  if (bytes === null) return verdictFault(entry, null);
  const read = recorded.safeParse(jsonOf(bytes));
  if (!read.success) return `verdict ${id}, recorded by entry ${entry.sequence}, is answered as something else`;
  const { id: given, requestedBy, context, history: _history, ...verdict } = read.data;
  return verdictFault(entry, { id: given, requestedBy, context, verdict });
}
