import { isDeepStrictEqual } from 'node:util';
import type { CelEngine } from '../policy/cel.js';
import { evaluate } from '../policy/evaluate.js';
import type { RequirementResult, Verdict } from '../policy/verdict.js';
import { attestationOf, evaluationOf } from './policy-scene.js';
import type { LocatedCase } from './read-case-file.js';
import { saidOf, wantedOf } from './verdict-said.js';

/** One thing in which a verdict is not what the case wants. */
export interface Difference {
  /** Id of the requirement, or null for the verdict as a whole. */
  readonly requirement: string | null;
  readonly field: string;
  readonly expected: string;
  readonly got: string;
  /** Why the requirement came to what it came to, for people; null where there is nothing to say. */
  readonly because: string | null;
}

/** What became of one case. */
export interface CaseOutcome {
  readonly located: LocatedCase;
  /** Empty where the verdict is what the case wants. */
  readonly differences: readonly Difference[];
  readonly milliseconds: number;
}

/** Evaluates a case as the service would and compares what it says with what the case wants. */
export async function runCase(located: LocatedCase, cel: CelEngine, clock: () => number): Promise<CaseOutcome> {
  const { policyCase } = located;
  const started = clock();
  const verdict = await evaluate({ ...evaluationOf(policyCase), cel });
  const differences = differencesBetween(saidOf(policyCase, verdict, attestationOf), wantedOf(policyCase), verdict);
  return { located, differences, milliseconds: clock() - started };
}

function differencesBetween(
  { requirements: said, ...got }: ReturnType<typeof saidOf>,
  { requirements: wanted, ...expected }: ReturnType<typeof wantedOf>,
  verdict: Verdict,
): readonly Difference[] {
  const whole = differing(expected, got).map((field) => ({ requirement: null, ...field, because: null }));
  if (said === null || wanted === null) return whole;
  const results = new Map(verdict.requirements.map((result) => [result.id, result]));
  const ids = [...new Set([...Object.keys(wanted), ...Object.keys(said)])];
  return [
    ...whole,
    ...ids.flatMap((requirement) => {
      const because = reasonOf(results.get(requirement));
      return differing(wanted[requirement] ?? {}, said[requirement] ?? {}).map((field) => ({
        requirement,
        ...field,
        because,
      }));
    }),
  ];
}

function differing(expected: object, got: object): readonly Pick<Difference, 'field' | 'expected' | 'got'>[] {
  const [wanted, said] = [new Map(Object.entries(expected)), new Map(Object.entries(got))] as readonly [
    ReadonlyMap<string, unknown>,
    ReadonlyMap<string, unknown>,
  ];
  return [...new Set([...wanted.keys(), ...said.keys()])].flatMap((field) =>
    isDeepStrictEqual(wanted.get(field), said.get(field))
      ? []
      : [{ field, expected: written(wanted.get(field)), got: written(said.get(field)) }],
  );
}

function written(value: unknown): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function reasonOf(result: RequirementResult | undefined): string | null {
  if (result === undefined) return null;
  const { message, missing } = result;
  return missing === null ? message : `${message}; missing: ${missing}`;
}
