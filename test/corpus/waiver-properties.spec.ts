import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { CelEngine } from '../../src/policy/cel.js';
import { evaluate } from '../../src/policy/evaluate.js';
import { contentDigest } from '../../src/policy/question.js';
import type { Verdict } from '../../src/policy/verdict.js';
import type { Waiver } from '../../src/policy/waiver.js';
import { policyCase } from './policy-arbitrary.js';
import { CASES_AT } from '../../src/policy-test/case-shape.js';
import type { PolicyCase } from '../../src/policy-test/policy-cases.js';
import { evaluationOf } from '../../src/policy-test/policy-scene.js';

const PATIENT = {
  evaluationMilliseconds: 30_000,
  waitMilliseconds: 60_000,
  startMilliseconds: 60_000,
  memoryMegabytes: 512,
};
const RUNS = Number(process.env['POLICY_PROPERTY_RUNS'] ?? 400);
const HOUR = 3_600_000;
const NOW = Date.parse(CASES_AT);

const cel = new CelEngine(PATIENT);
afterAll(() => cel.close());

interface Requirement {
  readonly [word: string]: unknown;
}

/** The requirement with an id on it and on everything inside of it. */
function identified(requirement: Requirement, id: string): Requirement {
  const fields = Object.entries(requirement).map(([word, value]): [string, unknown] => {
    if (word === 'not') return [word, identified(value as Requirement, `${id}-n`)];
    if (word !== 'anyOf' && word !== 'allOf') return [word, value];
    return [word, (value as readonly Requirement[]).map((branch, index) => identified(branch, `${id}-${index}`))];
  });
  return { ...Object.fromEntries(fields), id };
}

function withIds(each: PolicyCase): PolicyCase {
  const { requirements } = each.policy as { readonly requirements: readonly Requirement[] };
  const named = requirements.map((requirement, index) => identified(requirement, `r${index}`));
  return { ...each, policy: { ...each.policy, requirements: named } };
}

function waiversOf(each: PolicyCase): fc.Arbitrary<readonly Waiver[]> {
  const { digest, repository } = evaluationOf(each);
  const waiver = fc.record({
    policy: fc.constant('random'),
    requirement: fc.constantFrom('r0', 'r0', 'r1', 'r0-0', 'r0-1', 'r0-n', 'r0-0-0', 'r1-0'),
    vulnerability: fc.constantFrom(null, null, 'CVE-1', 'CVE-9'),
    scope: fc.constantFrom<Waiver['scope']>(
      { type: 'digest', digest },
      { type: 'repository', repository: repository ?? '' },
      { type: 'repository', repository: 'registry.example/other' },
    ),
    parameters: fc.constantFrom<Waiver['parameters']>({}, {}, {}, { region: 'eu' }),
    reason: fc.constant('random'),
    from: fc.integer({ min: -3, max: 1 }).map((hours) => NOW + hours * HOUR),
    until: fc.integer({ min: 0, max: 6 }).map((hours) => NOW + hours * HOUR),
  });
  return fc
    .array(waiver, { minLength: 1, maxLength: 5, size: 'max' })
    .map((waivers) => waivers.map((fields, index) => ({ id: `w${index}`, ...fields })));
}

const waivedCase = (withNot: boolean): fc.Arbitrary<{ each: PolicyCase; waivers: readonly Waiver[] }> =>
  policyCase(withNot)
    .map(({ each }) => withIds(each))
    .chain((each) => fc.record({ each: fc.constant(each), waivers: waiversOf(each) }));

function verdictOf(each: PolicyCase, waivers: readonly Waiver[], now = each.now): Promise<Verdict> {
  return evaluate({ ...evaluationOf(each), waivers, now, cel });
}

/** What a branch that is waived takes away is what an unmet requirement around it would else say, too. */
const comeTo = ({ decision, waivers, requirements }: Verdict): unknown => [
  decision,
  waivers,
  requirements.map(({ status }) => status),
];

const isMet = ({ status }: Verdict['requirements'][number]): boolean => status === 'satisfied' || status === 'waived';

