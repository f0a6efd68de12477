import { afterAll, describe, expect, it } from 'vitest';
import { CelEngine } from '../../src/policy/cel.js';
import { evaluate } from '../../src/policy/evaluate.js';
import { contentDigest } from '../../src/policy/question.js';
import { CONSIDERED_CODES, REQUIREMENT_CODES, type Verdict } from '../../src/policy/verdict.js';
import type { PolicyCase } from '../../src/policy-test/policy-cases.js';
import { loadPolicyCases } from './own-policy-cases.js';
import { attestationOf, evaluationOf } from '../../src/policy-test/policy-scene.js';
import { saidOf, wantedOf } from '../../src/policy-test/verdict-said.js';

/** Slow machines must not make errors of expressions that merely wait. */
const PATIENT = {
  evaluationMilliseconds: 10_000,
  waitMilliseconds: 60_000,
  startMilliseconds: 60_000,
  memoryMegabytes: 512,
};

const cel = new CelEngine(PATIENT);
const cases = loadPolicyCases();
const reached = new Set<string>();
const considered = new Set<string>();

function verdictOf(each: PolicyCase, change: Partial<ReturnType<typeof evaluationOf>> = {}): Promise<Verdict> {
  return evaluate({ ...evaluationOf(each), ...change, cel });
}

afterAll(() => cel.close());

describe.each([...Map.groupBy(cases, ({ rule }) => rule)])('%s', (_rule, ofRule) => {
  it.each(ofRule.map((each) => [each.name, each.description, each] as const))('%s: %s', async (_name, _text, each) => {
    const verdict = await verdictOf(each);
    for (const result of verdict.requirements) {
      reached.add(result.code);
      for (const { code } of result.considered) considered.add(code);
    }
    expect(saidOf(each, verdict, attestationOf)).toEqual(wantedOf(each));
  });
});

describe('every case', () => {
  it('is one of at least four hundred, each with a name of its own', () => {
    expect(cases.length).toBeGreaterThanOrEqual(400);
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });

  it('among them reaches every code', () => {
    expect(REQUIREMENT_CODES.filter((code) => !reached.has(code))).toEqual([]);
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
