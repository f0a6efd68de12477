import { comparable } from '../approval-reading.js';
import type { ApprovalFact } from '../fact.js';
import type { PredicateField, PredicateReader } from '../predicate-field.js';

const FIELDS = [
  'decision',
  'approver',
  'role',
  'environments',
  'regions',
  'reason',
  'reference',
  'approvedAt',
  'expiresAt',
];
const APPROVER_FIELDS = ['id', 'name'];

/**
 * Our approval v1 (docs/predicates.md). Unlike other predicates an approval may have no unknown fields: whatever somebody
 * adds to it is likely to restrict it, and reading past a restriction would approve more than was approved. A rejection
 * may: without its restrictions it rejects more.
 */
export const readApproval: PredicateReader = (predicate) => {
  const approver = predicate.requiredObject('approver');
  const decision = readDecision(predicate);
  if (decision === 'approved') {
    refuseUnknownFields(predicate, FIELDS);
    refuseUnknownFields(approver, APPROVER_FIELDS);
  }
  const approvedAt = predicate.requiredTime('approvedAt');
  const expiresAt = predicate.time('expiresAt');
  if (expiresAt !== null && expiresAt <= approvedAt) predicate.member('expiresAt').fault('must be after approvedAt');
  const content: ApprovalFact = {
    kind: 'approval',
    decision,
    approver: { id: comparable(approver, 'id', approver.requiredText('id')), name: approver.text('name') },
    role: comparable(predicate, 'role', predicate.text('role')),
    environments: readWords(predicate, 'environments'),
    regions: readWords(predicate, 'regions'),
    reason: predicate.text('reason'),
    reference: predicate.text('reference'),
    approvedAt,
    expiresAt,
  };
  return [{ content, ownTime: approvedAt }];
};

function refuseUnknownFields(object: PredicateField, known: readonly string[]): void {
  for (const name of object.names) {
    if (!known.includes(name)) object.member(name).fault('is not a field of an approval, and might restrict it');
  }
}

function readDecision(predicate: PredicateField): ApprovalFact['decision'] {
  const decision = predicate.hint('decision');
  if (decision === 'approved' || decision === 'rejected') return decision;
  predicate.member('decision').fault('must be "approved" or "rejected"');
  return 'rejected';
}

/** Words that are compared; null where there are none. */
function readWords(object: PredicateField, name: string): readonly string[] | null {
  const words = object.texts(name);
  const unfit = words.some((word) => word === '' || word !== word.trim());
  if (unfit) object.member(name).fault('must name each without white space around it, and none by an empty string');
  return words.length === 0 ? null : words;
}
