import type { TestFact } from '../fact.js';
import type { PredicateReader } from '../predicate-field.js';
import { readTestConfiguration } from '../test-configuration.js';

const RESULTS: ReadonlyMap<string, TestFact['result']> = new Map([
  ['PASSED', 'passed'],
  ['WARNED', 'warned'],
  ['FAILED', 'failed'],
]);

/** in-toto test result v0.1 (spec/predicates/test-result.md). It has no time of its own. */
export const readTestResult: PredicateReader = (predicate) => {
  const result = RESULTS.get(predicate.requiredText('result')) ?? 'unknown';
  const { suite, environment, configuration } = readTestConfiguration(predicate);
  const failed = predicate.texts('failedTests');
  if (failed.length > 0 && (result === 'passed' || result === 'warned')) {
    predicate.member('result').fault(`contradicts failedTests, which names ${failed.length}`);
  }
  const content: TestFact = {
    kind: 'test',
    result,
    suite,
    url: predicate.hint('url'),
    environment,
    configuration,
    passed: predicate.texts('passedTests'),
    warned: predicate.texts('warnedTests'),
    failed,
  };
  return [{ content, ownTime: null }];
};
