import type { Fact } from '../facts/fact.js';
import type { ImageRelations } from '../images/image-relations.js';
import type { SubjectDigest } from '../intoto/digest.js';
import { authorityOf } from '../trust/authority.js';
import type { TrustSnapshot } from '../trust/trust-snapshot.js';
import { evidenceIn, type CompiledEvidence, type CompiledPolicy } from './compile-policy.js';
import { namingBuilds } from './naming-builds.js';
import { commitDigest } from './source-of-image.js';

/** Commits read for one image; more of them contradict each other anyhow. */
const MOST_COMMITS = 32;

/** What is known about an image when it is asked what else to read. */
export interface KnownOfImage {
  readonly policy: CompiledPolicy;
  /** The facts about the image that the policy asks for. */
  readonly facts: readonly Fact[];
  readonly relations: ImageRelations;
  /** The same about digests that it was answered before to read; it may answer more once they are known. */
  readonly related: ReadonlyMap<SubjectDigest, readonly Fact[]>;
  readonly trust: TrustSnapshot;
  readonly repository: string | null;
}

/**
 * The digests beside the image's own of which a verdict needs the facts, sorted: whatever evaluation may come to look at
 * is among them, at any moment. Evaluation takes what it finds missing for an error.
 */
export function furtherDigests(known: KnownOfImage): readonly SubjectDigest[] {
  const { policy, relations } = known;
  const relatives: readonly SubjectDigest[] = readsRelations(policy)
    ? [...relations.indexes, ...relations.manifests]
    : [];
  const naming = namingBuilds(policy.requirements).map(({ requirement }) => requirement);
  const named = naming.some(({ viaIndex }) => viaIndex) ? relatives : [];
  const commits = commitsNamed(known, naming, named);
  return [...new Set([...relatives, ...commits])].sort();
}

/** Whether a verdict by the policy looks at evidence about related images. */
export function readsRelations({ requirements }: CompiledPolicy): boolean {
  return requirements.flatMap(evidenceIn).some(({ viaIndex }) => viaIndex);
}

/** The commits that builds of the image name, and then those that builds of these images do. */
function commitsNamed(
  { policy, facts, related, trust, repository }: KnownOfImage,
  naming: readonly CompiledEvidence[],
  relatives: readonly SubjectDigest[],
): readonly SubjectDigest[] {
  const readsSource = policy.requirements.flatMap(evidenceIn).some(({ of }) => of === 'source');
  if (!readsSource) return [];
  const commitsOf = (builds: readonly Fact[]): readonly SubjectDigest[] =>
    builds.flatMap(({ kind, predicateType, content, signers }) => {
      const digest = content.kind === 'build' ? commitDigest(content) : null;
      if (digest === null) return [];
      const claim = { kind, predicateType, repository };
      const speaks = naming.some(
        (requirement) =>
          (requirement.predicateType ?? predicateType) === predicateType &&
          requirement.from.some((attestor) =>
            signers.some((signer) => {
              const { supports, objects } = authorityOf(trust, attestor, signer, claim);
              return supports || objects;
            }),
          ),
      );
      return speaks ? [digest] : [];
    });
  const own = [...new Set(commitsOf(facts))].sort();
  const others = commitsOf(relatives.flatMap((digest) => related.get(digest) ?? []));
  // The image's own first, so that however many others there are takes none of them away.
  return [...new Set([...own, ...[...others].sort()])].slice(0, MOST_COMMITS);
}
