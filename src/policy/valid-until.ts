import { Clock } from './clock.js';
import type { RequirementResult } from './verdict.js';

/** Evaluates the same requirement at one moment or another. */
export type EvaluateAt = (clock: Clock) => RequirementResult;

/**
 * The first moment after `now` at which a requirement comes to something else by time alone: another status, other
 * evidence, or something considered for another reason. null where no time changes it. Between the moments that an
 * evaluation asks its clock about nothing can change, so trying one after the other finds exactly the first that matters.
 */
export function firstChange(now: number, evaluateAt: EvaluateAt): number | null {
  const clock = new Clock(now);
  const before = contentOf(evaluateAt(clock));
  for (let moment = clock.next; moment !== null;) {
    const ahead = new Clock(moment);
    if (contentOf(evaluateAt(ahead)) !== before) return moment;
    moment = ahead.next;
  }
  return null;
}

/** What a result says without its words, in which ages move with the clock. */
function contentOf({ status, code, evidence, considered }: RequirementResult): string {
  return JSON.stringify([status, code, evidence, considered.map((one) => [one.attestation, one.code])]);
}
