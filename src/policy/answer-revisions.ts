import type { ImageState } from '../images/image-state.store.js';
import type { SubjectDigest } from '../intoto/digest.js';

/** What was known about one digest. */
export interface SubjectRevisions {
  readonly received: number;
  readonly evidence: number;
  /** Of envelopes that are no longer there to be read. */
  readonly dropped: number;
}

/** What an answer was read at: it stands while all of these are the same. */
export interface AnswerRevisions extends SubjectRevisions {
  readonly trust: number;
  readonly waiver: number;
  /** Of the indexes that concern the image. */
  readonly relations: number;
  /** Of the other digests that the answer depends on; what is read may tell of more. */
  readonly related: ReadonlyMap<SubjectDigest, SubjectRevisions>;
}

/** @param related the states of other digests, read in the same snapshot as the image's own. */
export function answerRevisions(state: ImageState, related: readonly ImageState[]): AnswerRevisions {
  return {
    received: state.received,
    evidence: state.revision,
    dropped: state.dropped,
    trust: state.trust,
    waiver: state.waiver,
    relations: state.relations,
    related: new Map(
      related.map(({ digest, received, revision, dropped }) => [digest, { received, evidence: revision, dropped }]),
    ),
  };
}
