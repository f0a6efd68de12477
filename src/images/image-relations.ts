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
