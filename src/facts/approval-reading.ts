import type { ApprovalFact, Approver } from './fact.js';
import type { PredicateField, Reading } from './predicate-field.js';

/** What types that were not made for this service say of an approval; what they have no field for is null. */
export interface ForeignApproval {
  readonly decision: ApprovalFact['decision'];
  /** Empty where the predicate names nobody: then its signer decided. */
  readonly approvers: readonly Approver[];
  readonly role?: string | null;
  readonly environments?: readonly string[];
  readonly reason?: string | null;
  readonly reference?: string | null;
  readonly decidedAt: string | null;
}

/** The approval fact of a foreign approval. Nobody decides twice in one statement. */
export function approvalReading(foreign: ForeignApproval): Reading {
  const { decision, approvers, role = null, environments = [], reason = null, reference = null, decidedAt } = foreign;
  const [approver = null, ...others] = new Map(approvers.map((each) => [each.id, each])).values();
  const content: ApprovalFact = {
    kind: 'approval',
    decision,
    approver,
    ...(others.length === 0 ? {} : { coApprovers: others }),
    role,
    environments: environments.length === 0 ? null : environments,
    regions: null,
    reason,
    reference,
    approvedAt: decidedAt,
    expiresAt: null,
  };
  return { content, ownTime: decidedAt };
}

const DECISION_BY_WORD: ReadonlyMap<string, ApprovalFact['decision']> = new Map([
  ['approved', 'approved'],
  ['pass', 'approved'],
  ['passed', 'approved'],
  ['positive', 'approved'],
  ['rejected', 'rejected'],
  ['fail', 'rejected'],
  ['failed', 'rejected'],
  ['negative', 'rejected'],
  ['denied', 'rejected'],
]);

/** The decision that a word of a foreign type says, in upper or lower case; null, with a fault, for any other. */
export function readDecisionWord(object: PredicateField, name: string): ApprovalFact['decision'] | null {
  const decision = DECISION_BY_WORD.get(object.hint(name)?.toLowerCase() ?? '') ?? null;
  if (decision === null) object.member(name).fault('must be a word for approved or for rejected, such as "approved"');
  return decision;
}

/** The word, which is compared with others: white space around it would make two of one. */
export function comparable<Word extends string | null>(object: PredicateField, name: string, word: Word): Word {
  if (word !== null && word !== word.trim()) object.member(name).fault('must not begin or end with white space');
  return word;
}
