import type { FactContent, TestFact } from '../facts/fact.js';
import { PASSES, PLAIN, type Conditions, type Judgement, type Line, type Miss } from './conditions.js';
import { cut } from './cut-text.js';
import type { TestWhere } from './policy-document.js';
import { bindText, type Bind } from './value-match.js';

/** What tells test groups apart beside attestor and suite, whether or not a policy asks for it. */
const ALWAYS_APART = ['environment', 'hardware', 'region'];

/** Tests that a message names, and characters of each: names with their classes are long. */
const MOST_NAMED = 5;
const LONGEST_NAME = 200;

/**
 * Compiles what is asked of a test. Every suite named is a line of its own. What a policy asks of the environment tells
 * groups apart as well, so that it always chooses whole groups and never a pass out of one that has failed since.
 */
export function compileTest(where: TestWhere): Bind<Conditions> {
  const suites = where.suites?.map(bindText) ?? [];
  const asked = new Map(Object.entries(where.environment ?? {}).map(([name, value]) => [name, [bindText(value)]]));
  for (const name of ['hardware', 'region'] as const) {
    const value = where[name];
    if (value !== undefined) asked.set(name, [...(asked.get(name) ?? []), bindText(value)]);
  }
  const apart = [...new Set([...ALWAYS_APART, ...asked.keys()])];
  const accepted: readonly string[] = where.result === 'warned' ? ['passed', 'warned'] : ['passed'];
  return (parameters) => {
    const names = new Set(suites.map((suite) => suite(parameters)));
    const environment = [...asked].flatMap(([name, values]) =>
      values.map((value) => [name, value(parameters)] as const),
    );
    const line = (suite: string | null): Line => ({
      name: suite === null || names.size === 1 ? null : `suite ${suite}`,
      misses: (content) => missOf(content, suite, environment),
    });
    return {
      ...PLAIN,
      lines: names.size === 0 ? [line(null)] : [...names].map(line),
      groupOf: (content) =>
        content.kind === 'test' ? [content.suite, ...apart.map((name) => valueOf(content, name))] : [],
      judge: (content) => (content.kind === 'test' ? judgeTest(content, accepted) : fails('it is no test result')),
      wanted: wantedOf(names, environment),
    };
  };
}

function missOf(
  content: FactContent,
  suite: string | null,
  environment: readonly (readonly [name: string, value: string])[],
): Miss | null {
  if (content.kind !== 'test') return { message: 'it is no test result', near: false };
  if (suite !== null && content.suite !== suite) {
    return {
      message: `it is of ${content.suite === null ? 'no named suite' : `suite ${cut(content.suite)}`}; expected ${suite}`,
      near: false,
    };
  }
  for (const [index, [name, value]] of environment.entries()) {
    const found = valueOf(content, name);
    const met = index + 1;
    if (found === null)
      return { message: `it does not say on what ${name} it ran; expected ${value}`, near: false, met };
    if (found !== value) return { message: `it ran with ${name} ${cut(found)}; expected ${value}`, near: false, met };
  }
  return null;
}

function judgeTest(test: TestFact, accepted: readonly string[]): Judgement {
  if (accepted.includes(test.result)) return PASSES;
  const names = test.failed.length > 0 ? test.failed : test.warned;
  const named = names.slice(0, MOST_NAMED).map((name) => cut(name, LONGEST_NAME));
  const which = named.length === 0 ? '' : ` (${named.join(', ')}${names.length > named.length ? ', …' : ''})`;
  return fails(`its result is ${test.result}${which}; expected ${accepted.join(' or ')}`);
}

function valueOf(test: TestFact, name: string): string | null {
  return Object.hasOwn(test.environment, name) ? (test.environment[name] ?? null) : null;
}

function wantedOf(suites: ReadonlySet<string>, environment: readonly (readonly [string, string])[]): string {
  const of = suites.size === 0 ? '' : `of ${[...suites].map((suite) => `suite ${suite}`).join(' and ')}`;
  const on =
    environment.length === 0 ? '' : `with ${environment.map(([name, value]) => `${name} ${value}`).join(', ')}`;
  return [of, on].filter((part) => part !== '').join(' ');
}

function fails(message: string): Judgement {
  return { passes: false, negative: true, message };
}
