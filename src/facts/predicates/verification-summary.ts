import { readDigest } from '../build-source.js';
import type { SummaryFact } from '../fact.js';
import type { PredicateField, PredicateReader } from '../predicate-field.js';

/** SLSA verification summary v1 (spec/verification_summary.md). */
export const readVerificationSummaryV1: PredicateReader = (predicate) => {
  const levels = predicate.requiredList('verifiedLevels').map(readLevel);
  const names = {
    result: 'verificationResult',
    resource: 'resourceUri',
    time: 'timeVerified',
    levels: 'verifiedLevels',
  };
  return [summaryReading(predicate, levels, names)];
};

/** SLSA verification summary v0.2, whose one level stands for the policy. */
export const readVerificationSummaryV02: PredicateReader = (predicate) => {
  const levels = [predicate.requiredText('policy_level')];
  const names = {
    result: 'verification_result',
    resource: 'resource_uri',
    time: 'time_verified',
    levels: 'policy_level',
  };
  if (!predicate.has('time_verified')) predicate.member('time_verified').fault('must be an RFC 3339 time');
  return [summaryReading(predicate, levels, names)];
};

interface Names {
  readonly result: string;
  readonly resource: string;
  readonly time: string;
  readonly levels: string;
}

function summaryReading(
  predicate: PredicateField,
  levels: readonly string[],
  names: Names,
): ReturnType<PredicateReader>[number] {
  const policy = predicate.requiredObject('policy');
  const result = readResult(predicate, names.result);
  if (result === 'passed' && levels.includes('FAILED')) {
    predicate.member(names.result).fault(`contradicts ${names.levels}, which holds FAILED`);
  }
  const content: SummaryFact = {
    kind: 'summary',
    verifier: predicate.requiredObject('verifier').requiredText('id'),
    result,
    levels,
    policy: { uri: policy.requiredText('uri'), digest: readDigest(policy) },
    resourceUri: predicate.requiredText(names.resource),
    timeVerified: predicate.time(names.time),
    properties: [],
  };
  return { content, ownTime: content.timeVerified };
}

function readResult(predicate: PredicateField, name: string): SummaryFact['result'] {
  const result = predicate.hint(name);
  if (result === 'PASSED') return 'passed';
  if (result !== 'FAILED') predicate.member(name).fault('must be "PASSED" or "FAILED"');
  return 'failed';
}

function readLevel(level: PredicateField): string {
  if (typeof level.value === 'string' && level.value !== '') return level.value;
  level.fault('must be a string that is not empty');
  return '';
}
