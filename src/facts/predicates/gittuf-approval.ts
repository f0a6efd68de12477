import { approvalReading } from '../approval-reading.js';
import type { Approver } from '../fact.js';
import type { PredicateField, PredicateReader } from '../predicate-field.js';

/**
 * gittuf's record of who approved a pull request, signed by its app (GAP-6). A later record of the same change says who has
 * withdrawn since. One statement says one thing here: where any approval was withdrawn it is that, by those who did; who
 * still approves is known by the record before it.
 */
export const readGittufApproval: PredicateReader = (predicate) => {
  predicate.requiredText('targetRef');
  const approvers = readApprovers(predicate, 'approvers');
  const withdrawn = readApprovers(predicate, 'dismissedApprovers');
  const ids = new Set(approvers.map(({ id }) => id));
  if (withdrawn.some(({ id }) => ids.has(id))) {
    predicate.member('dismissedApprovers').fault('must not name who is among approvers');
  }
  if (approvers.length === 0 && withdrawn.length === 0) predicate.member('approvers').fault('must name an approver');
  return [
    approvalReading({
      decision: withdrawn.length === 0 ? 'approved' : 'rejected',
      approvers: withdrawn.length === 0 ? approvers : withdrawn,
      reason: withdrawn.length === 0 ? null : 'the approval was dismissed',
      reference: predicate.hint('targetRef'),
      decidedAt: null,
    }),
  ];
};

/** `login+number`, where the number does not change; what stands before it is for people to read. */
function readApprovers(predicate: PredicateField, name: string): readonly Approver[] {
  const ids = predicate.texts(name);
  const unfit = ids.some((id) => id === '' || id !== id.trim());
  if (unfit) predicate.member(name).fault('must name each without white space around it, and none by an empty string');
  return ids.map((id) => ({ id, name: /^([^+]+)\+\d+$/.exec(id)?.[1] ?? null }));
}
