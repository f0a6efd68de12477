import type { CaseOutcome, Difference } from './run-case.js';

/** What became of the cases, for people: those that fail with what was expected and what came of it, then how many. */
export function reportLines(outcomes: readonly CaseOutcome[]): readonly string[] {
  const failed = outcomes.filter(({ differences }) => differences.length > 0);
  return [
    ...outcomes.flatMap(({ located: { file, line, policyCase }, differences }) =>
      differences.length === 0
        ? [`ok    ${policyCase.name}`]
        : [`FAIL  ${policyCase.name}  ${file}:${line}`, ...differenceLines(differences).map((text) => `      ${text}`)],
    ),
    `${outcomes.length} ${outcomes.length === 1 ? 'case' : 'cases'}, ${failed.length} failed`,
  ].map(printable);
}

/** `scanned: code: expected satisfied, got no_evidence`, and below it why. */
export function differenceLines(differences: readonly Difference[]): readonly string[] {
  return differences.flatMap(({ requirement, field, expected, got, because }, index) => {
    const what = requirement === null ? field : `${requirement}: ${field}`;
    const isLast = differences[index + 1]?.requirement !== requirement;
    const reason = because === null || !isLast ? [] : [`    because ${because}`];
    return [`${what}: expected ${expected}, got ${got}`, ...reason];
  });
}

/** The same for programs. */
export function reportJson(outcomes: readonly CaseOutcome[]): object {
  return {
    cases: outcomes.map(({ located: { file, line, policyCase }, differences, milliseconds }) => ({
      name: policyCase.name,
      file,
      line,
      passed: differences.length === 0,
      differences,
      milliseconds: Math.round(milliseconds),
    })),
    failed: outcomes.filter(({ differences }) => differences.length > 0).length,
  };
}

/** Characters that could move a cursor or reverse a line are shown and not sent to a terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}
