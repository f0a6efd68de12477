import { SaxesParser } from 'saxes';
import type { Timestamp } from './fact.js';
import { parseTime } from './parse-time.js';

/** What one file of JUnit's XML says. Tests by `classname.name`, or by their name alone; each in one of the lists. */
export interface JunitReport {
  /** Of the root, or of the only `testsuite` in it; null where neither has one. */
  readonly name: string | null;
  readonly passed: readonly string[];
  /** Those that passed when they were run again. */
  readonly warned: readonly string[];
  readonly failed: readonly string[];
  /** Something failed, whether or not a test is named for it. */
  readonly hasFailed: boolean;
  /** The earliest start of a suite that is given with its offset from UTC; null where there is none. */
  readonly startedAt: Timestamp | null;
}

type Ending = 'passed' | 'warned' | 'failed' | 'skipped';

/** In lower case, since a failure counts however it is written. */
const FAILURES: ReadonlySet<string> = new Set(['failure', 'error', 'rerunfailure', 'rerunerror']);
const FLAKES: ReadonlySet<string> = new Set(['flakyfailure', 'flakyerror']);
/** Words by which tools say in an attribute how a test ended, where they write no element for it. */
const FAILED_WORDS: ReadonlySet<string> = new Set(['fail', 'failed', 'failure', 'error', 'errored', 'broken']);
const SKIPPED_WORDS: ReadonlySet<string> = new Set([
  'skipped',
  'notrun',
  'disabled',
  'suppressed',
  'ignored',
  'pending',
]);

/**
 * Reads a report in the form that JUnit's Ant task began and other tools write: `testsuites` or `testsuite`, suites within
 * suites, and in them `testcase`s with `failure`, `error` or `skipped`. There is no standard; whatever says that
 * something failed counts, wherever it stands, and what is not known is passed over.
 *
 * Throws a RangeError where the text is no well-formed XML, is no such report, or has a document type: entities are
 * nothing that a report needs. Memory and time are linear in the text.
 */
export function parseJunitReport(text: string): JunitReport {
  const reading = new Reading();
  const parser = new SaxesParser({ xmlns: true });
  parser.on('doctype', () => refuse('must have no document type'));
  parser.on('opentag', ({ local, attributes }) => {
    reading.open(local, (name) => attributes[name]?.value ?? null);
  });
  parser.on('closetag', ({ local }) => {
    reading.close(local);
  });
  try {
    parser.write(text).close();
  } catch (error) {
    if (error instanceof RangeError || !(error instanceof Error)) throw error;
    return refuse(`must be well-formed XML: ${error.message}`);
  }
  return reading.report();
}

function refuse(message: string): never {
  throw new RangeError(message);
}

type AttributeOf = (name: string) => string | null;

class Reading {
  private depth = 0;
  private rootName: string | null = null;
  private readonly suites: (string | null)[] = [];
  private readonly endings = new Map<string, Ending>();
  private test: { readonly name: string; readonly endings: Ending[] } | null = null;
  private hasFailed = false;
  private startedAt: Timestamp | null = null;

  open(element: string, attributeOf: AttributeOf): void {
    const isRoot = this.depth === 0;
    this.depth += 1;
    if (isRoot && element !== 'testsuites' && element !== 'testsuite') {
      refuse(`must have testsuites or testsuite as its root, not ${element}`);
    }
    if (element === 'testsuites' || element === 'testsuite') this.suite(element, isRoot, attributeOf);
    else if (element === 'testcase') this.begin(attributeOf);
    else if (FAILURES.has(element.toLowerCase())) this.end('failed');
    else if (FLAKES.has(element.toLowerCase())) this.end('warned');
    else if (element === 'skipped') this.end('skipped');
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
    const only = this.suites.length === 1 ? (this.suites[0] ?? null) : null;
    return {
      name: this.rootName ?? only,
      passed: named('passed'),
      warned: named('warned'),
      failed: named('failed'),
      hasFailed: this.hasFailed,
      startedAt: this.startedAt,
    };
  }

  private suite(element: string, isRoot: boolean, attributeOf: AttributeOf): void {
    const name = attributeOf('name');
    if (isRoot) this.rootName = name === '' ? null : name;
    if (element === 'testsuite') this.suites.push(name === '' ? null : name);
    for (const counter of ['failures', 'errors']) {
      const count = attributeOf(counter);
      if (count === null) continue;
      if (!/^\d+$/.test(count)) refuse(`has ${counter} that are no count`);
      if (Number(count) > 0) this.hasFailed = true;
    }
    const at = startOf(attributeOf('timestamp'));
    if (at !== null && (this.startedAt === null || at < this.startedAt)) this.startedAt = at;
  }

  private begin(attributeOf: AttributeOf): void {
    if (this.test !== null) refuse('must not have a testcase in a testcase');
    const [name, classname] = [attributeOf('name') ?? '', attributeOf('classname') ?? ''];
    if (name === '') refuse('must name every testcase');
    this.test = { name: classname === '' ? name : `${classname}.${name}`, endings: [] };
    for (const word of [attributeOf('status'), attributeOf('result')]) {
      if (word === null) continue;
      if (FAILED_WORDS.has(word.toLowerCase())) this.end('failed');
      else if (SKIPPED_WORDS.has(word.toLowerCase())) this.end('skipped');
    }
  }

  private end(ending: Ending): void {
    if (ending === 'failed') this.hasFailed = true;
    this.test?.endings.push(ending);
  }
}

const WITHIN_A_TEST: readonly Ending[] = ['failed', 'warned', 'skipped'];
/** Of what is told several times the worst counts, and whatever passed once was not skipped. */
const OF_ONE_NAME: readonly Ending[] = ['failed', 'warned', 'passed', 'skipped'];

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
