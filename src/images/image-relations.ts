import type { Sha256Digest } from '../intoto/digest.js';

/** How an image is related to others, by the indexes on record. */
export interface ImageRelations {
  /** The indexes that list it as something to run, sorted. */
  readonly indexes: readonly Sha256Digest[];
  /** Of an index, what it lists as something to run, each once and sorted; empty for what is no index on record. */
  readonly manifests: readonly Sha256Digest[];
  /** There are more of either than is read. */
  readonly areTooMany: boolean;
}

/** An image that no index on record concerns. */
export const UNRELATED: ImageRelations = { indexes: [], manifests: [], areTooMany: false };

/** Indexes that are read for one image: one that nothing changes in is listed again by every release. */
export const MOST_INDEXES = 256;
/** Manifests that are read for one index. */
export const MOST_MANIFESTS = 64;

/** What is read of the relations of an image; both lists may be cut off as soon as they hold more than is read. */
export function boundedRelations(indexes: readonly Sha256Digest[], manifests: readonly Sha256Digest[]): ImageRelations {
  return {
    indexes: indexes.slice(0, MOST_INDEXES),
    manifests: manifests.slice(0, MOST_MANIFESTS),
    areTooMany: indexes.length > MOST_INDEXES || manifests.length > MOST_MANIFESTS,
  };
}
