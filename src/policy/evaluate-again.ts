import type { FactStore } from '../facts/fact.store.js';
import type { PastFacts, PastFactStore } from '../facts/past-facts.store.js';
import type { ImageRelationStore } from '../images/image-relation.store.js';
import type { SubjectDigest } from '../intoto/digest.js';
import { AppError } from '../platform/app-error.js';
import type { TrustStore } from '../trust/trust.store.js';
import { brokenGlass } from './break-glass.js';
import { whyDropped } from './dropped-predicates.js';
import { evaluateReading, type EvaluationMeans } from './evaluate-reading.js';
import { predicatesForPolicy } from './facts-for-policy.js';
import { readsRelations } from './further-digests.js';
import { pastState, withRelated } from './past-reading.js';
import { prepare, type CurrentPolicy } from './policy-cache.js';
import { policyDigest } from './policy-digest.js';
import type { PolicyStore } from './policy.store.js';
import type { Question } from './question.js';
import type { Verdict } from './verdict.js';
import type { WaiverStore } from './waiver.store.js';

/** Where what a verdict names is read. */
export interface AgainSources extends EvaluationMeans {
  readonly pastFacts: PastFactStore;
  readonly facts: Pick<FactStore, 'contents' | 'predicates'>;
  readonly relations: Pick<ImageRelationStore, 'at'>;
  readonly trust: Pick<TrustStore, 'snapshotAt'>;
  readonly policies: Pick<PolicyStore, 'findRevision'>;
  readonly waivers: Pick<WaiverStore, 'ofPolicy'>;
}

export interface EvaluatedAgain {
  /** null where it cannot be evaluated again. */
  readonly replayed: Verdict | null;
  /** Why it cannot be, or cannot be known to rest on the same. */
  readonly reasons: readonly string[];
  /** Of each predicate that the policy looks at and that is no longer there, since when and why. */
  readonly dropped: readonly string[];
}

/**
 * Evaluates a verdict on record again, at its own moment and from what it names: trust and the policy at its revisions, and
 * what was on record at its image's revision.
 */
export async function evaluateAgain(sources: AgainSources, recorded: Verdict): Promise<EvaluatedAgain> {
  const policy = await policyOf(sources.policies, recorded);
  if ('missing' in policy) return { replayed: null, reasons: [policy.missing], dropped: [] };
  const now = new Date(recorded.evaluatedAt);
  const { past, reasons } = await factsOf(sources.pastFacts, recorded, now);
  const trust = await sources.trust.snapshotAt(recorded.revisions.trust);
  const { pending, reasons: others } = pendingOf(recorded, past);
  const { waivers: waiver, relations: related = 0 } = recorded.revisions;
  const state = pastState(recorded.image.digest, past, { pending, trust, waiver, relations: related, now });
  const relations = readsRelations(policy.compiled) ? await sources.relations.at(recorded.image.digest, related) : null;
  const question: Question = {
    digest: recorded.image.digest,
    repository: recorded.image.repository,
    policy: recorded.policy.name,
    parameters: recorded.parameters,
  };
  const waivers = await sources.waivers.ofPolicy(recorded.policy.name, recorded.revisions.waivers, now);
  const inexact: string[] = [];
  const known = { state, relations, current: policy, trust, waivers, question };
  const reading = await withRelated(known, sources.facts, async (digest) => {
    const revision = recorded.revisions.related?.[digest] ?? 0;
    const exact = await sources.pastFacts.atRevision(digest, revision, now);
    const then = exact.isExact ? exact : await sources.pastFacts.asOf(digest, now);
    if (!exact.isExact) inexact.push(inexactReason(digest, revision));
    // Whether anything was pending is told by the image's own state, which has it from the record.
    return { past: then, pending: false };
  });
  const evaluated = await evaluateReading(reading, sources);
  const replayed = recorded.breakGlass === undefined ? evaluated : brokenGlass(evaluated, recorded.breakGlass);
  const { dropped } = await predicatesForPolicy(sources.facts, reading);
  return {
    replayed,
    reasons: [...reasons, ...inexact, ...others],
    dropped: [...dropped].map(([attestation, drop]) => whyDropped(attestation, drop)).sort(),
  };
}

/** The policy's revision, if it is the very one, and what is wrong with it otherwise. */
async function policyOf(
  policies: Pick<PolicyStore, 'findRevision'>,
  { policy }: Verdict,
): Promise<CurrentPolicy | { readonly missing: string }> {
  const named = `revision ${policy.revision} of policy ${policy.name}`;
  const revision = await policies.findRevision(policy.name, policy.revision);
  if (revision === null) return { missing: `${named} is not on record` };
  let current: CurrentPolicy;
  try {
    current = prepare(revision);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { missing: `${named} is not taken by this release: ${error.message}` };
  }
  const digest = policyDigest(current.compiled.document);
  if (digest === policy.digest && revision.digest === policy.digest) return current;
  return { missing: `${named} has the digest ${digest}, and the verdict names ${policy.digest}` };
}

interface ReadFacts {
  readonly past: PastFacts;
  readonly reasons: readonly string[];
}

/**
 * What was on record when the verdict read it. Its image's revision tells that exactly, which times cannot: what a worker
 * was recording just then bears an earlier time.
 */
async function factsOf(pastFacts: PastFactStore, { image, revisions }: Verdict, moment: Date): Promise<ReadFacts> {
  const exact = await pastFacts.atRevision(image.digest, revisions.evidence, moment);
  if (exact.isExact && exact.revision === revisions.evidence) return { past: exact, reasons: [] };
  const past = await pastFacts.asOf(image.digest, moment);
  return { past, reasons: [inexactReason(image.digest, revisions.evidence)] };
}

/**
 * Whether evidence was pending. Times decide it where they can; what was being received just then the verdict knew, and
 * nobody after it.
 */
function pendingOf(
  recorded: Verdict,
  past: PastFacts,
): { readonly pending: boolean; readonly reasons: readonly string[] } {
  if (past.surelyUnexamined > 0 && !recorded.pending) {
    return { pending: true, reasons: ['evidence about the image had been received long before, and was not examined'] };
  }
  // It may have been evidence about another digest that was pending.
  if (past.unexamined === 0 && recorded.pending && recorded.revisions.related === undefined) {
    return { pending: false, reasons: ['all evidence about the image that had been received was examined'] };
  }
  return { pending: recorded.pending, reasons: [] };
}

function inexactReason(digest: SubjectDigest, revision: number): string {
  return (
    `the revisions of ${digest} do not tell what was on record at revision ${revision}; ` +
    'taken is what was recorded by the time of the verdict, and evidence that was being recorded just then may be among it'
  );
}
