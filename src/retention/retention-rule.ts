import { compileGlob } from '../intoto/glob.js';
import { KINDS, type Kind } from '../intoto/predicate-kind.js';
import { DURATION_PATTERN, durationMilliseconds } from '../policy/duration.js';

/** One class of evidence, and how old it must be before its envelopes are dropped. */
export interface RetentionRule {
  /** As the operator gave it: how the account and those who ask for an envelope name the rule. */
  readonly text: string;
  /** What comes before the age: a kind of evidence, or a glob of predicate types. */
  readonly of: string;
  /** In milliseconds since receipt. */
  readonly age: number;
  readonly covers: (evidence: Classed) => boolean;
}

/** By what evidence falls into a class. */
export interface Classed {
  readonly kind: string;
  /** null where the payload is no statement. */
  readonly predicateType: string | null;
}

const LONGEST_RULE = 500;

/**
 * Reads rules such as `scan:400d` or `https://cyclonedx.org/**:P90D`: a kind of evidence or a glob of predicate types, a
 * colon, and an age. Answers all of them, or every fault there is.
 */
export function parseRetentionRules(
  texts: readonly string[],
): { readonly rules: readonly RetentionRule[] } | { readonly faults: readonly string[] } {
  if (texts.length === 0) return { faults: ['no rule is given, and nothing is ever dropped without one'] };
  const parsed = texts.map(parseRule);
  const rules = parsed.flatMap((each) => (typeof each === 'string' ? [] : [each]));
  const classes = rules.map((rule) => rule.of);
  const twice = [...new Set(classes.filter((name, index) => classes.indexOf(name) !== index))];
  const faults = [
    ...parsed.flatMap((each) => (typeof each === 'string' ? [each] : [])),
    ...twice.map((name) => `${name} is given more than once`),
  ];
  return faults.length > 0 ? { faults } : { rules };
}

/** The first rule by which this evidence is due at this moment; null where there is none. */
export function ruleFor(
  rules: readonly RetentionRule[],
  evidence: Classed & { readonly receivedAt: Date },
  now: Date,
): RetentionRule | null {
  const age = now.getTime() - evidence.receivedAt.getTime();
  return rules.find((rule) => age >= rule.age && rule.covers(evidence)) ?? null;
}

/** The rule, or what is wrong with it. */
function parseRule(text: string): RetentionRule | string {
  const colon = text.lastIndexOf(':');
  const of = text.slice(0, Math.max(colon, 0));
  const age = text.slice(colon + 1);
  const shape = 'expected a kind or a predicate type, a colon and an age, as in scan:400d';
  if (colon <= 0 || text.length > LONGEST_RULE) return `${text.slice(0, LONGEST_RULE)}: ${shape}`;
  if (!DURATION_PATTERN.test(age)) return `${text}: ${age} is no age; expected one such as 400d, 12w or P90D`;
  const covers = coverage(of);
  if (covers === null) return `${text}: ${of} is no kind; there are ${KINDS.join(', ')}, and predicate types`;
  return { text, of, age: durationMilliseconds(age), covers };
}

/** Predicate types are URIs (in-toto field types), so that none is ever taken for a kind. */
function coverage(of: string): RetentionRule['covers'] | null {
  if (isKind(of)) return ({ kind }) => kind === of;
  if (!/[:/*]/.test(of)) return null;
  const matches = compileGlob(of);
  return ({ predicateType }) => predicateType !== null && matches(predicateType);
}

function isKind(text: string): text is Kind {
  return (KINDS as readonly string[]).includes(text);
}
