import { SaxesParser } from 'saxes';
import type { Timestamp } from './fact.js';
import { parseTime } from './parse-time.js';

/** What one file of JUnit's XML says. Tests by `classname.name`, or by the one that they have; each in one of the lists. */
export interface JunitReport {
  readonly passed: readonly string[];
  /** Those that passed when they were run again, or of which the tool warns. */
  readonly warned: readonly string[];
  readonly failed: readonly string[];
  /** The worst that is said of anything, whether or not a test is named for it; null where nothing failed or warned. */
  readonly worst: 'failed' | 'warned' | null;
  /** The earliest start of a suite that is given with its offset from UTC; null where there is none. */
  readonly startedAt: Timestamp | null;
}

type Ending = 'passed' | 'warned' | 'failed' | 'skipped';

/** How a test ended, by the elements in it, in lower case: what failed counts however it is written. */
const BY_ELEMENT: ReadonlyMap<string, Ending> = new Map([
  ['failure', 'failed'],
  ['error', 'failed'],
  ['rerunfailure', 'failed'],
  ['rerunerror', 'failed'],
  ['flakyfailure', 'warned'],
  ['flakyerror', 'warned'],
  ['rerun', 'warned'],
  ['warning', 'warned'],
  ['skipped', 'skipped'],
  ['ignored', 'skipped'],
]);

/** Words by which tools say it in the attributes `status` and `result`. Any other word of a test is no pass. */
const BY_WORD: ReadonlyMap<string, Ending> = new Map([
  ...[
    '',
    'pass',
    'passed',
    'success',
    'successful',
    'succeeded',
    'ok',
    'run',
    'ran',
    'executed',
    'completed',
    'done',
  ].map((word) => [word, 'passed'] as const),
  ...['warning', 'warned', 'flaky'].map((word) => [word, 'warned'] as const),
  ...['skip', 'skipped', 'notrun', 'disabled', 'suppressed', 'ignored', 'pending', 'todo'].map(
    (word) => [word, 'skipped'] as const,
  ),
]);

/** Of one test the first of these that is said of it, or else it passed. */
const WITHIN_A_TEST: readonly Ending[] = ['failed', 'warned', 'skipped'];
/** Of tests of one name the worst counts, and whatever passed once was not skipped. */
const OF_ONE_NAME: readonly Ending[] = ['failed', 'warned', 'passed', 'skipped'];

/** No tool nests its suites as deep; an element costs what is above it. */
const MOST_NESTED = 64;

/** Characters, bare and by reference, that no XML may hold, and that tools write all the same: colours of a terminal. */
const FORBIDDEN =
  /(?![\t\n\r])\p{Cc}|[\ufffe\uffff]|&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|x0*(?:[0-8bcef]|1[\da-f]));/giu;

/**
 * Reads a report in the form that JUnit's Ant task began and other tools write: `testsuites` or `testsuite`, suites within
 * suites, and in them `testcase`s with `failure`, `error` or `skipped`. There is no standard. Whatever says that something
 * failed counts, wherever it stands; what is not known is passed over. A report that cannot be read leaves an older one
 * standing, so that only what is no report is refused, and not what is badly written.
 *
 * Throws a RangeError where the text is no well-formed XML, is no such report, is nested deeper than 64 elements, or
 * declares entities, which no report needs. Time and memory are linear in the text.
 */
export function parseJunitReport(text: string): JunitReport {
  const reading = new Reading();
  // Names are taken without their prefixes: resolving these costs all elements that are open.
  const parser = new SaxesParser({ xmlns: false });
  parser.on('doctype', (doctype) => {
    if (doctype.includes('[')) refuse('must not declare entities');
  });
  parser.on('opentag', ({ name, attributes }) => {
    reading.open(localName(name), (attribute) => attributes[attribute] ?? null);
  });
  parser.on('closetag', ({ name }) => {
    reading.close(localName(name));
  });
  try {
    parser.write(text.replaceAll(FORBIDDEN, '\ufffd')).close();
  } catch (error) {
    if (error instanceof RangeError || !(error instanceof Error)) throw error;
    return refuse(`must be well-formed XML: ${error.message}`);
  }
  return reading.report();
}

