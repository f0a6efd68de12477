import { Clock } from './clock.js';
import type { RequirementResult } from './verdict.js';

/** Evaluates the same requirement at another moment; null where that cannot be told from here. */
export type EvaluateAt = (clock: Clock) => RequirementResult | null;

/**
 * The first moment at which a requirement comes to something else by time alone: another status, other evidence, other
 * waivers, other findings ignored, or something considered for another reason. null where no time changes it. Between the moments that an evaluation asks its
 * clock about nothing can change, so trying one after the other finds exactly the first that matters.
 *
 * @param result what it comes to now
 * @param clock the clock that was asked for it
 */
export function firstChange(result: RequirementResult, clock: Clock, evaluateAt: EvaluateAt): number | null {
  if (clock.next === null) return null;
  const before = contentOf(result);
  for (let moment: number | null = clock.next; moment !== null;) {
    const ahead: Clock = new Clock(moment);
    const then = evaluateAt(ahead);
    if (then === null || contentOf(then) !== before) return moment;
    moment = ahead.next;
  }
  return null;
}

/** What a result says without its words, in which ages move with the clock. */
function contentOf({
  status,
  code,
  evidence,
  considered,
  through,
  via,
  waivers = [],
  ignored,
  alsoRestsOn,
}: RequirementResult): string {
  const judged = considered.map((one) => [one.attestation, one.code]);
  return JSON.stringify([status, code, evidence, judged, through, via, waivers, ignored, alsoRestsOn]);
}
