import { withAlsoRestsOn } from './also-rests-on.js';
import type { CompiledEvidence } from './compile-policy.js';
import { concludeEvidence, type WeighedLine } from './conclude-evidence.js';
import { concluded } from './considered.js';
import { countDistinct, type Claim } from './count-distinct.js';
import { byAttestation, type Entry, type Gathered, type GatheredLine, type Refusal } from './evidence.js';
import { gatherEvidence } from './gather-evidence.js';
import { ignoredFindings, withIgnored } from './ignored-findings.js';
import { Judge } from './judge-entry.js';
import { removedFindings, withRemoved } from './removed-findings.js';
import type { Scene } from './scene.js';
import { selectEvidence, type Selection } from './select-evidence.js';
import type { Considered, RequirementResult } from './verdict.js';

/** Amends what was gathered, by what may differ from moment to moment. */
export type Amend = (gathered: Gathered) => Gathered;

const asItIs: Amend = (gathered) => gathered;

/** Weighs the evidence for one requirement. Facts may come in any order. */
export function weighEvidence(requirement: CompiledEvidence, scene: Scene, amend: Amend = asItIs): RequirementResult {
  const { gathered, lines } = weighLines(requirement, scene, amend);
  const conclusion = concludeEvidence(requirement, gathered, lines, scene);
  const considered = [...consideredIn(requirement, gathered, lines)];
  const judged = lines.flatMap(judgedIn);
  const removed = removedFindings(gathered, judged);
  const result = withAlsoRestsOn(
    concluded({ id: requirement.id, ...conclusion }, [...considered, ...(removed?.considered ?? [])]),
    requirement,
    gathered,
    lines,
    judged,
    scene,
  );
  const ignored = ignoredFindings(gathered.conditions, judged, scene.clock);
  return withIgnored(removed === null ? result : withRemoved(result, removed), ignored);
}

/** The evidence for one requirement, and what it comes to for each line of it. */
export function weighLines(
  requirement: CompiledEvidence,
  scene: Scene,
  amend: Amend = asItIs,
): { readonly gathered: Gathered; readonly lines: readonly WeighedLine[] } {
  const gathered = amend(gatherEvidence(requirement, scene));
  const judge = new Judge(requirement, gathered.conditions, scene);
  return { gathered, lines: gathered.lines.map((line) => weighLine(line, requirement, gathered, judge, scene)) };
}

function weighLine(
  gathered: GatheredLine,
  requirement: CompiledEvidence,
  { conditions }: Gathered,
  judge: Judge,
  scene: Scene,
): WeighedLine {
  const selection = selectEvidence(requirement, conditions, gathered.chosen, judge, scene.inverted);
  const { passing, passedOver, reached } = counted(requirement, selection, scene);
  const { spare, opposing, failing, erring, undecided } = selection;
  const weighed = { ...gathered, spare, opposing, failing, erring, undecided, passing, passedOver, reached };
  if (!undecided && reached >= requirement.count) return { ...weighed, state: 'satisfied' };
  return { ...weighed, state: undecided || erring.length > 0 ? 'error' : 'short' };
}

/**
 * How many of those that passed count apart, with the help of what could stand for them. An approval that does not is told
 * so; other evidence stays evidence.
 */
function counted(
  requirement: CompiledEvidence,
  selection: Selection,
  scene: Scene,
): Pick<WeighedLine, 'passing' | 'passedOver' | 'reached'> {
  const { passedOver, spare } = selection;
  const passing = [...selection.passing].sort(byAttestation);
  const picked = countApart(requirement, passing, scene);
  const { reached, people } =
    picked.reached >= requirement.count || spare.length === 0
      ? picked
      : countApart(requirement, [...passing, ...spare].sort(byAttestation), scene);
  if (reached > picked.reached) passing.push(...spare);
  if (requirement.kind !== 'approval') return { passing, passedOver, reached };
  const asPerson = asPersonIn(scene);
  const counting = new Map<string, string>();
  const isCounted = (entry: Entry): boolean => {
    const claim = asPerson(entry).find(([voice, approver]) => people?.get(voice) === approver);
    if (claim === undefined) return false;
    // Of several who may be one person the first counts.
    const first = counting.get(claim[0]) ?? entry.voice;
    counting.set(claim[0], first);
    return first === entry.voice;
  };
  const kept = passing.filter(isCounted);
  const surplus = passing.filter((entry) => !kept.includes(entry)).map((entry) => ({ entry, reason: DUPLICATE }));
  return { passing: kept, passedOver: [...passedOver, ...surplus], reached };
}

