import type { Severity } from './fact.js';

/**
 * `unknown` may turn out to be anything: what is known to be grave stands above it, what is known to be mild must not
 * hide it.
 */
const WORST_FIRST: readonly Severity[] = ['critical', 'high', 'unknown', 'medium', 'low', 'negligible', 'none'];

/** Words in use besides our own: Red Hat's and GitHub's. */
const BY_WORD: ReadonlyMap<string, Severity> = new Map([
  ...WORST_FIRST.map((severity) => [severity, severity] as const),
  ['important', 'high'],
  ['moderate', 'medium'],
]);

/** Whether the word is one by which severity is said. */
export function isSeverityWord(word: string): boolean {
  return BY_WORD.has(word.trim().toLowerCase());
}

export function worseSeverity(one: Severity, other: Severity): Severity {
  return WORST_FIRST.indexOf(one) <= WORST_FIRST.indexOf(other) ? one : other;
}

/**
 * The severity of a finding from every word said about it and its highest CVSS score. The worst word decides; a score
 * decides where there is no word, and counts beside words that are not understood.
 */
export function severityOf(words: readonly string[], score: number | null): Severity {
  const byScore = score === null ? 'unknown' : severityOfScore(score);
  if (words.length === 0) return byScore;
  const byWord = words.map((word) => BY_WORD.get(word.trim().toLowerCase()) ?? 'unknown').reduce(worseSeverity);
  return byWord === 'unknown' ? worseSeverity(byWord, byScore) : byWord;
}

/** Qualitative severity rating scale of CVSS v3.1, section 5; scores between its bands belong to the lower one. */
function severityOfScore(score: number): Severity {
  if (score === 0) return 'none';
  if (score < 4) return 'low';
  if (score < 7) return 'medium';
  return score < 9 ? 'high' : 'critical';
}

/** Whether the number can be a CVSS base score. */
export function isScore(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 10;
}

/** The higher of two scores, where null is a score nobody knows. */
export function higherScore(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.max(one, other);
}
