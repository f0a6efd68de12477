import { isDeepStrictEqual } from 'node:util';
import type { Sha256Digest } from '../intoto/digest.js';
import type { Json } from '../intoto/json.js';
import { kindOf } from '../intoto/predicate-kind.js';
import { isSignerId } from '../trust/signer.js';
import { parameterValue, plainText, referencedParameter } from './parameter-reference.js';
import type { CompiledEvidence, CompiledRequirement } from './compile-policy.js';
import type { WeighedLine } from './conclude-evidence.js';
import { evaluateRequirement } from './evaluate-requirement.js';
import { byAttestation, type Entry, type Rejected } from './evidence.js';
import { amendmentFor, buildersFor } from './not-by-builder.js';
import { keylessHint } from './keyless-attestors.js';
import type { Scene } from './scene.js';
import type { Missing, Parameters, RequirementResult } from './verdict.js';
import { sceneOfSource } from './weigh-about-source.js';
import { servedScenes } from './weigh-via-index.js';
import { countApart, weighLines } from './weigh-evidence.js';
import { aboutAnyOf, listed, missingEvidence, replacingEvidence, speakerOf } from './wording.js';

/**
 * The least that would satisfy a requirement which is not met, in the order of the policy; empty where it is met or does not
 * apply. Of the branches of an `anyOf` that one is told of for which least is missing, evidence before anything else.
 *
 * It asks no expression that evaluating the requirement has not asked.
 */
export function missingFor(requirement: CompiledRequirement, scene: Scene): readonly Missing[] {
  return lacking(requirement, scene).map((missing) => ({ ...missing, requirement: requirement.id }));
}

function lacking(requirement: CompiledRequirement, scene: Scene): readonly Missing[] {
  const result = evaluateRequirement(requirement, scene);
  if (isMet(result)) return [];
  const missing = requirement.when === null ? unmet(requirement, scene) : guarded(requirement, requirement.when, scene);
  return missing.length > 0 ? missing : [impossible(result)];
}

function guarded(
  requirement: CompiledRequirement,
  when: NonNullable<CompiledRequirement['when']>,
  scene: Scene,
): readonly Missing[] {
  const answer = scene.answers.ask(when, null);
  if (answer === null || 'error' in answer) return [];
  return scene.answers.within(when, () => unmet(requirement, scene));
}

/** Empty where no evidence would do. */
function unmet(requirement: CompiledRequirement, scene: Scene): readonly Missing[] {
  switch (requirement.type) {
    case 'evidence':
      // Nobody's approval would do as long as it is not known who built the image.
      if (requirement.notByBuilder && !buildersFor(requirement, scene).areKnown) return [];
      return requirement.of === 'source' ? missingAboutSource(requirement, scene) : missingOfImages(requirement, scene);
    case 'check':
      return [];
    case 'allOf':
      return requirement.branches.flatMap((branch) => lacking(branch, scene));
    case 'anyOf': {
      const branches = requirement.branches.filter((branch) => applies(branch, scene));
      const [first] = branches.map((branch) => lacking(branch, scene)).sort(byEffort);
      return first ?? [];
    }
    case 'not': {
      const { inner } = requirement;
      const within = { ...scene, inverted: !scene.inverted };
      // What is to be absent is the absence of something.
      if (inner.type === 'not' && inner.when === null) return lacking(inner.inner, scene);
      const result = evaluateRequirement(inner, within);
      if (inner.type !== 'evidence' || result.status !== 'satisfied') return [];
      const retract = [...result.evidence];
      const text = `that ${inner.id} is not satisfied, as by a retraction of ${retract.join(', ')}`;
      return [{ requirement: inner.id, kind: inner.kind, count: 0, from: inner.from, conditions: { retract }, text }];
    }
  }
}

function applies(requirement: CompiledRequirement, scene: Scene): boolean {
  return evaluateRequirement(requirement, scene).status !== 'not_applicable';
}

