import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { CelEngine } from '../../src/policy/cel.js';
import { evaluate } from '../../src/policy/evaluate.js';
import type { Verdict } from '../../src/policy/verdict.js';
import { policyCase } from './policy-arbitrary.js';
import type { PolicyCase } from '../../src/policy-test/policy-cases.js';
import { loadPolicyCases } from './own-policy-cases.js';
import { providing } from './policy-missing.js';
import { evaluationOf } from '../../src/policy-test/policy-scene.js';

const cel = new CelEngine({
  evaluationMilliseconds: 30_000,
  waitMilliseconds: 60_000,
  startMilliseconds: 60_000,
  memoryMegabytes: 512,
});
afterAll(() => cel.close());

const RUNS = Number(process.env['POLICY_PROPERTY_RUNS'] ?? 400);
const cases = loadPolicyCases();

function verdictOf(each: PolicyCase): Promise<Verdict> {
  return evaluate({ ...evaluationOf(each), cel });
}

describe('what is missing', () => {
  const provided: string[] = [];

  it.each(cases.map((each) => [each.name, each] as const))(
    '%s: is what turns a deny into an allow',
    async (name, each) => {
      const verdict = await verdictOf(each);
      if (verdict.decision === 'allow') {
        expect(verdict.missing).toEqual([]);
        return;
      }
      for (const { requirement } of verdict.missing) {
        const result = verdict.requirements.find(({ id }) => id === requirement);
        expect(['unsatisfied', 'error']).toContain(result?.status);
      }
      for (const { id, status } of verdict.requirements) {
        const isTold = verdict.missing.some(({ requirement }) => requirement === id);
        expect(isTold).toBe(status === 'unsatisfied' || status === 'error');
      }
      const after = providing(each, verdict.missing);
      if (after === null || verdict.missing.length === 0) return;
      const then = await verdictOf(after);
      const lacking = then.requirements.filter(({ status }) => status === 'unsatisfied' || status === 'error');
      expect(lacking).toEqual([]);
      expect(then.decision).toBe('allow');
      provided.push(name);
    },
  );

  it('is of an index, or of each of its manifests, for programs as for people', async () => {
    const each = cases.find(({ name }) => name === 'index-not-lifted-by-some-manifests');
    expect(each).toBeDefined();
    const { missing, requirements } = await verdictOf(each!);
    expect(missing.map(({ text }) => text)).toEqual(requirements.map(({ missing: text }) => text));
    expect(missing[0]?.text).toMatch(/^a scan by one of \[trivy\] .*; about the index, or about sha256:[0-9a-f]{64}$/);
  });

  it('is evidence that can be provided in most of the cases that deny', () => {
    expect(provided.length).toBeGreaterThanOrEqual(80);
  });

  it('is no more than is needed, and enough, whatever the policy and the evidence', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(policyCase(false), async ({ each }) => {
        const { decision, missing } = await verdictOf(each);
        // Who may take back a rejection is a matter of people and their keys, for which cases are made one by one.
        const isPersonal = missing.some(({ kind, conditions }) => kind === 'approval' && 'replaces' in conditions);
        const after = decision === 'allow' || isPersonal ? null : providing(each, missing);
        if (after === null) return;
        expect((await verdictOf(after)).decision).toBe('allow');
        const [one, ...others] = missing;
        // One piece of evidence may do for two requirements; what one of them needs is told of each.
        const isChoice = JSON.stringify(each.policy).includes('anyOf');
        if (one === undefined || one.count === 1 || others.length > 0 || isChoice) return;
        const short = providing(each, [{ ...one, count: one.count - 1 }]);
        if (short !== null) expect((await verdictOf(short)).decision).toBe('deny');
      }),
      { numRuns: RUNS },
    );
  });
});
