import { authorityOf } from '../trust/authority.js';
import { signerNames } from '../trust/signer.js';
import type { CompiledEvidence } from './compile-policy.js';
import type { Entry, Refusal } from './evidence.js';
import type { Scene } from './scene.js';
import { buildsOf, type Build } from './source-of-image.js';
import type { Amend } from './weigh-evidence.js';

/**
 * Takes the support of whoever built the image out of gathered approvals: the people behind the signatures over its builds,
 * by their keys and identities. Provenance has no field in common for who started a build, so somebody whom no signature
 * shows is not found out. Builds that trust no longer believes bar their builders all the same, and where no build satisfies
 * nobody is known to be another than the builder. What a builder rejects stands.
 */
function withoutBuilders(scene: Scene): Amend {
  const { builders, areKnown } = buildersIn(scene);
  const bar = (entry: Entry): Entry => {
    if (!entry.helps) return entry;
    const others = entry.approvers.filter((approver) => !builders.has(approver));
    if (!areKnown) return refused(entry, UNKNOWN);
    if (others.length === 0 || builders.has(entry.voice)) return refused(entry, BUILDER);
    return others.length === entry.approvers.length ? entry : { ...entry, approvers: others };
  };
  return (gathered) => ({
    ...gathered,
    lines: gathered.lines.map((line) => ({ ...line, chosen: line.chosen.map(bar) })),
  });
}

/** What a requirement asks to be left out; under a `not` what counts denies, so there nobody's approval is. */
export function amendmentFor({ notByBuilder }: CompiledEvidence, scene: Scene): Amend | undefined {
  return notByBuilder && !scene.inverted ? withoutBuilders(scene) : undefined;
}

/** Whoever built the image, as approvals know people; not known where no build satisfies. */
export function buildersIn(scene: Scene): { readonly builders: ReadonlySet<string>; readonly areKnown: boolean } {
  const { satisfying, possible } = buildsOf(scene);
  return {
    builders: new Set(possible.flatMap((build) => buildersOf(build, scene))),
    areKnown: satisfying.length > 0,
  };
}

const BUILDER: Refusal = { code: 'condition_false', message: 'it is by somebody who built the image' };
const UNKNOWN: Refusal = {
  code: 'condition_false',
  message: 'it may be by somebody who built the image: no build satisfies that says who did',
};

function refused(entry: Entry, refusal: Refusal): Entry {
  return { ...entry, helps: false, routes: [], refusal };
}

/** The people, as approvals know them, who signed a build for an attestor that may say what was built. */
function buildersOf(build: Build, { trust, people, namingBuilds, repository }: Scene): readonly string[] {
  const { kind, predicateType, signers } = build;
  const attestors = [...new Set(namingBuilds.flatMap(({ requirement }) => requirement.from))];
  return signers
    .filter((signer) =>
      attestors.some((attestor) => {
        const { supports, objects } = authorityOf(trust, attestor, signer, { kind, predicateType, repository });
        return supports || objects;
      }),
    )
    .flatMap(signerNames)
    .map((name) => people.same(name));
}