function isMet({ status }: RequirementResult): boolean {
  return status === 'satisfied' || status === 'waived' || status === 'not_applicable';
}

/** What evidence can do goes before what it cannot; then less before more. */
function byEffort(a: readonly Missing[], b: readonly Missing[]): number {
  const [one, other] = [effort(a), effort(b)];
  return one.beyondEvidence - other.beyondEvidence || one.pieces - other.pieces;
}

function effort(missing: readonly Missing[]): { readonly beyondEvidence: number; readonly pieces: number } {
  return {
    beyondEvidence: missing.filter(({ count }) => count === 0).length,
    pieces: missing.reduce((sum, { count }) => sum + count, 0),
  };
}

/** What no evidence brings about: the place is another, an expression cannot be evaluated, nothing applies. */
function impossible({ id, missing, message }: RequirementResult): Missing {
  return { requirement: id, kind: null, count: 0, from: [], conditions: {}, text: missing ?? message };
}

/** Where the commit is not known, it is not evidence about it that is missing. */
function missingAboutSource(requirement: CompiledEvidence, scene: Scene): readonly Missing[] {
  const source = sceneOfSource(scene);
  if (source === null) return [];
  const { commit } = source;
  return missingLines(requirement, source.scene, scene).map((missing) => ({
    ...missing,
    conditions: { ...missing.conditions, commit },
    text: `${missing.text}; about commit ${commit}`,
  }));
}

/**
 * Where the same is missing for every manifest of an index that lacks something, said of the index it serves all of them;
 * else each lacks its own.
 */
function missingOfImages(requirement: CompiledEvidence, scene: Scene): readonly Missing[] {
  const looks = (servedScenes(requirement, scene) ?? []).map((each) => ({
    manifest: each.manifest,
    missing: missingLines(requirement, each, scene),
  }));
  const lacking = looks.filter(({ missing }) => missing.length > 0);
  const [first] = lacking;
  if (first === undefined) return [];
  if (lacking.every(({ missing }) => isDeepStrictEqual(missing, first.missing))) {
    if (looks.length === 1) return first.missing;
    const manifests = lacking.map(({ manifest }) => manifest ?? '');
    return first.missing.map((one) => (isPlaced(one) ? one : { ...one, text: aboutAnyOf(one.text, manifests) }));
  }
  const each = lacking.flatMap(({ manifest, missing }) =>
    missing.map((one) => (manifest === null || isPlaced(one) ? one : about(one, manifest))),
  );
  // What is said of the index may lack the same for all of them.
  return each.filter((one, index) => each.findIndex((other) => isDeepStrictEqual(one, other)) === index);
}

/** Whether it is told of what it must be about, or needs not be about anything. */
function isPlaced({ count, conditions }: Missing): boolean {
  return count === 0 || conditions['digest'] !== undefined || conditions['replaces'] !== undefined;
}

function about(missing: Missing, digest: Sha256Digest): Missing {
  return {
    ...missing,
    conditions: { ...missing.conditions, digest },
    text: `${missing.text}; about ${digest}`,
  };
}

function missingLines(requirement: CompiledEvidence, scene: Scene, ofImage: Scene = scene): readonly Missing[] {
  const { gathered, lines } = weighLines(requirement, scene, amendmentFor(requirement, ofImage));
  const built = requirement.notByBuilder ? buildersFor(requirement, ofImage).built : nobody;
  const { wanted } = gathered.conditions;
  return lines.flatMap((line, index) => {
    const asking: Asking = {
      requirement,
      line,
      scene,
      built,
      wanted,
      named: conditionsOf(requirement, index, scene.parameters),
    };
    const replacing = sortedEntries(line.opposing).map((entry) => replacement(asking, entry));
    const isStuck = line.undecided && requirement.select === 'all';
    const removing = isStuck ? sortedEntries(line.erring).map((entry) => removal(requirement, entry)) : [];
    // Where enough pass it is what cannot be told that stands in the way.
    const least = line.state === 'error' && removing.length === 0 ? 1 : 0;
    const short = Math.max(requirement.count - reachedThen(asking), least);
    return short > 0 ? [...replacing, ...removing, further(asking, short)] : [...replacing, ...removing];
  });
}

