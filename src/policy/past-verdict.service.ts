import type { FactStore } from '../facts/fact.store.js';
import type { PastFacts, PastFactStore } from '../facts/past-facts.store.js';
import type { ImageRelationStore } from '../images/image-relation.store.js';
import { UNRELATED } from '../images/image-relations.js';
import type { ImageFacts } from '../images/image-state.store.js';
import type { SubjectDigest } from '../intoto/digest.js';
import { AppError } from '../platform/app-error.js';
import type { TrustSnapshot } from '../trust/trust-snapshot.js';
import type { TrustStore } from '../trust/trust.store.js';
import { policyNotFound, questionOf, type Asked } from './asked.js';
import { brokenGlass } from './break-glass.js';
import { whyDropped } from './dropped-predicates.js';
import { evaluateReading, type EvaluationMeans } from './evaluate-reading.js';
import { factsForPolicy, predicatesForPolicy } from './facts-for-policy.js';
import { furtherDigests, readsRelations } from './further-digests.js';
import { prepare, type CurrentPolicy } from './policy-cache.js';
import { policyDigest } from './policy-digest.js';
import type { PolicyStore } from './policy.store.js';
import { contentDigest, type Question } from './question.js';
import { factsByDigest, type Reading, type RelatedReading } from './reading.js';
import { differencesOf, type VerdictDifference } from './verdict-differences.js';
import type { Verdict } from './verdict.js';
import type { VerdictService } from './verdict.service.js';
import type { VerdictStore } from './verdict.store.js';
import type { WaiverStore } from './waiver.store.js';

/** A recorded verdict's question evaluated again: from what was on record then, and from what is now. */
export interface Replay {
  readonly id: string;
  /** Whether it says the same, as `contentDigest` tells. */
  readonly same: boolean;
  readonly differences: readonly VerdictDifference[];
  /** Why it does not say the same, or cannot be known to rest on the same; empty where there is nothing to say. */
  readonly reasons: readonly string[];
  /** null where it cannot be evaluated again. */
  readonly replayed: Verdict | null;
  /** What the question is answered at this moment; null where it is refused. */
  readonly now: Verdict | null;
  /** Why it is refused at this moment. */
  readonly refusal: { readonly code: string; readonly detail: string } | null;
}

export interface PastVerdictServiceOptions extends EvaluationMeans {
  readonly pastFacts: PastFactStore;
  readonly facts: Pick<FactStore, 'contents' | 'predicates'>;
  readonly relations: Pick<ImageRelationStore, 'at' | 'asOf'>;
  readonly trust: Pick<TrustStore, 'snapshotAt' | 'snapshotAsOf'>;
  readonly policies: Pick<PolicyStore, 'findAsOf' | 'findRevision'>;
  readonly verdicts: Pick<VerdictStore, 'find'>;
  readonly present: Pick<VerdictService, 'evaluateNow'>;
  readonly waivers: Pick<WaiverStore, 'ofPolicy' | 'revisionAsOf'>;
}

/** Answers as of earlier moments, by the evaluation that answers at this one. Records nothing and keeps nothing. */
export class PastVerdictService {
  constructor(private readonly options: PastVerdictServiceOptions) {}

  /**
   * What the answer was by what had been recorded at the end of the moment's millisecond, evaluated at that moment.
   *
   * @param moment not in the future.
   * @throws AppError `policy_not_found` where the policy had not been published by then, `parameter_invalid`.
   */
  async answerAsOf(asked: Asked, moment: Date): Promise<Verdict> {
    const { pastFacts, relations, trust, policies, waivers } = this.options;
    const revision = await policies.findAsOf(asked.policy, moment);
    if (revision === null) throw await this.policyNotFoundAsOf(asked.policy, moment);
    const current = prepare(revision);
    const question = questionOf(asked, current);
    const [past, related, snapshot, waiver] = await Promise.all([
      pastFacts.asOf(asked.digest, moment),
      relations.asOf(asked.digest, moment),
      trust.snapshotAsOf(moment),
      waivers.revisionAsOf(moment),
    ]);
    const pending = past.unexamined > 0;
    const then = { pending, trust: snapshot, waiver, relations: related.revision, now: moment };
    const state = stateOf(asked.digest, past, then);
    const inForce = await waivers.ofPolicy(asked.policy, waiver, moment);
    const reading = {
      state,
      relations: readsRelations(current.compiled) ? related.relations : null,
      current,
      trust: snapshot,
      waivers: inForce,
      question,
    };
    return evaluateReading(
      await this.withRelated(reading, async (digest) => {
        const then = await pastFacts.asOf(digest, moment);
        return { past: then, pending: then.unexamined > 0 };
      }),
      this.options,
    );
  }

  /**
   * Evaluates a verdict on record again, at its own moment and from what it names: trust and the policy at its revisions, and
   * what was on record at its image's revision. null where no verdict has the id.
   */
  async replay(id: string): Promise<Replay | null> {
    const found = await this.options.verdicts.find(id);
    if (found === null) return null;
    const { verdict: recorded } = found;
    const [{ replayed, reasons, dropped }, present] = await Promise.all([
      this.evaluateAgain(recorded),
      this.atPresent(recorded),
    ]);
    if (replayed === null) return { id, same: false, differences: [], reasons, replayed, ...present };
    const same = contentDigest(recorded) === contentDigest(replayed);
    if (!same && dropped.length > 0) {
      // What was looked at then is not there to be looked at, so there is nothing that could be compared.
      return { id, same, differences: [], reasons: [...reasons, ...dropped], replayed: null, ...present };
    }
    const differences = differencesOf(recorded, replayed);
    return {
      id,
      same,
      differences,
      reasons: same ? reasons : [...reasons, ...whyOther(recorded, replayed)],
      replayed,
      ...present,
    };
  }

