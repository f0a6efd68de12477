import type { FactStore } from '../facts/fact.store.js';
import type { ImageRelationStore } from '../images/image-relation.store.js';
import { UNRELATED, type ImageRelations } from '../images/image-relations.js';
import type { ImageState, ImageStateStore } from '../images/image-state.store.js';
import { isSha256Digest } from '../intoto/digest.js';
import { AppError } from '../platform/app-error.js';
import type { TrustStore } from '../trust/trust.store.js';
import { policyNotFound, questionOf, type Asked } from './asked.js';
import type { CompiledPolicy } from './compile-policy.js';
import { asksForLarge, factsForPolicy } from './facts-for-policy.js';
import { furtherDigests, readsRelations } from './further-digests.js';
import type { PolicyCache } from './policy-cache.js';
import { factsByDigest, type QuestionReading } from './question-reading.js';
import type { RelatedDigests } from './related-digests.js';
import type { TakeTurn } from './turns.js';
import type { WaiverCache } from './waiver-cache.js';

/** Reads of a question that kept changing while it was read, before the caller is told to come back. */
const MAX_READS = 8;

/** Where a question's reading comes from. */
export interface ReadingSources {
  readonly images: Pick<ImageStateStore, 'readFactsTogether'>;
  readonly relations: Pick<ImageRelationStore, 'at'>;
  readonly facts: Pick<FactStore, 'contents'>;
  readonly trust: Pick<TrustStore, 'snapshotAt'>;
  readonly policies: PolicyCache;
  readonly waivers: WaiverCache;
  /** Which digests questions about an image needed before; told of what this one needs. */
  readonly related: RelatedDigests;
}

/**
 * Facts, policy, trust and waivers at revisions that belong together. Which digests the policy needs beside the image's
 * own shows only in the facts, so what was read is read again, all of it in one snapshot, until nothing is missing.
 *
 * @param takeTurn called before large evidence is read.
 * @throws AppError `policy_not_found`, `parameter_invalid`; `overloaded` where everything kept changing.
 */
export async function readQuestion(
  sources: ReadingSources,
  asked: Asked,
  takeTurn: TakeTurn,
): Promise<QuestionReading> {
  let digests = sources.related.of(asked.digest);
  for (let reads = 0; reads < MAX_READS; reads += 1) {
    const [state, ...others] = await sources.images.readFactsTogether([asked.digest, ...digests]);
    const current = await sources.policies.at(state.policy, asked.policy);
    if (current === null) throw policyNotFound(asked.policy);
    const trust = await sources.trust.snapshotAt(state.trust);
    if (current === undefined || trust.revision !== state.trust) continue;
    // What was read before the turn came would be that much older.
    if (asksForLarge([state, ...others], current.compiled) && (await takeTurn())) continue;
    const waivers = await sources.waivers.at(state.waiver, asked.policy, state.now);
    const question = questionOf(asked, current);
    const { compiled: policy } = current;
    const [facts, relations, read] = await Promise.all([
      factsForPolicy(sources.facts, state, policy),
      relationsOf(sources.relations, state, policy),
      Promise.all(
        others.map(async (other) => ({ state: other, facts: await factsForPolicy(sources.facts, other, policy) })),
      ),
    ]);
    const needed = furtherDigests({
      policy,
      facts,
      relations: relations ?? UNRELATED,
      related: factsByDigest(read),
      trust,
      repository: asked.repository,
    });
    sources.related.remember(asked.digest, needed);
    if (!needed.every((digest) => digests.includes(digest))) {
      digests = needed;
      continue;
    }
    const related = read.filter((other) => needed.includes(other.state.digest));
    return { state, facts, relations, related, current, trust, waivers, question };
  }
  throw new AppError('overloaded', 'overloaded', 'policies, trust or evidence keep changing', {
    retryAfterSeconds: 1,
  });
}

/** How the image was related when its state was read, where the policy looks at that. */
async function relationsOf(
  store: Pick<ImageRelationStore, 'at'>,
  { digest, relations }: ImageState,
  policy: CompiledPolicy,
): Promise<ImageRelations | null> {
  if (!readsRelations(policy)) return null;
  return isSha256Digest(digest) ? store.at(digest, relations) : UNRELATED;
}
