import type { AttestationId } from '../intoto/digest.js';
import type { Considered, RequirementResult, Via } from './verdict.js';

/** What is considered beside the evidence is told up to so many. */
export const MOST_CONSIDERED = 100;

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
  const { id, status, code, message, evidence, missing, through, via } = result;
  return {
    id,
    status,
    code,
    message: more > 0 ? `${message} (${more} more were considered)` : message,
    evidence,
    considered: sorted.slice(0, MOST_CONSIDERED),
    missing,
    ...(through === undefined ? {} : { through }),
    ...(via === undefined ? {} : { via }),
  };
}

/** By which other digests the evidence of several results is, each digest once and sorted; nothing where there are none. */
export function viaOf(results: readonly RequirementResult[]): Pick<RequirementResult, 'via'> {
  const byDigest = Map.groupBy(
    results.flatMap(({ via = [] }) => via),
    ({ digest }) => digest,
  );
  const via = [...byDigest].flatMap(([digest, [one, ...more]]): Via[] =>
    one === undefined
      ? []
      : [{ relation: one.relation, digest, evidence: sortedIds([one, ...more].flatMap(({ evidence }) => evidence)) }],
  );
  return via.length === 0 ? {} : { via: via.sort((a, b) => (a.digest < b.digest ? -1 : 1)) };
}

/** Attestations once each, sorted. */
export function sortedIds(ids: Iterable<AttestationId>): readonly AttestationId[] {
  return [...new Set(ids)].sort();
}