const nobody = (): boolean => false;

interface Asking {
  readonly requirement: CompiledEvidence;
  readonly line: WeighedLine;
  readonly scene: Scene;
  /** Whose approval does not count for having built the image. */
  readonly built: (who: string) => boolean;
  /** What is asked for, for people. */
  readonly wanted: string;
  /** The same for programs. */
  readonly named: Missing['conditions'];
}

/** How many would count apart once everything that can be replaced is; what is retracted counts nothing. */
function reachedThen(asking: Asking): number {
  const { requirement, line, scene } = asking;
  const { opposing, passing, reached } = line;
  const replaced = sortedEntries(opposing).filter((entry) => isReplaceable(entry, asking));
  if (replaced.length === 0) return reached;
  return Math.max(reached, countApart(requirement, [...passing, ...replaced].sort(byAttestation), scene).reached);
}

/** So that no order of facts shows. */
function sortedEntries(rejected: readonly Rejected[]): readonly Entry[] {
  return rejected.map(({ entry }) => entry).sort(byAttestation);
}

/** Whether newer evidence can take its place: not under `all`, and not where nobody may speak in this voice any more. */
function isReplaceable({ voice, fact, helps }: Entry, { requirement, scene, built }: Asking): boolean {
  if (requirement.select === 'all') return false;
  if (built(voice)) return false;
  // Nobody else speaks for a key without a person.
  if (isSignerId(voice) && !helps) return false;
  const speakers = requirement.kind === 'approval' ? requirement.from : [voice];
  return speakers.some((name) => maySign(name, fact, scene));
}

function replacement(asking: Asking, entry: Entry): Missing {
  const { requirement } = asking;
  if (!isReplaceable(entry, asking)) return removal(requirement, entry);
  const missing = newer(asking, entry);
  // Only what is said of the same digest takes its place.
  return entry.about === null ? missing : about(missing, entry.about);
}

function newer({ requirement, wanted, named, scene: { trust, clock } }: Asking, entry: Entry): Missing {
  const { id, kind } = requirement;
  const from = kind === 'approval' ? requirement.from : [entry.voice];
  const { attestation } = entry;
  const speaker = speakerOf(entry);
  const text = replacingEvidence(requirement, wanted, {
    speakers: [speaker],
    attestations: [attestation],
    about: null,
  });
  return {
    requirement: id,
    kind,
    count: 1,
    from,
    conditions: {
      ...named,
      ...placeOf(entry),
      ...(kind === 'approval' ? { approver: speaker } : {}),
      replaces: attestation,
    },
    text: `${text}${keylessHint(from, trust, clock.now)}`,
  };
}

function removal({ id, kind, from }: CompiledEvidence, { attestation }: Entry): Missing {
  const text = `a retraction of ${attestation}`;
  return { requirement: id, kind, count: 0, from, conditions: { retract: [attestation] }, text };
}

/** What tells an entry apart from others of its voice: only evidence about the same can replace it. */
function placeOf({ fact: { content } }: Entry): Missing['conditions'] {
  switch (content.kind) {
    case 'scan':
      return { scanner: content.scanner };
    case 'test':
      return { suites: content.suite === null ? [] : [content.suite], environment: content.environment };
    case 'approval':
      return {
        ...(content.environments === null ? {} : { environments: content.environments }),
        ...(content.regions === null ? {} : { regions: content.regions }),
      };
    default:
      return {};
  }
}

