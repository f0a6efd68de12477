import type { BuildFact } from './fact.js';
import type { PredicateField } from './predicate-field.js';
import { isCommit, refName, sourceReference, type SourceReference } from './source-reference.js';

export type Material = BuildFact['materials'][number];

/** What a provenance names as the source that was to be built. */
export interface DeclaredSource extends SourceReference {
  /** Every commit it is said to be, in the same place; more than one is a contradiction. */
  readonly commits: readonly string[];
}

const UNKNOWN: BuildFact['source'] = { repository: null, ref: null, commit: null };

/**
 * The source that was built, as far as everything the provenance says about it agrees; what does not agree is null.
 *
 * A declared repository and ref are what was asked for; the commit is what came of it, and is taken from what was
 * declared or resolved for exactly that repository and ref (SLSA v1: resolvedDependencies), never from another
 * dependency. Where git repositories were resolved and the declared one is not among them, something else was built than
 * was asked for, and nothing is known.
 */
export function buildSource(
  declared: readonly DeclaredSource[],
  dependencies: readonly Material[],
): BuildFact['source'] {
  const repository = only(declared.map((source) => source.repository));
  if (repository === null) return UNKNOWN;
  const resolved = dependencies
    .flatMap(({ uri, digest }) => declaredSource(uri, null, digest))
    .filter(({ commits }) => commits.length > 0);
  const own = resolved.filter((source) => source.repository === repository);
  const declaredCommits = declared.flatMap(({ commits }) => commits);
  if (own.length === 0 && resolved.length > 0 && declaredCommits.length === 0) return UNKNOWN;

  const refs = (declared.some(({ ref }) => ref !== null) ? declared : own).flatMap(({ ref }) => ref ?? []);
  const ref = only(refs);
  const atRef = own.filter((source) => source.ref === ref);
  const matching = atRef.length > 0 ? atRef : own.filter((source) => source.ref === null);
  const contradicted = (ref === null && refs.length > 0) || (own.length > 0 && matching.length === 0);
  if (contradicted) return { repository, ref: null, commit: null };
  return { repository, ref, commit: only([...declaredCommits, ...matching.flatMap(({ commits }) => commits)]) };
}

/** A declared source from a URI, with a ref named beside it and the digests that go with it; none where it is no repository. */
export function declaredSource(
  uri: string | null,
  ref: string | null,
  digest: Material['digest'],
): readonly DeclaredSource[] {
  const reference = uri === null ? null : sourceReference(uri);
  if (reference === null) return [];
  const source = { ...reference, commits: commitsIn(digest) };
  const named = refName(ref);
  if (named === null || named === reference.ref) return [source];
  const renamed = { ...source, ref: named };
  return reference.ref === null ? [renamed] : [source, renamed];
}

/** Reads materials (SLSA v0.x) or resolved dependencies (SLSA v1). */
export function readMaterials(list: readonly PredicateField[]): readonly Material[] {
  return list.map((material) => ({ uri: material.text('uri'), digest: readDigest(material) }));
}

/** Reads the digest set of a resource, by algorithm. */
export function readDigest(resource: PredicateField): Material['digest'] {
  const digest = resource.object('digest');
  return Object.fromEntries(digest.names.map((algorithm) => [algorithm, digest.requiredText(algorithm)]));
}

/**
 * A commit stands under `gitCommit`, in SLSA v0.x and some v1 under `sha1`, and GitLab's runner writes it under `sha256`,
 * where its length tells it from a digest of content.
 */
function commitsIn(digest: Material['digest']): readonly string[] {
  const { gitCommit = '', sha1 = '', sha256 = '' } = digest;
  return [gitCommit, sha1, sha256.length === 40 ? sha256 : ''].map((text) => text.toLowerCase()).filter(isCommit);
}

/** The one value all of them are; null where there is none or they differ. */
function only(values: readonly string[]): string | null {
  const [first, ...others] = new Set(values);
  return others.length === 0 ? (first ?? null) : null;
}
