import { authorityOf } from '../trust/authority.js';
import { signerNames } from '../trust/signer.js';
import type { CompiledEvidence } from './compile-policy.js';
import type { Entry, Refusal } from './evidence.js';
import { named } from './people.js';
import type { NamingBuild } from './naming-builds.js';
import type { Scene } from './scene.js';
import { buildsOf, type Build } from './source-of-image.js';
import type { Amend } from './weigh-evidence.js';
import { TOO_MANY_RELATIONS } from './weigh-via-index.js';

/**
 * Takes the support of whoever built the image out of gathered approvals: the people behind the signatures over its builds, by
 * their keys and identities, and those whom its provenance names for having started one. Somebody whom neither shows is not
 * found out. Builds that trust no longer believes bar their builders all the same, and where no build satisfies
 * nobody is known to be another than the builder. What a builder rejects stands.
 */
function withoutBuilders(requirement: CompiledEvidence, scene: Scene): Amend {
  const { builders, unknown } = buildersFor(requirement, scene);
  const bar = (entry: Entry): Entry => {
    if (!entry.helps) return entry;
    const others = entry.approvers.filter((approver) => !builders.has(approver));
    if (unknown !== null) return refused(entry, unknown);
    if (others.length === 0 || builders.has(entry.voice)) return refused(entry, BUILDER);
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

/** Whoever built what a requirement looks at, as approvals know people. */
export interface Builders {
  readonly builders: ReadonlySet<string>;
  /** Why they are not all known; null where they are. */
  readonly unknown: Refusal | null;
}

/**
 * Whoever built the image. Where approvals of related images count, so does it who built those: nobody approves through an
 * index what they may not approve themselves.
 */
export function buildersFor({ viaIndex }: CompiledEvidence, scene: Scene): Builders {
  const { satisfying, possible, areAllRead } = buildsOf(scene);
  const related = viaIndex ? buildsOf(scene, scene.namingBuilds.map(viaIndexToo)) : { possible: [], areAllRead: true };
  const builds = new Set([...possible, ...related.possible]);
  const readAll = areAllRead && related.areAllRead;
  return {
    builders: new Set([...builds].flatMap((build) => buildersOf(build, scene))),
    unknown: !readAll ? UNREAD : satisfying.length === 0 ? UNKNOWN : null,
  };
}

const known = new WeakMap<CompiledEvidence, CompiledEvidence>();

/** The same, met by builds of related images as well. */
function viaIndexToo({ requirement, within }: NamingBuild): NamingBuild {
  if (requirement.viaIndex) return { requirement, within };
  const via = known.get(requirement) ?? { ...requirement, viaIndex: true };
  known.set(requirement, via);
  return { requirement: via, within };
}

const BUILDER: Refusal = { code: 'condition_false', message: 'it is by somebody who built the image' };
const UNKNOWN: Refusal = {
  code: 'condition_false',
  message: 'it may be by somebody who built the image: no build satisfies that says who did',
};
const UNREAD: Refusal = {
  code: 'condition_false',
  message: `it may be by somebody who built the image: ${TOO_MANY_RELATIONS}`,
};

function refused(entry: Entry, refusal: Refusal): Entry {
  return { ...entry, helps: false, routes: [], refusal };
}

/** The people, as approvals know them, who signed a build for an attestor that may say what was built, or who started it. */
function buildersOf(build: Build, { trust, people, namingBuilds, repository }: Scene): readonly string[] {
  const { kind, predicateType, signers, content } = build;
  const attestors = [...new Set(namingBuilds.flatMap(({ requirement }) => requirement.from))];
  const signed = signers
    .filter((signer) =>
      attestors.some((attestor) => {
        const { supports, objects } = authorityOf(trust, attestor, signer, { kind, predicateType, repository });
        return supports || objects;
      }),
    )
    .flatMap(signerNames);
  return [...signed, ...(content.startedBy ?? []).map(named)].map((name) => people.same(name));
}
