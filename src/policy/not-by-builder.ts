import { authorityOf } from '../trust/authority.js';
import { signerNames } from '../trust/signer.js';
import type { Entry, Gathered, Refusal } from './evidence.js';
import type { Scene } from './scene.js';
import { buildsOf, type Build } from './source-of-image.js';

/**
 * Takes the support of whoever built the image out of gathered approvals: the people behind the signatures over its builds,
 * by their keys and identities. Provenance has no field in common for who started a build, so somebody whom no signature
 * shows is not found out. Builds that trust no longer believes bar their builders all the same, and where no build satisfies
 * nobody is known to be another than the builder. What a builder rejects stands.
 */
export function withoutBuilders(scene: Scene): (gathered: Gathered) => Gathered {
  const { satisfying, possible } = buildsOf(scene);
  const builders = new Set(possible.flatMap((build) => buildersOf(build, scene)));
  const bar = (entry: Entry): Entry => {
    if (!entry.helps) return entry;
    const others = entry.approvers.filter((approver) => !builders.has(approver));
    if (satisfying.length === 0) return refused(entry, UNKNOWN);
    if (others.length === 0 || builders.has(entry.voice)) return refused(entry, BUILDER);
    return others.length === entry.approvers.length ? entry : { ...entry, approvers: others };
  };
  return (gathered) => ({
    ...gathered,
    lines: gathered.lines.map((line) => ({ ...line, chosen: line.chosen.map(bar) })),
  });
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
