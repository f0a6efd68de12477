import type { Fact } from '../facts/fact.js';
import { authorityOf } from '../trust/authority.js';
import { signerNames } from '../trust/signer.js';
import { standingOf } from '../trust/statement-standing.js';
import type { CompiledEvidence } from './compile-policy.js';
import type { Entry, Refusal } from './evidence.js';
import { named } from './people.js';
import type { Scene } from './scene.js';
import { buildsOf, type Build } from './source-of-image.js';
import type { RequirementResult } from './verdict.js';
import type { Amend } from './weigh-evidence.js';
import { AND, listed } from './wording.js';

/**
 * Takes the support of whoever built the image out of gathered approvals: the people behind the signatures over its builds, by
 * their keys and identities, and those whom its provenance names for having started one. Somebody whom neither shows is not
 * found out. Where no build satisfies nobody is known to be another than the builder. What a builder rejects stands.
 */
function withoutBuilders(requirement: CompiledEvidence, scene: Scene): Amend {
  const { built, areKnown } = buildersFor(requirement, scene);
  const bar = (entry: Entry): Entry => {
    if (!entry.helps) return entry;
    const others = entry.approvers.filter((approver) => !built(approver));
    if (!areKnown) return refused(entry, UNKNOWN);
    if (others.length === 0 || built(entry.voice)) return refused(entry, BUILDER);
    return others.length === entry.approvers.length ? entry : { ...entry, approvers: others };
  };
  return (gathered) => ({
    ...gathered,
    lines: gathered.lines.map((line) => ({ ...line, chosen: line.chosen.map(bar) })),
  });
}

/** What a requirement asks to be left out; under a `not` what counts denies, so there nobody's approval is. */
export function amendmentFor(requirement: CompiledEvidence, scene: Scene): Amend | undefined {
  return requirement.notByBuilder && !scene.inverted ? withoutBuilders(requirement, scene) : undefined;
}

/** The result of such a requirement; where it is not known who built the image, it is a build that is missing first. */
export function withBuildFirst(
  result: RequirementResult,
  { notByBuilder }: CompiledEvidence,
  scene: Scene,
): RequirementResult {
  if (!notByBuilder || scene.inverted || result.status !== 'unsatisfied' || result.missing === null) return result;
  if (buildsOf(scene).satisfying.length > 0) return result;
  const ids = [...new Set(scene.namingBuilds.map(({ requirement }) => requirement.id))];
  return { ...result, missing: `a build that satisfies ${listed(ids)}${AND}${result.missing}` };
}

/** Whoever built what a requirement looks at, as approvals know people. */
export interface Builders {
  /** Whether it may be this person or signer who did. */
  readonly built: (who: string) => boolean;
  /** False where no build satisfies that says who built the image. */
  readonly areKnown: boolean;
}

/**
 * Whoever built the image. Where evidence about related images counts, for this requirement or for the builds, so does it who
 * built those: nobody approves through an index what they may not approve themselves.
 */
export function buildersFor({ viaIndex }: CompiledEvidence, scene: Scene): Builders {
  const related = viaIndex || readsRelatedBuilds(scene) ? relatedFacts(scene) : [];
  const builds = [...scene.facts, ...related].filter(isBuild);
  const builders = new Set(builds.flatMap((build) => buildersOf(build, scene)));
  return {
    built: (who) => builders.has(scene.lookalikes.same(who)),
    areKnown: buildsOf(scene).satisfying.length > 0,
  };
}

/** Whether there are more related images, any of which somebody may have built, than are read. */
export function leavesBuildersUnread({ notByBuilder, viaIndex }: CompiledEvidence, scene: Scene): boolean {
  return notByBuilder && scene.relations.areTooMany && (viaIndex || readsRelatedBuilds(scene));
}

function readsRelatedBuilds({ buildsAskedFor }: Scene): boolean {
  return buildsAskedFor.some(({ viaIndex }) => viaIndex);
}

function relatedFacts({ relations, related }: Scene): readonly Fact[] {
  return [...relations.indexes, ...relations.manifests].flatMap((image) => related.get(image)?.facts ?? []);
}

function isBuild(fact: Fact): fact is Build {
  return fact.content.kind === 'build';
}

const BUILDER: Refusal = { code: 'condition_false', message: 'it is by somebody who built the image' };
const UNKNOWN: Refusal = {
  code: 'condition_false',
  message: 'it may be by somebody who built the image: no build satisfies that says who did',
};

function refused(entry: Entry, refusal: Refusal): Entry {
  return { ...entry, helps: false, routes: [], refusal };
}

/**
 * The people, as approvals know them, who signed a build for an attestor of the policy's builds, or who started it. Whether the
 * build is one that the policy wants does not matter, nor whether its signer is still trusted.
 */
function buildersOf(build: Build, { trust, lookalikes, buildsAskedFor, repository }: Scene): readonly string[] {
  const { kind, predicateType, signers, content, signedDigest } = build;
  const attestors = [...new Set(buildsAskedFor.flatMap(({ from }) => from))];
  const signing = signers.filter((signer) =>
    attestors.some((attestor) => {
      const { supports, objects } = authorityOf(trust, attestor, signer, { kind, predicateType, repository });
      return (supports || objects) && standingOf(trust, signedDigest, signerNames(signer)) !== 'retracted';
    }),
  );
  if (signing.length === 0) return [];
  const names = [...signing.flatMap(signerNames), ...(content.startedBy ?? []).map(named)];
  return names.map((name) => lookalikes.same(name));
}
