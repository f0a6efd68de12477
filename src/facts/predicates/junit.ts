import type { TestFact, Timestamp } from '../fact.js';
import { parseJunitReport, type JunitReport } from '../junit-report.js';
import type { PredicateField, PredicateReader } from '../predicate-field.js';
import { readTestConfiguration } from '../test-configuration.js';

/**
 * A test result as the tools wrote it: `report`, the text of a JUnit file, or of several in a list, of one run. What is said
 * beside it, `configuration` and `url`, is as in in-toto's test result v0.1. Several files are one result: it passed where
 * nothing in any of them failed, and something ran.
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
    suite: suite ?? nameOf(reports),
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
  if (reports.some(({ hasFailed }) => hasFailed)) return 'failed';
  if (warned.length > 0) return 'warned';
  return passed.length > 0 ? 'passed' : 'unknown';
}

function nameOf(reports: readonly JunitReport[]): string | null {
  const names = new Set(reports.map(({ name }) => name));
  return names.size === 1 ? ([...names][0] ?? null) : null;
}

function without(names: readonly string[], others: readonly string[]): readonly string[] {
  const left = new Set(names);
  for (const other of others) left.delete(other);
  return [...left];
}

function earliest(times: readonly Timestamp[]): Timestamp | null {
  return [...times].sort()[0] ?? null;
}
