import cvss from 'ae-cvss-calculator';
import type { PredicateField } from './predicate-field.js';
import { higherScore } from './severity.js';

// Its names are not among those that an import of a CommonJS module finds by itself.
const { Cvss2, Cvss3P0, Cvss3P1, Cvss4P0 } = cvss;

/** Longer than any vector with every optional metric in it. */
const MAX_LENGTH = 500;
/** Reports repeat few vectors many times, and a score of CVSS 4.0 is slow to work out. */
const MAX_REMEMBERED = 4_096;
const remembered = new Map<string, number | null>();

/**
 * The base score of a CVSS vector of version 2.0, 3.0, 3.1 or 4.0, or null where it is none: every metric known, none
 * twice, all base metrics there (CVSS v3.1, section 6; v4.0, section 7). Metrics of threat, time and environment do not
 * change the base score. Without a prefix, and also in the brackets that NVD puts around it, it is a vector of 2.0.
 */
export function scoreOfVector(vector: string): number | null {
  if (vector.length > MAX_LENGTH) return null;
  const known = remembered.get(vector);
  if (known !== undefined) return known;
  const score = calculate(vector);
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(vector, score);
  return score;
}

/** Whether the text means to be a vector with its version, well-formed or not. */
export function resemblesVector(text: string): boolean {
  return /^cvss:/i.test(text);
}

/**
 * The highest score of vectors. One that is malformed is passed over where something else rates the finding, be it
 * another vector; where nothing does it would have decided, and is a fault.
 */
export function readVectors(vectors: readonly PredicateField[], ratedOtherwise: boolean): number | null {
  const scores = vectors.map(({ value }) => (typeof value === 'string' ? scoreOfVector(value.trim()) : null));
  const highest = scores.reduce(higherScore, null);
  if (highest === null && !ratedOtherwise) for (const vector of vectors) vector.fault('must be a CVSS vector');
  return highest;
}

function calculate(vector: string): number | null {
  const [, version = '2.0', metrics = ''] =
    /^(?:CVSS:(\d\.\d)\/)?(.*)$/s.exec(vector.replace(/^\((.*)\)$/s, '$1')) ?? [];
  switch (version) {
    case '2.0':
      return baseOf(new Cvss2(), metrics, (scores) => scores.base);
    case '3.0':
      return baseOf(new Cvss3P0(), metrics, (scores) => scores.base);
    case '3.1':
      return baseOf(new Cvss3P1(), metrics, (scores) => scores.base);
    case '4.0':
      // Its `base` takes the threat metrics in.
      return baseOf(new Cvss4P0(), metrics, (scores) => scores.baseMetricsOnly);
    default:
      return null;
  }
}

interface Calculator<Scores> {
  /** False for a metric or value that the version does not have. */
  applyComponentStringSilent(metric: string, value: string): boolean;
  isBaseFullyDefined(): boolean;
  calculateScores(): Scores;
}

function baseOf<Scores>(
  calculator: Calculator<Scores>,
  metrics: string,
  base: (scores: Scores) => number | undefined,
): number | null {
  const seen = new Set<string>();
  for (const part of metrics.split('/')) {
    const [, metric, value] = /^([A-Za-z]{1,3}):([A-Za-z]{1,6})$/.exec(part) ?? [];
    if (metric === undefined || value === undefined || seen.has(metric)) return null;
    if (!calculator.applyComponentStringSilent(metric, value)) return null;
    seen.add(metric);
  }
  return calculator.isBaseFullyDefined() ? (base(calculator.calculateScores()) ?? null) : null;
}
