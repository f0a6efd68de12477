import { afterAll, describe, expect, it } from 'vitest';
import { CelEngine } from '../../src/policy/cel.js';
import { evaluate } from '../../src/policy/evaluate.js';
import { contentDigest } from '../../src/policy/question.js';
import { CONSIDERED_CODES, REQUIREMENT_CODES, type RequirementResult, type Verdict } from '../../src/policy/verdict.js';
import { loadPolicyCases, type PolicyCase, type Want } from './policy-cases.js';
import { attestationOf, evaluationOf } from './policy-scene.js';

/** Slow machines must not make errors of expressions that merely wait. */
const PATIENT = { evaluationMilliseconds: 10_000, waitMilliseconds: 60_000, startMilliseconds: 60_000 };

const cel = new CelEngine(PATIENT);
const cases = loadPolicyCases();
const reached = new Set<string>();
const considered = new Set<string>();

function verdictOf(each: PolicyCase, change: Partial<ReturnType<typeof evaluationOf>> = {}): Promise<Verdict> {
  return evaluate({ ...evaluationOf(each), ...change, cel });
}

/** What a verdict says, in the words and with the names of the case, as far as the case says anything. */
function saidOf(each: PolicyCase, verdict: Verdict): Want {
  const { decision, wouldDeny, validUntil } = verdict;
  return {
    decision,
    wouldDeny,
    ...(each.want.validUntil === undefined ? {} : { validUntil }),
    requirements: Object.fromEntries(
      verdict.requirements.map((result) => [result.id, resultSaid(each, result, each.want.requirements[result.id])]),
    ),
  };
}

function resultSaid(
  each: PolicyCase,
  result: RequirementResult,
  want: Want['requirements'][string] | undefined,
): Want['requirements'][string] {
  const names = new Map(each.evidence.map(({ name }) => [attestationOf(name), name]));
  const nameOf = (id: RequirementResult['evidence'][number]): string => names.get(id) ?? id;
  const codes = new Map<string, string[]>();
  for (const one of result.considered) {
    codes.set(nameOf(one.attestation), [...(codes.get(nameOf(one.attestation)) ?? []), one.code]);
  }
  return {
    code: result.code,
    ...(want?.status === undefined ? {} : { status: result.status }),
    ...(want?.evidence === undefined ? {} : { evidence: result.evidence.map(nameOf).sort() }),
    ...(want?.considered === undefined
      ? {}
      : { considered: Object.fromEntries([...codes].map(([name, all]) => [name, all.length === 1 ? all[0] : all])) }),
    ...(want?.message === undefined ? {} : { message: held(result.message, want.message) }),
    ...(want?.missing === undefined ? {} : { missing: held(result.missing ?? '', want.missing) }),
  } as Want['requirements'][string];
}

/** The part that is asked for, or where it is not there, the whole for the reader of the failure. */
function held(text: string, part: string): string {
  return text.includes(part) ? part : text;
}

afterAll(() => cel.close());

describe.each([...Map.groupBy(cases, ({ rule }) => rule)])('%s', (_rule, ofRule) => {
  it.each(ofRule.map((each) => [each.name, each.description, each] as const))('%s: %s', async (_name, _text, each) => {
    const verdict = await verdictOf(each);
    for (const result of verdict.requirements) {
      reached.add(result.code);
      for (const { code } of result.considered) considered.add(code);
    }
    const sorted = Object.entries(each.want.requirements).map(([id, want]) => [
      id,
      want.evidence === undefined ? want : { ...want, evidence: [...want.evidence].sort() },
    ]);
    expect(saidOf(each, verdict)).toEqual({ ...each.want, requirements: Object.fromEntries(sorted) });
  });
});

describe('every case', () => {
  it('is one of at least eighty, each with a name of its own', () => {
    expect(cases.length).toBeGreaterThanOrEqual(80);
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });

  it('among them reaches every code but that of waivers', () => {
    expect(REQUIREMENT_CODES.filter((code) => !reached.has(code))).toEqual(['waived']);
    const unreached = CONSIDERED_CODES.filter((code) => !considered.has(code));
    // The others tell of a requirement as a whole and never of one piece of evidence.
    expect(unreached.sort()).toEqual(['no_evidence', 'not_applicable', 'not_enough_evidence', 'waived']);
  });

  it.each(cases.map((each) => [each.name, each] as const))('%s comes to the same in any order', async (_name, each) => {
    const { facts } = evaluationOf(each);
    const expected = JSON.stringify(await verdictOf(each));
    for (const order of [[...facts].reverse(), [...facts.slice(1), ...facts.slice(0, 1)]]) {
      expect(JSON.stringify(await verdictOf(each, { facts: order }))).toBe(expected);
    }
  });

  it.each(cases.map((each) => [each.name, each] as const))('%s holds exactly until validUntil', async (_name, each) => {
    const verdict = await verdictOf(each);
    if (verdict.validUntil === null) {
      const far = await verdictOf(each, { now: '2999-01-01T00:00:00.000Z' });
      expect(contentDigest(far)).toBe(contentDigest(verdict));
    } else if (verdict.validUntil !== verdict.evaluatedAt) {
      const until = Date.parse(verdict.validUntil);
      const before = await verdictOf(each, { now: new Date(until - 1).toISOString() });
      const then = await verdictOf(each, { now: verdict.validUntil });
      expect(contentDigest(before)).toBe(contentDigest(verdict));
      expect(contentDigest(then)).not.toBe(contentDigest(verdict));
    }
  });
});
