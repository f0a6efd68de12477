import type { AttestationId } from '../intoto/digest.js';
import type { Considered, RequirementResult } from './verdict.js';

const MOST_CONSIDERED = 100;

/**
 * A result with what was considered besides its evidence: each once, in an order that depends on nothing but itself, and
 * no more than a hundred; the message says how many more there were.
 */
export function concluded(
  result: Omit<RequirementResult, 'considered'>,
  considered: Iterable<Considered>,
): RequirementResult {
  const counted = new Set<string>(result.evidence);
  const distinct = new Map<string, Considered>();
  for (const one of considered) {
    if (!counted.has(one.attestation)) distinct.set(`${one.attestation} ${one.code} ${one.message}`, one);
  }
  const sorted = [...distinct].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
  const more = sorted.length - MOST_CONSIDERED;
  const { id, status, code, message, evidence, missing, through } = result;
  return {
    id,
    status,
    code,
    message: more > 0 ? `${message} (${more} more were considered)` : message,
    evidence,
    considered: sorted.slice(0, MOST_CONSIDERED),
    missing,
    ...(through === undefined ? {} : { through }),
  };
}

/** Attestations once each, sorted. */
export function sortedIds(ids: Iterable<AttestationId>): readonly AttestationId[] {
  return [...new Set(ids)].sort();
}
