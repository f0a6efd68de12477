import type { FactStore } from '../facts/fact.store.js';
import type { PastFacts } from '../facts/past-facts.store.js';
import { UNRELATED } from '../images/image-relations.js';
import type { ImageFacts } from '../images/image-state.store.js';
import type { SubjectDigest } from '../intoto/digest.js';
import type { TrustSnapshot } from '../trust/trust-snapshot.js';
import { factsForPolicy } from './facts-for-policy.js';
import { furtherDigests } from './further-digests.js';
import { factsByDigest, type QuestionReading, type RelatedReading } from './question-reading.js';

/** What was known of a digest, and whether evidence about it was pending. */
export interface PastKnowledge {
  readonly past: PastFacts;
  readonly pending: boolean;
}

/** With what was known of the other digests that the policy looks at, each read by `read`. */
export async function withRelated(
  { state, relations, current, trust, waivers, question }: Omit<QuestionReading, 'facts' | 'related'>,
  store: Pick<FactStore, 'contents'>,
  read: (digest: SubjectDigest) => Promise<PastKnowledge>,
): Promise<QuestionReading> {
  const { compiled: policy } = current;
  const facts = await factsForPolicy(store, state, policy);
  const related: RelatedReading[] = [];
  // What is known of some may tell of others.
  for (;;) {
    const known = { relations: relations ?? UNRELATED, related: factsByDigest(related) };
    const needed = furtherDigests({ policy, facts, ...known, trust, repository: question.repository });
    const unread = needed.filter((digest) => related.every((each) => each.state.digest !== digest));
    if (unread.length === 0) return { state, facts, relations, related, current, trust, waivers, question };
    related.push(
      ...(await Promise.all(
        unread.map(async (digest) => {
          const { past, pending } = await read(digest);
          const then = { pending, trust, waiver: state.waiver, relations: 0, now: state.now };
          const other = pastState(digest, past, then);
          return { state: other, facts: await factsForPolicy(store, other, policy) };
        }),
      )),
    );
  }
}

/** What a verdict reads of its image, as it was; of the counters only what evaluation may speak of. */
export function pastState(
  digest: SubjectDigest,
  { facts, revision, examined }: PastFacts,
  then: {
    readonly pending: boolean;
    readonly trust: TrustSnapshot;
    readonly waiver: number;
    readonly relations: number;
    readonly now: Date;
  },
): ImageFacts {
  return {
    digest,
    facts,
    revision,
    examined,
    received: examined + (then.pending ? 1 : 0),
    trust: then.trust.revision,
    waiver: then.waiver,
    relations: then.relations,
    dropped: 0,
    policy: 0,
    access: 0,
    now: then.now,
  };
}
