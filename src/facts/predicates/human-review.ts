import { approvalReading, comparable, readDecisionWord } from '../approval-reading.js';
import type { Approver } from '../fact.js';
import type { PredicateField, PredicateReader } from '../predicate-field.js';

/**
 * The human reviews that were proposed to in-toto and are in use, though no version of them was agreed upon: one result, a
 * link, and in most a reviewer. One that names no reviewer is the review of whoever signed it.
 */
export const readHumanReview: PredicateReader = (predicate) => [
  reviewReading(predicate, readDecisionWord(predicate, 'result')),
];

/** Reviews of a version control system, which in their later form name who approved and need no result. */
export const readVcsReview: PredicateReader = (predicate) => {
  const approved = !predicate.has('result') && predicate.has('reviewers');
  return [reviewReading(predicate, approved ? 'approved' : readDecisionWord(predicate, 'result'))];
};

function reviewReading(
  predicate: PredicateField,
  decision: ReturnType<typeof readDecisionWord>,
): ReturnType<typeof approvalReading> {
  const reviewers = predicate.list('reviewers');
  if (predicate.has('reviewers') && reviewers.length === 0) predicate.member('reviewers').fault('must name a reviewer');
  if (predicate.has('reviewer') && predicate.has('reviewers')) {
    predicate.member('reviewer').fault('must not stand beside reviewers');
  }
  const named = predicate.has('reviewer') ? [predicate.member('reviewer')] : reviewers;
  return approvalReading({
    decision: decision ?? 'rejected',
    approvers: named.map(readReviewer),
    reason: predicate.hint('comment'),
    reference: predicate.hint('reviewLink'),
    decidedAt: predicate.time('timestamp') ?? predicate.time('reviewTime'),
  });
}

/** By a name or URL alone, or by what does not change about somebody (`id`, `uri`) beside the name. */
function readReviewer(reviewer: PredicateField): Approver {
  if (!reviewer.isObject) {
    const { value } = reviewer;
    if (typeof value === 'string' && value !== '' && value === value.trim()) return { id: value, name: null };
    reviewer.fault('must name the reviewer, without white space around it');
    return { id: '', name: null };
  }
  const field = ['id', 'uri', 'name'].find((name) => reviewer.has(name)) ?? 'id';
  return { id: comparable(reviewer, field, reviewer.requiredText(field)), name: reviewer.hint('name') };
}
