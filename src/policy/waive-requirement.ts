import type { CompiledRequirement } from './compile-policy.js';
import { concluded } from './considered.js';
import type { Scene } from './scene.js';
import type { RequirementResult } from './verdict.js';
import { isInForce, type Waiver } from './waiver.js';

/** Waivers of findings of which it is tried whether it would be met without: each costs another look at every finding. */
const MOST_TRIED = 32;

/** What the requirement comes to in a scene, whatever its waivers. */
type Evaluate = (scene: Scene) => RequirementResult;

/**
 * What a requirement comes to with its waivers. Only what is not satisfied can be waived: what is satisfied needs none, what
 * does not apply neither, and what is in error stays so, since nobody has said what would be waived with it.
 *
 * Waivers of findings go before those of the whole requirement, and of either as few and as lasting ones as will do: so
 * those named are those without which it would not be met. Of very many waivers of findings more may be named.
 */
export function waived(requirement: CompiledRequirement, scene: Scene, evaluate: Evaluate): RequirementResult {
  const result = evaluate(scene);
  const waivers = scene.waivers.get(requirement.id);
  if (waivers === undefined || result.status !== 'unsatisfied') return result;
  return waivedFindings(waivers, result, requirement, scene, evaluate) ?? waivedWhole(waivers, result, scene) ?? result;
}

function waivedFindings(
  waivers: readonly Waiver[],
  unwaived: RequirementResult,
  requirement: CompiledRequirement,
  scene: Scene,
  evaluate: Evaluate,
): RequirementResult | null {
  // As long as it is open whether the requirement needs any of them, nothing is asked for their sake.
  if (requirement.type !== 'evidence' || requirement.kind !== 'scan' || scene.answers.open.length > 0) return null;
  const found = new Set(
    [scene, ...scene.related.values()]
      .flatMap(({ facts }) => facts)
      .flatMap(({ content }) => (content.kind === 'scan' ? content.findings.map(({ id }) => id) : [])),
  );
  const relevant = waivers.filter(
    (waiver) => waiver.vulnerability !== null && found.has(waiver.vulnerability) && isInForce(waiver, scene.clock),
  );
  const endingFirst = [...Map.groupBy(relevant, ({ vulnerability }) => vulnerability).values()]
    .flatMap((alike) => longest(alike) ?? [])
    .sort((a, b) => -byEnd(a, b));
  if (endingFirst.length === 0) return null;
  const evaluateWith = (some: readonly Waiver[]): RequirementResult =>
    evaluate({ ...scene, waivedFindings: new Set(some.flatMap(({ vulnerability }) => vulnerability ?? [])) });
  let needed: readonly Waiver[] = endingFirst;
  let result = evaluateWith(needed);
  if (result.status !== 'satisfied') return null;
  for (const waiver of endingFirst.slice(0, MOST_TRIED)) {
    const fewer = needed.filter((other) => other !== waiver);
    if (fewer.length === 0) break;
    const without = evaluateWith(fewer);
    if (without.status === 'satisfied') [needed, result] = [fewer, without];
  }
  return {
    ...result,
    status: 'waived',
    code: 'waived',
    message: `${needed.map(told).join('; ')}; ${result.message}; ${otherwise(unwaived)}`,
    missing: unwaived.missing,
    waivers: idsOf(needed),
  };
}

function waivedWhole(
  waivers: readonly Waiver[],
  unwaived: RequirementResult,
  { clock }: Scene,
): RequirementResult | null {
  const waiver = longest(waivers.filter((each) => each.vulnerability === null && isInForce(each, clock)));
  if (waiver === null) return null;
  const { id, code, message, evidence, considered, missing } = unwaived;
  const result = concluded(
    {
      id,
      status: 'waived',
      code: 'waived',
      message: `${told(waiver)}; ${otherwise(unwaived)}`,
      evidence: [],
      missing,
    },
    [...considered, ...evidence.map((attestation) => ({ attestation, code, message }))],
  );
  return { ...unwaived, ...result, alsoRestsOn: [], waivers: [waiver.id] };
}

function told({ id, vulnerability, until, reason }: Waiver): string {
  const what = vulnerability === null ? 'it is' : `${vulnerability} is`;
  return `${what} waived until ${new Date(until).toISOString()} by ${id}: ${reason}`;
}

function otherwise({ code, message }: RequirementResult): string {
  return `otherwise ${code}: ${message}`;
}

function longest(waivers: readonly Waiver[]): Waiver | null {
  return [...waivers].sort(byEnd)[0] ?? null;
}

/** The last to end first. */
function byEnd(a: Waiver, b: Waiver): number {
  return b.until - a.until || (a.id < b.id ? -1 : 1);
}

function idsOf(waivers: readonly Waiver[]): readonly string[] {
  return waivers.map(({ id }) => id).sort();
}
