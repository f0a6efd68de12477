import type { BuildFact, Fact } from '../facts/fact.js';
import { subjectDigest, type AttestationId, type Sha256Digest, type SubjectDigest } from '../intoto/digest.js';
import { attestationsOf } from './carrying-attestations.js';
import type { CelAnswer } from './cel-batch.js';
import type { CelExpression } from './cel-expression.js';
import type { CompiledEvidence } from './compile-policy.js';
import type { NamingBuild } from './naming-builds.js';
import type { Scene } from './scene.js';
import type { RequirementCode, Through } from './verdict.js';
import { weighLines } from './weigh-evidence.js';
import { servedScenes, TOO_MANY_RELATIONS, weighViaIndex } from './weigh-via-index.js';
import { listed } from './wording.js';

/** The commit an image was built of, or why it cannot be told. */
export type SourceOfImage =
  | { readonly known: true; readonly digest: SubjectDigest; readonly through: Through }
  | {
      readonly known: false;
      readonly code: RequirementCode;
      readonly message: string;
      readonly missing: string;
    };

/** A fact about a build. */
export interface Build extends Fact {
  readonly content: BuildFact;
}

/** A build that a requirement looks at, and the attestation by which that names it. */
interface NamedBuild {
  readonly build: Build;
  readonly attestation: AttestationId;
}

/** Builds by whether they satisfy a requirement that may say what was built. */
export interface NamedBuilds {
  /** Those that satisfy one. */
  readonly satisfying: readonly NamedBuild[];
  /** Those, and those that their age, trust which went away, a newer build or an expression in error keeps from it. */
  readonly possible: readonly NamedBuild[];
  /** False where there is more to look at than is read: then others may have been built, and by others. */
  readonly areAllRead: boolean;
}

/** The digest under which evidence about a build's commit is found; null where the build names none. */
export function commitDigest(build: BuildFact): SubjectDigest | null {
  return build.source.commit === null ? null : subjectDigest('gitCommit', build.source.commit);
}

/**
 * What the builds name as the source of the image. Support takes a build that satisfies; an objection is any build that
 * does or once did: whoever named another commit keeps doing so until that is retracted, so that less trust never makes
 * a source certain. Builds that name no commit say nothing.
 */
export function sourceOfImage(scene: Scene): SourceOfImage {
  const { satisfying, possible, areAllRead } = buildsOf(scene);
  if (!areAllRead) {
    return {
      known: false,
      code: 'evaluation_error',
      message: `${TOO_MANY_RELATIONS}; so the source is not known and nothing about it counts`,
      missing: 'a policy whose builds are without via: index for this image',
    };
  }
  const named = byCommit(possible);
  const [first, ...others] = [...named.keys()].sort();
  const ids = [...new Set(scene.namingBuilds.map(({ requirement }) => requirement.id))];
  if (first !== undefined && others.length > 0) {
    const told = [first, ...others].map((commit) => `${commit} by ${idsOf(named.get(commit))[0] ?? ''}`);
    return {
      known: false,
      code: 'condition_false',
      message: `the builds name different commits, so nothing about the source counts: ${listed(told)}`,
      missing: `builds that name one commit: retract those that name another`,
    };
  }
  const supporting = satisfying.filter(({ build }) => build.content.source.commit === first);
  const [build] = idsOf(supporting);
  const digest = supporting[0] === undefined ? null : commitDigest(supporting[0].build.content);
  if (first === undefined || build === undefined || digest === null) {
    const why =
      satisfying.length === 0 ? `no build satisfies ${listed(ids)}` : 'the builds that satisfy name no commit';
    return {
      known: false,
      code: 'no_evidence',
      message: `${why}, so the source is not known and nothing about it counts`,
      missing: `a build that satisfies ${ids.length === 1 ? '' : 'one of '}${listed(ids)} and names the commit of its source`,
    };
  }
  const unnamed = manifestsWithout(
    supporting.map(({ build: fact }) => fact),
    scene,
  );
  if (unnamed.length > 0) {
    return {
      known: false,
      code: 'no_evidence',
      message: `no build that satisfies names the commit of ${listed(unnamed)}, so the source is not known and nothing about it counts`,
      missing: `a build about the index, or about ${listed(unnamed)}, that satisfies ${listed(ids)} and names the commit ${first}`,
    };
  }
  return { known: true, digest, through: { build, commit: first } };
}

/** The manifests of an index, where they are looked at, of which none of these builds is. */
function manifestsWithout(builds: readonly Build[], scene: Scene): readonly Sha256Digest[] {
  if (!scene.namingBuilds.some(({ requirement }) => requirement.viaIndex)) return [];
  const { manifests } = scene.relations;
  const isOf = (build: Build, manifest: Sha256Digest): boolean =>
    !manifests.some((other) => factsAbout(other, scene).includes(build)) || factsAbout(manifest, scene).includes(build);
  return manifests.filter((manifest) => !builds.some((build) => isOf(build, manifest)));
}

function factsAbout(image: Sha256Digest, scene: Scene): readonly Fact[] {
  return scene.related.get(image)?.facts ?? [];
}