/** What was picked, whatever it came to. */
function judgedIn({ passing, opposing, failing, erring }: WeighedLine): readonly Entry[] {
  return [...passing, ...[...opposing, ...failing, ...erring].map(({ entry }) => entry)];
}

interface Apart {
  readonly reached: number;
  /** The first of the ways in which they differ: for approvals, who counts for whom. */
  readonly people: ReadonlyMap<string, string> | undefined;
}

/** How many entries count apart, were all of them to pass. */
export function countApart(requirement: CompiledEvidence, entries: readonly Entry[], scene: Scene): Apart {
  const matchings = apartBy(requirement, scene).map((claimsOf) => countDistinct(entries.flatMap(claimsOf)));
  return { reached: Math.min(...matchings.map((matching) => matching.size)), people: matchings[0] };
}

const DUPLICATE: Refusal = {
  code: 'duplicate_person',
  message: 'it names an approver, or comes from one, who already counts',
};

type ClaimsOf = (entry: Entry) => readonly Claim[];

/**
 * In what ways evidence that counts must differ. Approvals always by their people; other evidence by its group where
 * nothing is said. Where attestors must differ, so must those who signed for them and what they signed.
 */
function apartBy({ kind, distinct }: CompiledEvidence, scene: Scene): readonly ClaimsOf[] {
  if (kind === 'approval') {
    const people = asPersonIn(scene);
    const person = personIn(scene);
    if (distinct === 'attestor')
      return [people, ({ voice, routes }) => routes.map(({ attestor }) => [person(voice), attestor])];
    if (distinct === 'signer')
      return [people, ({ voice, routes }) => routes.map(({ signer }) => [person(voice), signer])];
    return [people];
  }
  if (distinct === 'attestor') {
    return [
      ({ routes }) => routes.map(({ attestor, signer }) => [signer, attestor]),
      ({ fact, routes }) => routes.map(({ attestor }) => [fact.attestation, attestor]),
    ];
  }
  if (distinct === 'signer') {
    return [({ fact, routes }) => routes.map(({ signer }) => [fact.attestation, signer])];
  }
  return [({ fact, group }) => [[fact.attestation, group]]];
}

/**
 * By who signs and whom they name: two keys that name one approver are not two people, nor one key that names two. Who may be
 * one person counts once. Under a `not` what counts denies, so that there nobody is taken for another.
 */
function asPersonIn(scene: Scene): ClaimsOf {
  const person = personIn(scene);
  if (scene.inverted) return ({ voice }) => [[voice, voice]];
  return ({ voice, approvers }) => approvers.map((approver) => [person(voice), person(approver)] as const);
}

function personIn({ lookalikes, inverted }: Scene): (name: string) => string {
  return inverted ? (name) => name : (name) => lookalikes.same(name);
}

function* consideredIn(
  { count }: CompiledEvidence,
  { refused, beside }: Gathered,
  lines: readonly WeighedLine[],
): Iterable<Considered> {
  for (const { attestation, refusal } of refused) yield { attestation, ...refusal };
  const rejected = lines.flatMap((line) => [...line.opposing, ...line.failing, ...line.erring, ...line.passedOver]);
  for (const { entry, reason } of [...beside, ...rejected]) yield { attestation: entry.attestation, ...reason };
  for (const { passing, reached } of lines) {
    const message = `it passes; ${reached} of ${count} needed`;
    for (const { attestation } of passing) yield { attestation, code: 'satisfied', message };
  }
}
