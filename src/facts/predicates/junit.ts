import type { TestFact, Timestamp } from '../fact.js';
import { parseJunitReport, type JunitReport } from '../junit-report.js';
import type { PredicateField, PredicateReader } from '../predicate-field.js';
import { readTestConfiguration } from '../test-configuration.js';

/**
 * A test result as the tools wrote it: `report`, the text of a JUnit file, or of several in a list, of one run. What is said
 * beside it, `configuration` and `url`, is as in in-toto's test result v0.1. Several files are one result: it passed where
 * nothing in any of them failed, and something ran.
 *
 * Which suite it is of is said beside the report and never in it: by what tools call their suites a run that fails, and so
 * writes another suite or file, would be taken for the result of something else, and leave the last pass standing.
 */
export const readJunit: PredicateReader = (predicate) => {
  const reports = textsOf(predicate).flatMap(readReport);
  const { suite, environment, configuration } = readTestConfiguration(predicate);
  const failed = [...new Set(reports.flatMap((report) => report.failed))];
  const warned = without(
    reports.flatMap((report) => report.warned),
    failed,
  );
  const passed = without(
    reports.flatMap((report) => report.passed),
    [...failed, ...warned],
  );
  const content: TestFact = {
    kind: 'test',
    result: resultOf(reports, passed, warned),
    suite,
    url: predicate.hint('url'),
    environment,
    configuration,
    passed,
    warned,
    failed,
  };
  return [{ content, ownTime: earliest(reports.flatMap(({ startedAt }) => startedAt ?? [])) }];
};

function textsOf(predicate: PredicateField): readonly PredicateField[] {
  const report = predicate.member('report');
  if (Array.isArray(report.value) && report.elements.length > 0) return report.elements;
  return [report];
}

function readReport(field: PredicateField): readonly JunitReport[] {
  if (typeof field.value !== 'string' || field.value === '') {
    field.fault('must be the text of a JUnit file, or a list of such texts');
    return [];
  }
  try {
    return [parseJunitReport(field.value)];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    field.fault(error.message);
    return [];
  }
}

/** Where nothing ran nothing is known. */
function resultOf(
  reports: readonly JunitReport[],
  passed: readonly string[],
  warned: readonly string[],
): TestFact['result'] {
  const worst = new Set(reports.map((report) => report.worst));
  if (worst.has('failed')) return 'failed';
  if (worst.has('warned') || warned.length > 0) return 'warned';
  return passed.length > 0 ? 'passed' : 'unknown';
}

function without(names: readonly string[], others: readonly string[]): readonly string[] {
  const left = new Set(names);
  for (const other of others) left.delete(other);
  return [...left];
}

function earliest(times: readonly Timestamp[]): Timestamp | null {
  return [...times].sort()[0] ?? null;
}
