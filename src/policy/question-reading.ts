import type { Fact } from '../facts/fact.js';
import type { ImageRelations } from '../images/image-relations.js';
import type { ImageFacts } from '../images/image-state.store.js';
import type { SubjectDigest } from '../intoto/digest.js';
import type { TrustSnapshot } from '../trust/trust-snapshot.js';
import type { CurrentPolicy } from './policy-cache.js';
import type { Question } from './question.js';
import type { Waiver } from './waiver.js';

/** A question held against one revision of its policy, and all that was read about it in one snapshot. */
export interface QuestionReading {
  readonly state: ImageFacts;
  /** The facts about the image that the policy asks for. */
  readonly facts: readonly Fact[];
  /** How it is related to others; null where the policy does not look at that. */
  readonly relations: ImageRelations | null;
  /** What else the policy needs to know, of exactly the digests that it needs. */
  readonly related: readonly RelatedReading[];
  readonly current: CurrentPolicy;
  readonly trust: TrustSnapshot;
  readonly waivers: readonly Waiver[];
  readonly question: Question;
}

/** What was read about another digest. */
export interface RelatedReading {
  readonly state: ImageFacts;
  readonly facts: readonly Fact[];
}

/** The facts that were read, by the digest they are about. */
export function factsByDigest(read: readonly RelatedReading[]): ReadonlyMap<SubjectDigest, readonly Fact[]> {
  return new Map(read.map(({ state, facts }) => [state.digest, facts]));
}
