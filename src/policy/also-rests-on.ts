import type { AttestationId } from '../intoto/digest.js';
import type { CompiledEvidence } from './compile-policy.js';
import type { WeighedLine } from './conclude-evidence.js';
import { sortedIds } from './considered.js';
import type { Entry, Gathered, GatheredVex } from './evidence.js';
import { NO_REMOVALS, type Removed } from './finding-removals.js';
import type { Scene } from './scene.js';
import type { RequirementResult, Verdict } from './verdict.js';

/**
 * The result with what it rests on beside its evidence, as far as it helps: where it is satisfied the VEX that removed
 * findings, and under a `not` where it is unsatisfied what took the place of what would have satisfied it.
 *
 * @param judged the entries that were picked
 */
export function withAlsoRestsOn(
  result: RequirementResult,
  requirement: CompiledEvidence,
  gathered: Gathered,
  lines: readonly WeighedLine[],
  judged: readonly Entry[],
  scene: Scene,
): RequirementResult {
  const { vex } = gathered;
  if (scene.inverted) {
    if (result.status !== 'unsatisfied') return result;
    const looked = [...judged, ...lines.flatMap((line) => line.passedOver.map(({ entry }) => entry))];
    const keeping = removalsOf(looked, vex).flatMap(({ overridden }) =>
      [...overridden.values()].map(({ document }) => document),
    );
    return withThem(result, [...replacing(requirement, lines), ...keeping]);
  }
  if (vex === null || result.status !== 'satisfied') return result;
  const cleared = lines
    .flatMap((line) => line.passedOver.map(({ entry }) => entry))
    .filter(isNegativeBefore(requirement, scene));
  return withThem(
    result,
    removalsOf([...judged, ...cleared], vex).flatMap(({ removing }) => [...removing]),
  );
}

/**
 * The result of several with what those rest on that it comes to, and where one that would deny is denied itself also on the
 * evidence of that.
 *
 * @param deciding those that decided for what is satisfied or waived
 */
export function withAlsoRestsOnOf(
  result: RequirementResult,
  branches: readonly RequirementResult[],
  deciding: readonly RequirementResult[],
): RequirementResult {
  const holds = isMet(result);
  const some = holds && deciding.length > 0 ? deciding : holds ? branches : branches.filter((branch) => !isMet(branch));
  if (some.every(({ alsoRestsOn }) => alsoRestsOn === undefined)) return result;
  return { ...result, alsoRestsOn: sortedIds(some.flatMap(({ alsoRestsOn = [] }) => alsoRestsOn)) };
}

/** What a `not` comes to whose inner requirement is met: under another `not` it is that which lets something pass. */
export function withWhatDenies(result: RequirementResult, inner: RequirementResult): RequirementResult {
  const through = inner.through === undefined ? [] : [inner.through.build];
  return { ...result, alsoRestsOn: sortedIds([...inner.evidence, ...through, ...(inner.alsoRestsOn ?? [])]) };
}

/** The result as a verdict shows it: what is not met rests on nothing, and what removed findings is told even if nothing did. */
export function shownAlsoRestsOn(result: RequirementResult): RequirementResult {
  const { alsoRestsOn = [], ...others } = result;
  const isTold = isMet(result) && (result.removed !== undefined || alsoRestsOn.length > 0);
  return isTold ? { ...others, alsoRestsOn } : others;
}

function isMet({ status }: RequirementResult): boolean {
  return status === 'satisfied' || status === 'waived';
}

function withThem(
  result: RequirementResult,
  those: readonly { readonly attestation: AttestationId }[],
): RequirementResult {
  return those.length === 0
    ? result
    : { ...result, alsoRestsOn: sortedIds(those.map(({ attestation }) => attestation)) };
}

function removalsOf(scans: readonly Entry[], vex: GatheredVex | null): readonly Removed[] {
  if (vex === null) return [];
  return [...new Set(scans)].flatMap(({ about, fact: { content } }) =>
    content.kind === 'scan' ? [vex.removals.removedFrom(content, about)] : [],
  );
}

/** Whether a scan would stand against the image if no VEX removed anything. */
function isNegativeBefore(requirement: CompiledEvidence, scene: Scene): (entry: Entry) => boolean {
  const bare = requirement.conditions(scene.parameters, NO_REMOVALS);
  return (entry) => {
    const judgement = bare.judge(entry.fact.content, entry, scene.clock);
    return entry.hinders && !judgement.passes && judgement.negative;
  };
}

/** Under a `not`, what does not pass in a place where something else would have. */
function replacing({ select }: CompiledEvidence, lines: readonly WeighedLine[]): readonly Entry[] {
  if (select === 'any') return [];
  return lines
    .filter(({ passing, passedOver }) => passing.length + passedOver.length > 0)
    .flatMap(({ opposing, failing }) => [...opposing, ...failing].map(({ entry }) => entry));
}

/** A verdict in the terms of one on record, which may be from before it was told what a verdict also rests on. */
export function inTermsOf(recorded: Verdict, verdict: Verdict): Verdict {
  if (recorded.requirements.some(({ alsoRestsOn }) => alsoRestsOn !== undefined)) return verdict;
  const requirements = verdict.requirements.map(({ alsoRestsOn: _, ...others }) => others);
  return { ...verdict, requirements };
}
