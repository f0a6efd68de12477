import type { BreakGlass, Verdict } from './verdict.js';

/**
 * The verdict as it goes on record where somebody has the image allowed whatever the policy says. What the policy says stays
 * visible: every requirement as it came out, and in `wouldDeny` whether it denies. It holds for its own moment only, so that
 * nobody who keeps answers keeps this one.
 */
export function brokenGlass(verdict: Verdict, breakGlass: BreakGlass): Verdict {
  return {
    ...verdict,
    decision: 'allow',
    wouldDeny: verdict.wouldDeny || verdict.decision === 'deny',
    validUntil: verdict.evaluatedAt,
    breakGlass,
  };
}

/** What the policy alone decides, of a verdict of either sort. */
export function policyDecision({ decision, mode, wouldDeny, breakGlass }: Verdict): Verdict['decision'] {
  if (breakGlass === undefined || mode === 'audit') return decision;
  return wouldDeny ? 'deny' : 'allow';
}
