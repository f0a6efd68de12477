import type { StoredPredicate } from '../facts/stored-predicate.js';
import type { Json } from '../facts/fact.js';
import type { AttestationId } from '../intoto/digest.js';
import type { OpenQuestion } from './cel-answers.js';
import type { CelAnswer } from './cel-batch.js';

/** When an envelope was dropped, and by which rule of retention. */
export type DroppedEnvelope = Omit<Extract<StoredPredicate, { readonly state: 'dropped' }>, 'state'>;

/** What can be read of the predicates that a policy looks at, and what retention dropped; by attestation. */
export interface ReadPredicates {
  readonly predicates: ReadonlyMap<AttestationId, Json>;
  readonly dropped: ReadonlyMap<AttestationId, DroppedEnvelope>;
}

export function splitPredicates(stored: ReadonlyMap<AttestationId, StoredPredicate>): ReadPredicates {
  const predicates = new Map<AttestationId, Json>();
  const dropped = new Map<AttestationId, DroppedEnvelope>();
  for (const [attestation, found] of stored) {
    if (found.state === 'stored') predicates.set(attestation, found.predicate);
    else dropped.set(attestation, { at: found.at, rule: found.rule });
  }
  return { predicates, dropped };
}

/** Why nothing can be said of this predicate any longer. */
export function whyDropped(attestation: AttestationId, { at, rule }: DroppedEnvelope): string {
  return `the predicate of ${attestation} was dropped by retention at ${at.toISOString()}, by the rule ${rule}`;
}

/**
 * The answers to open questions, with an error for each that speaks of a predicate that was dropped: what cannot be looked at
 * is neither so nor otherwise, and so supports nothing. Questions about facts are never guards of others.
 */
export function withoutDropped(
  open: readonly OpenQuestion[],
  answers: readonly CelAnswer[],
  dropped: ReadPredicates['dropped'],
): readonly CelAnswer[] {
  return answers.map((answer, index) => {
    const { expression, fact } = open[index] ?? {};
    if (fact === undefined || fact === null || expression?.variables.has('predicate') !== true) return answer;
    const drop = dropped.get(fact.attestation);
    return drop === undefined ? answer : { error: whyDropped(fact.attestation, drop) };
  });
}
