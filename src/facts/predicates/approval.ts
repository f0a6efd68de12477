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
 * Our approval v1 (docs/predicates.md). Unlike other predicates it may have no unknown fields: whatever somebody adds to
 * an approval is likely to restrict it, and reading past a restriction would approve more than was approved.
 */
export const readApproval: PredicateReader = (predicate) => {
  const approver = predicate.requiredObject('approver');
  refuseUnknownFields(predicate, FIELDS);
  refuseUnknownFields(approver, APPROVER_FIELDS);
  const approvedAt = predicate.requiredTime('approvedAt');
  const expiresAt = predicate.time('expiresAt');
  if (expiresAt !== null && expiresAt <= approvedAt) predicate.member('expiresAt').fault('must be after approvedAt');
  const content: ApprovalFact = {
    kind: 'approval',
    decision: readDecision(predicate),
    approver: { id: readWord(approver, 'id') ?? missing(approver, 'id'), name: readWord(approver, 'name') },
    role: readWord(predicate, 'role'),
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
  const decision = predicate.text('decision');
  if (decision === 'approved' || decision === 'rejected') return decision;
  predicate.member('decision').fault('must be "approved" or "rejected"');
  return 'rejected';
}

/** A word that is compared: white space around it would make two of one. */
function readWord(object: PredicateField, name: string): string | null {
  const word = object.text(name);
  if (word !== null && word !== word.trim()) object.member(name).fault('must not begin or end with white space');
  return word;
}

function missing(object: PredicateField, name: string): string {
  object.member(name).fault('must be a string that is not empty');
  return '';
}

/** Words that are compared; null where there are none. */
function readWords(object: PredicateField, name: string): readonly string[] | null {
  const words = object.list(name).map((element) => {
    if (typeof element.value === 'string' && element.value !== '' && element.value === element.value.trim()) {
      return element.value;
    }
    element.fault('must be a string that is not empty, without white space around it');
    return '';
  });
  return words.length === 0 ? null : words;
}