function further({ requirement, line, scene, wanted, named }: Asking, count: number): Missing {
  const { id, kind, from } = requirement;
  const counting = { reached: line.reached, speakers: [...new Set(line.passing.map(speakerOf))].sort() };
  const asked = missingEvidence(requirement, wanted, line.line.name, { count, counting });
  const able = from.filter((name) => maySign(name, requirement, scene));
  const apart = isByAttestor(requirement, named);
  const replaced = line.opposing.map(({ entry }) => entry.voice);
  const passing = line.passing.flatMap(({ routes }) => routes.map(({ attestor }) => attestor));
  const taken = new Set(apart ? [...passing, ...replaced] : []);
  const left = able.filter((name) => !taken.has(name));
  if (left.length >= (apart ? count : 1)) {
    const text = `${asked}${keylessHint(left, scene.trust, scene.clock.now)}`;
    return { requirement: id, kind, count, from: left, conditions: named, text };
  }
  const few = able.length === 0 ? 'none of these attestors' : `of these attestors only ${listed(able)}`;
  return { requirement: id, kind, count: 0, from, conditions: named, text: `${asked}; ${few} may sign it` };
}

/** Whether no two of what counts can be one attestor's: it has no more than one group, or attestors must differ. */
function isByAttestor({ count, distinct, kind }: CompiledEvidence, named: Missing['conditions']): boolean {
  if (count === 1 || distinct === 'signer') return false;
  if (distinct === 'attestor') return true;
  return kind === 'scan' ? named['scanner'] !== undefined : kind !== 'approval' && kind !== 'test';
}

/** Whether an attestor, as it is, may sign such evidence about the image asked for, whatever its keys. */
function maySign(
  name: string,
  { kind, predicateType }: Pick<CompiledEvidence, 'kind' | 'predicateType'>,
  { trust, repository }: Scene,
): boolean {
  const state = trust.attestors.get(name)?.at(-1);
  if (state === undefined || state.attestor === null || !state.covers(repository)) return false;
  const { kinds, predicateTypes } = state.attestor;
  if (kinds !== null) return kinds.includes(kind);
  return (predicateTypes ?? []).some((type) =>
    predicateType === null ? kindOf(type) === kind : type === predicateType,
  );
}

/** All that is asked of one piece of evidence for one line, as the policy says it, with the parameters in place. */
function conditionsOf(
  { asked, count, kind, distinct }: CompiledEvidence,
  line: number,
  parameters: Parameters,
): Missing['conditions'] {
  const {
    where = {},
    predicateType,
    check,
    maxAge,
    order,
    notBy,
  } = {
    where: undefined,
    predicateType: undefined,
    notBy: undefined,
    ...asked,
  };
  const fields = boundFields(where, parameters);
  const { suites } = fields;
  const suite = Array.isArray(suites) ? [...new Set(suites.map(String))][line] : undefined;
  const apart = distinct ?? (kind === 'approval' ? 'approver' : null);
  return {
    ...(predicateType === undefined ? {} : { predicateType }),
    ...fields,
    ...(suite === undefined ? {} : { suites: [suite] }),
    ...(count > 1 && apart !== null ? { distinct: apart } : {}),
    ...(maxAge === undefined ? {} : { maxAge }),
    ...(order === undefined ? {} : { order }),
    ...(check === undefined ? {} : { check }),
    ...(notBy === undefined ? {} : { notBy }),
  };
}

function boundFields(where: object, parameters: Parameters): { readonly [name: string]: Json } {
  return Object.fromEntries(
    Object.entries(where).flatMap(([name, value]: [string, unknown]) => {
      if (value === undefined) return [];
      // What stands in these is never a parameter.
      return [[name, name === 'ignore' || name === 'vex' ? (value as Json) : bound(value, parameters)] as const];
    }),
  );
}

function bound(value: unknown, parameters: Parameters): Json {
  if (typeof value === 'string') {
    const name = referencedParameter(value);
    return name === null ? plainText(value) : parameterValue(parameters, name);
  }
  if (Array.isArray(value)) return value.map((element: unknown) => bound(element, parameters));
  if (typeof value === 'object' && value !== null) return boundFields(value, parameters);
  return typeof value === 'number' || typeof value === 'boolean' ? value : null;
}
