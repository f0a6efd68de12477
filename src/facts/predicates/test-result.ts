import { quoted } from '../../intoto/json-path.js';
import type { Json, TestFact } from '../fact.js';
import type { PredicateField, PredicateReader } from '../predicate-field.js';

const RESULTS: ReadonlyMap<string, TestFact['result']> = new Map([
  ['PASSED', 'passed'],
  ['WARNED', 'warned'],
  ['FAILED', 'failed'],
]);

/** in-toto test result v0.1 (spec/predicates/test-result.md). It has no time of its own. */
export const readTestResult: PredicateReader = (predicate) => {
  const result = RESULTS.get(predicate.requiredText('result')) ?? 'unknown';
  const configurations = predicate.objects('configuration');
  const named = readAnnotations(configurations);
  const { suite, ...environment } = Object.fromEntries(named);
  const failed = predicate.texts('failedTests');
  if (failed.length > 0 && (result === 'passed' || result === 'warned')) {
    predicate.member('result').fault(`contradicts failedTests, which names ${failed.length}`);
  }
  const content: TestFact = {
    kind: 'test',
    result,
    suite: suite ?? nameOfOnly(configurations),
    url: predicate.hint('url'),
    environment,
    configuration: (predicate.json('configuration') ?? []) as readonly Json[],
    passed: predicate.texts('passedTests'),
    warned: predicate.texts('warnedTests'),
    failed,
  };
  return [{ content, ownTime: null }];
};

/**
 * What the annotations of all configurations say together: `suite`, and by any other name something about where the
 * tests ran, given singly or as an object named `environment`. Where two say different things by one name, it is not
 * known which of them the result is about: a fault.
 */
function readAnnotations(configurations: readonly PredicateField[]): ReadonlyMap<string, string> {
  const named = new Map<string, string>();
  const add = (annotations: PredicateField, name: string): void => {
    const value = annotations.hint(name);
    if (value === null) return;
    const other = named.get(name) ?? value;
    if (other === value) named.set(name, value);
    else
      annotations
        .member(name)
        .fault(`is ${quoted(value)} here and ${quoted(other)} elsewhere: one result, one ${name}`);
  };
  for (const configuration of configurations) {
    const annotations = configuration.object('annotations');
    // A suite that cannot be read must not put the result under another one's name.
    annotations.text('suite');
    for (const name of annotations.names) add(annotations, name);
    const environment = annotations.member('environment');
    for (const name of environment.names) {
      if (name === 'suite') environment.member(name).fault('must stand beside environment, not in it');
      else add(environment, name);
    }
  }
  return named;
}

function nameOfOnly(configurations: readonly PredicateField[]): string | null {
  const names = configurations.flatMap((configuration) => configuration.text('name') ?? []);
  return names.length === 1 ? (names[0] ?? null) : null;
}