  private async evaluateAgain(recorded: Verdict): Promise<Replayed> {
    const policy = await this.policyOf(recorded);
    if ('missing' in policy) return { replayed: null, reasons: [policy.missing], dropped: [] };
    const now = new Date(recorded.evaluatedAt);
    const { past, reasons } = await this.factsOf(recorded, now);
    const trust = await this.options.trust.snapshotAt(recorded.revisions.trust);
    const { pending, reasons: others } = pendingOf(recorded, past);
    const { waivers: waiver, relations: related = 0 } = recorded.revisions;
    const state = stateOf(recorded.image.digest, past, { pending, trust, waiver, relations: related, now });
    const relations = readsRelations(policy.compiled)
      ? await this.options.relations.at(recorded.image.digest, related)
      : null;
    const question: Question = {
      digest: recorded.image.digest,
      repository: recorded.image.repository,
      policy: recorded.policy.name,
      parameters: recorded.parameters,
    };
    const waivers = await this.options.waivers.ofPolicy(recorded.policy.name, recorded.revisions.waivers, now);
    const inexact: string[] = [];
    const known = { state, relations, current: policy, trust, waivers, question };
    const reading = await this.withRelated(known, async (digest) => {
      const revision = recorded.revisions.related?.[digest] ?? 0;
      const exact = await this.options.pastFacts.atRevision(digest, revision, now);
      const then = exact.isExact ? exact : await this.options.pastFacts.asOf(digest, now);
      if (!exact.isExact) inexact.push(inexactReason(digest, revision));
      // Whether anything was pending is told by the image's own state, which has it from the record.
      return { past: then, pending: false };
    });
    const evaluated = await evaluateReading(reading, this.options);
    const replayed = recorded.breakGlass === undefined ? evaluated : brokenGlass(evaluated, recorded.breakGlass);
    const { dropped } = await predicatesForPolicy(this.options.facts, reading);
    return {
      replayed,
      reasons: [...reasons, ...inexact, ...others],
      dropped: [...dropped].map(([attestation, drop]) => whyDropped(attestation, drop)).sort(),
    };
  }

  /** With what was known of the other digests that the policy looks at. */
  private async withRelated(
    { state, relations, current, trust, waivers, question }: Omit<Reading, 'facts' | 'related'>,
    read: (digest: SubjectDigest) => Promise<{ readonly past: PastFacts; readonly pending: boolean }>,
  ): Promise<Reading> {
    const { compiled: policy } = current;
    const facts = await factsForPolicy(this.options.facts, state, policy);
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
            const other = stateOf(digest, past, then);
            return { state: other, facts: await factsForPolicy(this.options.facts, other, policy) };
          }),
        )),
      );
    }
  }

  /** The policy's revision, if it is the very one, and what is wrong with it otherwise. */
  private async policyOf({ policy }: Verdict): Promise<CurrentPolicy | { readonly missing: string }> {
    const named = `revision ${policy.revision} of policy ${policy.name}`;
    const revision = await this.options.policies.findRevision(policy.name, policy.revision);
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

  /**
   * What was on record when the verdict read it. Its image's revision tells that exactly, which times cannot: what a worker
   * was recording just then bears an earlier time.
   */
  private async factsOf({ image, revisions }: Verdict, moment: Date): Promise<ReadFacts> {
    const exact = await this.options.pastFacts.atRevision(image.digest, revisions.evidence, moment);
    if (exact.isExact && exact.revision === revisions.evidence) return { past: exact, reasons: [] };
    const past = await this.options.pastFacts.asOf(image.digest, moment);
    return { past, reasons: [inexactReason(image.digest, revisions.evidence)] };
  }

  /** What is answered at this moment, as far as it is: a policy may ask for other parameters by now. */
  private async atPresent({ image, policy, parameters }: Verdict): Promise<Pick<Replay, 'now' | 'refusal'>> {
    try {
      const now = await this.options.present.evaluateNow({ ...image, policy: policy.name, parameters });
      return { now, refusal: null };
    } catch (error) {
      if (!(error instanceof AppError) || error.kind === 'overloaded') throw error;
      return { now: null, refusal: { code: error.code, detail: error.message } };
    }
  }

  private async policyNotFoundAsOf(name: string, moment: Date): Promise<AppError> {
    if ((await this.options.policies.findRevision(name, 1)) === null) return policyNotFound(name);
    const detail = `no policy was named ${name} at ${moment.toISOString()}; it was published later`;
    return new AppError('not_found', 'policy_not_found', detail);
  }
}

function inexactReason(digest: SubjectDigest, revision: number): string {
  return (
    `the revisions of ${digest} do not tell what was on record at revision ${revision}; ` +
    'taken is what was recorded by the time of the verdict, and evidence that was being recorded just then may be among it'
  );
}

interface Replayed {
  readonly replayed: Verdict | null;
  readonly reasons: readonly string[];
  /** Of each predicate that the policy looks at and that is no longer there, since when and why. */
  readonly dropped: readonly string[];
}

interface ReadFacts {
  readonly past: PastFacts;
  readonly reasons: readonly string[];
}

/** What a verdict reads of its image, as it was; of the counters only what evaluation may speak of. */
function stateOf(
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

/** What may be behind another answer from the same inputs. */
function whyOther(recorded: Verdict, replayed: Verdict): readonly string[] {
  const failed = [...recorded.requirements, ...replayed.requirements].some(({ code }) => code === 'evaluation_error');
  return [
    'this release comes to another answer than the one that gave the verdict',
    ...(failed ? ['an expression that ran out of time once may be answered another time'] : []),
  ];
}
