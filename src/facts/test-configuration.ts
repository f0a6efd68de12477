import { quoted } from '../intoto/json-path.js';
import type { Json, TestFact } from './fact.js';
import type { PredicateField } from './predicate-field.js';

/** What a test result says about which suite ran, and where. */
export type TestConfiguration = Pick<TestFact, 'suite' | 'environment' | 'configuration'>;

/**
 * The `configuration` of a test result (in-toto test result v0.1), a list of resource descriptors. What the annotations of
 * all of them say together: `suite`, and by any other name something about where the tests ran, given singly or as an
 * object named `environment`. Where two say different things by one name, it is not known which of them the result is
 * about: a fault. Without an annotation the suite is the name of the only configuration that has one.
 */
export function readTestConfiguration(predicate: PredicateField): TestConfiguration {
  const configurations = predicate.objects('configuration');
  const { suite, ...environment } = Object.fromEntries(readAnnotations(configurations));
  return {
    suite: suite ?? nameOfOnly(configurations),
    environment,
    configuration: (predicate.json('configuration') ?? []) as readonly Json[],
  };
}

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