describe('whatever is waived', { timeout: 120_000 }, () => {
  it('some of it is needed', async () => {
    const sample = fc.sample(waivedCase(true), { numRuns: 400, seed: 7 });
    const verdicts = await Promise.all(sample.map(({ each, waivers }) => verdictOf(each, waivers)));
    expect(verdicts.filter(({ waivers }) => waivers.length > 0).length).toBeGreaterThan(30);
    expect(verdicts.filter(({ waivers }) => waivers.length === 0).length).toBeGreaterThan(60);
  });

  it('only what was not satisfied and could be evaluated comes out otherwise, and then as waived', async () => {
    await fc.assert(
      fc.asyncProperty(waivedCase(true), async ({ each, waivers }) => {
        const [without, verdict] = await Promise.all([verdictOf(each, []), verdictOf(each, waivers)]);
        verdict.requirements.forEach((result, index) => {
          const unwaived = without.requirements[index];
          if (result.status !== 'waived') return;
          // Inside of an anyOf a branch that is waived passes beside one in error.
          const isPlain = !('anyOf' in requirementOf(each, index));
          expect(isPlain ? ['unsatisfied'] : ['unsatisfied', 'error']).toContain(unwaived?.status);
          expect(result.waivers?.length).toBeGreaterThan(0);
        });
        if (verdict.waivers.length === 0) expect(comeTo(verdict)).toEqual(comeTo(without));
        if (without.decision === 'allow') expect(verdict.decision).toBe('allow');
      }),
      { numRuns: RUNS },
    );
  });

  it('a verdict names the waivers without each of which a requirement would not be met, and no others', async () => {
    await fc.assert(
      fc.asyncProperty(waivedCase(true), async ({ each, waivers }) => {
        const verdict = await verdictOf(each, waivers);
        const used = waivers.filter(({ id }) => verdict.waivers.includes(id));
        expect(used.map(({ id }) => id)).toEqual(verdict.waivers);
        const enough = await verdictOf(each, used);
        expect(comeTo(enough)).toEqual(comeTo(verdict));
        for (const waiver of used) {
          const less = await verdictOf(
            each,
            used.filter((other) => other !== waiver),
          );
          const index = verdict.requirements.findIndex((result) => result.waivers?.includes(waiver.id) === true);
          expect(isMet(less.requirements[index]!)).toBe(false);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('no waiver counts that is not about the image, its repository and its parameters, or does not hold', async () => {
    await fc.assert(
      fc.asyncProperty(waivedCase(true), async ({ each, waivers }) => {
        const verdict = await verdictOf(each, waivers);
        for (const { id, scope, parameters, from, until } of waivers) {
          if (!verdict.waivers.includes(id)) continue;
          expect(scope).not.toEqual({ type: 'repository', repository: 'registry.example/other' });
          expect(parameters).toEqual({});
          expect(from).toBeLessThanOrEqual(NOW);
          expect(until).toBeGreaterThan(NOW);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('the order of waivers changes no byte', async () => {
    await fc.assert(
      fc.asyncProperty(waivedCase(true), async ({ each, waivers }) => {
        const expected = JSON.stringify(await verdictOf(each, waivers));
        expect(JSON.stringify(await verdictOf(each, [...waivers].reverse()))).toBe(expected);
      }),
      { numRuns: RUNS },
    );
  });

  it('an answer holds exactly until validUntil', async () => {
    await fc.assert(
      fc.asyncProperty(
        waivedCase(true),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        async ({ each, waivers }, where) => {
          const verdict = await verdictOf(each, waivers);
          const said = contentDigest(verdict);
          const until = verdict.validUntil === null ? NOW + 1e12 : Date.parse(verdict.validUntil);
          expect(until).toBeGreaterThan(NOW);
          const between = new Date(NOW + Math.floor((until - NOW) * where)).toISOString();
          expect(contentDigest(await verdictOf(each, waivers, between))).toBe(said);
          expect(contentDigest(await verdictOf(each, waivers, new Date(until - 1).toISOString()))).toBe(said);
          if (verdict.validUntil !== null) {
            expect(contentDigest(await verdictOf(each, waivers, verdict.validUntil))).not.toBe(said);
          }
        },
      ),
      { numRuns: RUNS },
    );
  });
});

function requirementOf(each: PolicyCase, index: number): Requirement {
  const { requirements } = each.policy as { readonly requirements: readonly Requirement[] };
  return requirements[index] ?? {};
}