function refuse(message: string): never {
  throw new RangeError(message);
}

function localName(name: string): string {
  return name.slice(name.lastIndexOf(':') + 1);
}

type AttributeOf = (name: string) => string | null;

class Reading {
  private depth = 0;
  private readonly endings = new Map<string, Ending>();
  private test: { readonly name: string; readonly endings: Ending[] } | null = null;
  private readonly said = new Set<Ending>();
  private startedAt: Timestamp | null = null;

  open(element: string, attributeOf: AttributeOf): void {
    const isSuite = element === 'testsuites' || element === 'testsuite';
    if (this.depth === 0 && !isSuite) refuse(`must have testsuites or testsuite as its root, not ${element}`);
    this.depth += 1;
    if (this.depth > MOST_NESTED) refuse(`must not be nested deeper than ${MOST_NESTED} elements`);
    if (isSuite) this.suite(attributeOf);
    else if (element === 'testcase') this.begin(attributeOf);
    else this.end(BY_ELEMENT.get(element.toLowerCase()));
  }

  close(element: string): void {
    this.depth -= 1;
    if (element !== 'testcase' || this.test === null) return;
    const { name, endings } = this.test;
    const ending = worst(endings, WITHIN_A_TEST) ?? 'passed';
    const before = this.endings.get(name) ?? ending;
    this.endings.set(name, worst([ending, before], OF_ONE_NAME) ?? ending);
    this.test = null;
  }

  report(): JunitReport {
    const named = (ending: Ending): readonly string[] =>
      [...this.endings].flatMap(([name, each]) => (each === ending ? [name] : []));
    return {
      passed: named('passed'),
      warned: named('warned'),
      failed: named('failed'),
      worst: this.said.has('failed') ? 'failed' : this.said.has('warned') ? 'warned' : null,
      startedAt: this.startedAt,
    };
  }

  private suite(attributeOf: AttributeOf): void {
    for (const [counter, ending] of COUNTERS) {
      // What is no number may stand for any.
      if (Number(attributeOf(counter) ?? 0) !== 0) this.said.add(ending);
    }
    for (const word of wordsOf(attributeOf)) if (FAILED.test(word)) this.said.add('failed');
    const at = startOf(attributeOf('timestamp'));
    if (at !== null && (this.startedAt === null || at < this.startedAt)) this.startedAt = at;
  }

  private begin(attributeOf: AttributeOf): void {
    if (this.test !== null) refuse('must not have a testcase in a testcase');
    const names = [attributeOf('classname') ?? '', attributeOf('name') ?? ''].filter((name) => name !== '');
    this.test = { name: names.length === 0 ? NAMELESS : names.join('.'), endings: [] };
    for (const word of wordsOf(attributeOf)) this.end(BY_WORD.get(word) ?? 'failed');
    if (attributeOf('success')?.trim().toLowerCase() === 'false') this.end('failed');
  }

  private end(ending: Ending | undefined): void {
    if (ending === undefined) return;
    this.said.add(ending);
    this.test?.endings.push(ending);
  }
}

/** Where set-up fails, some tools name no test for it. */
const NAMELESS = '(without a name)';
const COUNTERS = [
  ['failures', 'failed'],
  ['errors', 'failed'],
  ['warnings', 'warned'],
] as const;
/** Of a suite, of which other words are of another kind: that it was run, and where. */
const FAILED = /^(?:fail|error|broken|abort|crash|timeout|timed ?out|incomplete)/;

function wordsOf(attributeOf: AttributeOf): readonly string[] {
  return ['status', 'result'].flatMap((name) => attributeOf(name)?.trim().toLowerCase() ?? []);
}

function worst(endings: readonly Ending[], fromWorst: readonly Ending[]): Ending | undefined {
  return fromWorst.find((ending) => endings.includes(ending));
}

/** A time without its offset from UTC, which many tools write, is no moment. */
function startOf(text: string | null): Timestamp | null {
  if (text === null) return null;
  try {
    return parseTime(text);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
