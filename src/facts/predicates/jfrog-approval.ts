import { approvalReading, comparable, readDecisionWord } from '../approval-reading.js';
import type { Approver } from '../fact.js';
import type { PredicateField, PredicateReader } from '../predicate-field.js';

const DECISIONS = ['decision', 'action', 'status', 'result'];
const APPROVERS = ['approver', 'approvedBy', 'actor'];
const PEOPLE = ['id', 'user', 'email', 'name'];
const ENVIRONMENTS = ['environment', 'stage'];
const TIMES = ['approvedAt', 'timestamp', 'date'];

/**
 * The approval that users of JFrog's evidence service write by convention; nobody fixed its fields, so those in use are
 * read, and one that does not say what was decided is refused. Every field that says something must say the same.
 */
export const readJfrogApproval: PredicateReader = (predicate) => {
  const said = DECISIONS.filter((name) => predicate.has(name)).map((name) => readDecisionWord(predicate, name));
  if (said.length === 0)
    predicate.member('decision').fault(`must say what was decided, or one of ${DECISIONS.join(', ')}`);
  if (new Set(said).size > 1) predicate.fault(`says different things by ${DECISIONS.join(', ')}`);
  const approver = APPROVERS.find((name) => predicate.has(name));
  const times = TIMES.flatMap((name) => predicate.time(name) ?? []);
  return [
    approvalReading({
      decision: said[0] ?? 'rejected',
      approvers: approver === undefined ? [] : [readPerson(predicate, approver)],
      role: readRole(predicate),
      environments: ENVIRONMENTS.flatMap((name) => comparable(predicate, name, predicate.text(name)) ?? []),
      reason: predicate.hint('comment') ?? predicate.hint('reason'),
      reference: predicate.hint('reference') ?? predicate.hint('ticket'),
      // Nothing becomes younger by a second time beside it.
      decidedAt: times.sort()[0] ?? null,
    }),
  ];
};

function readPerson(predicate: PredicateField, name: string): Approver {
  const person = predicate.member(name);
  if (!person.isObject) return { id: comparable(predicate, name, predicate.requiredText(name)), name: null };
  const field = PEOPLE.find((each) => person.has(each)) ?? 'id';
  return { id: comparable(person, field, person.requiredText(field)), name: person.hint('name') };
}

function readRole(predicate: PredicateField): string | null {
  const holder = predicate.has('role') ? predicate : predicate.member('approver');
  return comparable(holder, 'role', holder.text('role'));
}
