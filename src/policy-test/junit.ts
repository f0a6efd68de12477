import type { CaseOutcome } from './run-case.js';
import { differenceLines } from './report.js';

/**
 * The outcomes as JUnit XML, a suite a file. Whatever stands in names and messages is escaped, and what XML 1.0 cannot hold
 * (section 2.2) stands as U+FFFD.
 */
export function junitXml(outcomes: readonly CaseOutcome[]): string {
  const files = [...Map.groupBy(outcomes, ({ located }) => located.file)];
  const suites = files.map(([file, ofFile]) => {
    const cases = ofFile.map((outcome) => caseElement(file, outcome)).join('');
    return `  <testsuite${attributes({ name: file, ...totals(ofFile) })}>\n${cases}  </testsuite>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${attributes(totals(outcomes))}>\n${suites.join('')}</testsuites>\n`;
}

function totals(outcomes: readonly CaseOutcome[]): Readonly<Record<string, string>> {
  return {
    tests: String(outcomes.length),
    failures: String(outcomes.filter(({ differences }) => differences.length > 0).length),
    errors: '0',
    time: seconds(outcomes.reduce((sum, { milliseconds }) => sum + milliseconds, 0)),
  };
}

function caseElement(file: string, { located, differences, milliseconds }: CaseOutcome): string {
  const { name } = located.policyCase;
  const head = `    <testcase${attributes({ name, classname: file, file, line: String(located.line), time: seconds(milliseconds) })}`;
  if (differences.length === 0) return `${head}/>\n`;
  const lines = differenceLines(differences);
  const failure = `<failure${attributes({ message: lines[0] ?? '' })}>${escaped(lines.join('\n'))}</failure>`;
  return `${head}>\n      ${failure}\n    </testcase>\n`;
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(value).replaceAll('\n', '&#10;').replaceAll('\t', '&#9;')}"`)
    .join('');
}

function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#13;');
}
