import { readDigest } from '../build-source.js';
import type { SummaryFact } from '../fact.js';
import type { PredicateField, PredicateReader } from '../predicate-field.js';

/** in-toto simple verification result v0.1, which does not say by which policies. */
export const readSimpleVerificationResultV01: PredicateReader = (predicate) => [
  resultReading(predicate, predicate.requiredObject('verifier'), []),
];

/** in-toto simple verification result v0.2 (spec/predicates/svr.md), which names its policies, if there are none by an empty list. */
export const readSimpleVerificationResultV02: PredicateReader = (predicate) => {
  const verifier = predicate.requiredObject('verifier');
  return [resultReading(predicate, verifier, verifier.requiredObjects('policies'))];
};

/**
 * It lists the properties that hold, and has no form for what does not: one without any says that nothing was found to hold,
 * which is no pass.
 */
function resultReading(
  predicate: PredicateField,
  verifier: PredicateField,
  policies: readonly PredicateField[],
): ReturnType<PredicateReader>[number] {
  const createdAt = predicate.requiredTime('timeCreated');
  if (!predicate.has('properties')) predicate.member('properties').fault('must be an array');
  const properties = predicate.texts('properties');
  if (properties.includes('')) predicate.member('properties').fault('must name no property by an empty string');
  const [policy] = policies;
  const content: SummaryFact = {
    kind: 'summary',
    verifier: verifier.requiredText('id'),
    result: properties.length > 0 ? 'passed' : 'failed',
    levels: [],
    policy:
      policy === undefined || policies.length > 1 ? null : { uri: policy.text('uri'), digest: readDigest(policy) },
    resourceUri: null,
    timeVerified: createdAt,
    properties,
  };
  return { content, ownTime: createdAt };
}