/** The builds that may say what was built, at this moment. */
export function buildsOf(scene: Scene): NamedBuilds {
  const { namingBuilds } = scene;
  const satisfying = namingBuilds.flatMap((each) => satisfyingOne(each, { ...scene, inverted: false }));
  const inDoubt: Scene = { ...scene, inverted: true, gathered: scene.gatheredInDoubt };
  const doubted = namingBuilds.map((each) => possibleOf(each, inDoubt));
  const possible = doubted.flatMap((builds) => builds ?? []);
  return {
    satisfying,
    possible: [...satisfying, ...possible],
    areAllRead: doubted.every((builds) => builds !== null),
  };
}

/** One object for each requirement, as what is gathered is kept by it. */
function derived(
  changeOf: (requirement: CompiledEvidence) => Partial<CompiledEvidence>,
): (requirement: CompiledEvidence) => CompiledEvidence {
  const known = new WeakMap<CompiledEvidence, CompiledEvidence>();
  return (requirement) => {
    const loosened = known.get(requirement) ?? { ...requirement, ...changeOf(requirement) };
    known.set(requirement, loosened);
    return loosened;
  };
}

/**
 * The same requirement, met by each build that may ever have been the newest: which of them is depends on whose signatures
 * count, and on when each came about.
 */
const whicheverIsNewest = derived(() => ({ select: 'any', count: 1 }));

/** The same, met by each build that ever did: no objection ends by waiting. */
const whicheverEverDid = derived(({ check }) => ({
  select: 'any',
  count: 1,
  maxAge: null,
  check: check?.variables.has('now') === true ? null : check,
}));

function satisfyingOne({ requirement, within }: NamingBuild, scene: Scene): readonly NamedBuild[] {
  // What cannot be answered is an error where it stands, and lets nothing pass here.
  const holds = (answer: CelAnswer): boolean => 'holds' in answer && answer.holds;
  return where(conditionsOf(requirement, within), holds, scene, () => {
    if (weighViaIndex(requirement, scene).status !== 'satisfied') return [];
    // An older build that would do as well says no less of what was built.
    const { evidence } = weighViaIndex(whicheverIsNewest(requirement), scene);
    return (servedScenes(requirement, scene) ?? []).flatMap((look) => buildsIn(look, requirement, evidence));
  });
}

/**
 * Whatever may satisfy, in any of the looks by itself: what one of them lacks, or cannot be judged, takes nothing away from
 * what another says. What cannot be judged might satisfy. null where not all of it is read.
 */
function possibleOf({ requirement, within }: NamingBuild, scene: Scene): readonly NamedBuild[] | null {
  const loosened = whicheverEverDid(requirement);
  const mayHold = (answer: CelAnswer): boolean => !('holds' in answer) || answer.holds;
  return where<readonly NamedBuild[] | null>(conditionsOf(requirement, within), mayHold, scene, () => {
    const looks = servedScenes(loosened, scene);
    if (looks === null) return null;
    return looks.flatMap((look) => {
      const { lines } = weighLines(loosened, look);
      const entries = lines.flatMap(({ passing, erring }) => [...passing, ...erring.map(({ entry }) => entry)]);
      return buildsIn(
        look,
        requirement,
        entries.map(({ attestation }) => attestation),
      );
    });
  });
}

function conditionsOf({ when }: CompiledEvidence, within: readonly CelExpression[]): readonly CelExpression[] {
  return when === null ? within : [...within, when];
}

/** What `then` says behind all these conditions; nothing where one of them, being answered, does not do. */
function where<T extends readonly unknown[] | null>(
  [condition, ...others]: readonly CelExpression[],
  does: (answer: CelAnswer) => boolean,
  scene: Scene,
  then: () => T,
): T | readonly [] {
  if (condition === undefined) return then();
  const answer = scene.answers.ask(condition, null);
  if (answer !== null && !does(answer)) return [];
  return scene.answers.within(condition, () => where(others, does, scene, then));
}

/** The builds that a requirement looks at with these ids. */
function buildsIn(
  { facts, serving }: Scene,
  requirement: CompiledEvidence,
  evidence: readonly AttestationId[],
): readonly NamedBuild[] {
  return [...facts, ...serving.flatMap((image) => image.facts)]
    .filter((fact) => isBuild(fact, requirement))
    .flatMap((build) =>
      attestationsOf(build).flatMap((attestation) => (evidence.includes(attestation) ? [{ build, attestation }] : [])),
    );
}

function isBuild(fact: Fact, { predicateType }: CompiledEvidence): fact is Build {
  return fact.content.kind === 'build' && (predicateType ?? fact.predicateType) === fact.predicateType;
}

function byCommit(builds: readonly NamedBuild[]): ReadonlyMap<string, readonly NamedBuild[]> {
  const named = new Map<string, NamedBuild[]>();
  for (const each of builds) {
    const { commit } = each.build.content.source;
    if (commit === null) continue;
    named.set(commit, [...(named.get(commit) ?? []), each]);
  }
  return named;
}

function idsOf(builds: readonly NamedBuild[] = []): readonly AttestationId[] {
  return builds.map(({ attestation }) => attestation).sort();
}
