import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { absentContents, factsAskedFor, readImageFacts } from '../facts/image-facts.js';
import type { Fact } from '../facts/fact.js';
import type { FactStore } from '../facts/fact.store.js';
import type { ImageRelationStore } from '../images/image-relation.store.js';
import { UNRELATED, type ImageRelations } from '../images/image-relations.js';
import type { ImageFacts, ImageState, ImageStateStore } from '../images/image-state.store.js';
import { isSha256Digest, type Sha256Digest, type SubjectDigest } from '../intoto/digest.js';
import { AppError } from '../platform/app-error.js';
import { groupCommit } from '../platform/group-commit.js';
import { mapBounded } from '../platform/map-bounded.js';
import type { TrustSnapshot } from '../trust/trust-snapshot.js';
import type { Thumbprint } from '../trust/signer.js';
import type { TrustStore } from '../trust/trust.store.js';
import { brokenGlass } from './break-glass.js';
import type { CelEngine } from './cel.js';
import type { CompiledPolicy } from './compile-policy.js';
import { splitPredicates, type ReadPredicates } from './dropped-predicates.js';
import { evaluate } from './evaluate.js';
import { furtherDigests, readsRelations } from './further-digests.js';
import { parseParameters } from './parse-parameters.js';
import { PolicyCache, type CurrentPolicy } from './policy-cache.js';
import type { PolicyStore } from './policy.store.js';
import { contentDigest, questionDigest, questionKey, type Question } from './question.js';
import { RelatedDigests } from './related-digests.js';
import { Turns } from './turns.js';
import { verdictIdAt } from './verdict-id.js';
import { VerdictMemo, type AnswerRevisions } from './verdict-memo.js';
import type { BreakGlass, Verdict } from './verdict.js';
import type { VerdictRecord, VerdictStore } from './verdict.store.js';
import { WaiverCache } from './waiver-cache.js';
import type { Waiver } from './waiver.js';
import type { WaiverStore } from './waiver.store.js';

const MEMO_BYTES = 64 * 1024 * 1024;
/** Reads of a question that kept changing while it was read, before the caller is told to come back. */
const MAX_READS = 8;
const MAX_RECORDS_IN_GROUP = 256;
const MAX_RECORDS_WAITING = 10_000;
/** Images of one question that are read and evaluated at once. */
const IMAGES_AT_ONCE = 4;
/**
 * Evaluations at once over evidence that is too large for an image's row: each holds some megabytes while it lasts, also while
 * its expressions wait for their turn.
 */
const LARGE_AT_ONCE = { atOnce: 16, atOnceOfName: 4, waitMilliseconds: 10_000 };

/** A question as it is asked: parameters as given, not yet held against the policy. */
export interface Asked {
  readonly digest: Sha256Digest;
  readonly repository: string | null;
  readonly policy: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** A verdict with the id under which it stands on record. */
export type IdentifiedVerdict = { readonly id: string } & Verdict;

export interface VerdictServiceOptions {
  readonly images: Pick<ImageStateStore, 'readFactsTogether'>;
  readonly relations: Pick<ImageRelationStore, 'at'>;
  readonly facts: Pick<FactStore, 'contents' | 'predicates'>;
  readonly trust: Pick<TrustStore, 'snapshotAt'>;
  readonly policies: Pick<PolicyStore, 'loadCurrent'>;
  readonly waivers: Pick<WaiverStore, 'ofPolicy'>;
  readonly verdicts: VerdictStore;
  readonly cel: CelEngine;
  /** The keys with which this service signs verdicts of its own. */
  readonly ownKeys: ReadonlySet<Thumbprint>;
}

/** A question held against one revision of its policy, and all that was read about it in one snapshot. */
export interface Reading {
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

export interface RelatedReading {
  readonly state: ImageFacts;
  readonly facts: readonly Fact[];
}

/** Answers whether a digest meets a policy. Never stale: an answer is used again only at the revisions it was made at. */
export class VerdictService {
  /** Told of every verdict given, for counting. */
  onVerdict: (decision: Verdict['decision'], from: 'memo' | 'evaluation' | 'break-glass') => void = () => undefined;

  private readonly memo = new VerdictMemo(MEMO_BYTES);
  private readonly related = new RelatedDigests();
  private readonly policies: PolicyCache;
  private readonly waivers: WaiverCache;
  private readonly large: Turns;
  private readonly recordTogether: (records: readonly VerdictRecord[]) => Promise<readonly string[]>;

  constructor(private readonly options: VerdictServiceOptions) {
    this.policies = new PolicyCache((name) => options.policies.loadCurrent(name));
    this.waivers = new WaiverCache((policy, revision, now) => options.waivers.ofPolicy(policy, revision, now));
    this.large = new Turns(LARGE_AT_ONCE);
    this.recordTogether = groupCommit<readonly VerdictRecord[], readonly string[]>({
      commit: async (groups) => {
        const ids = await options.verdicts.recordGroup(groups.flat());
        let taken = 0;
        return groups.map((records) => ids.slice(taken, (taken += records.length)));
      },
      sizeOf: (records) => records.length,
      maxRows: MAX_RECORDS_IN_GROUP,
      maxBytes: MAX_RECORDS_IN_GROUP,
      maxInFlight: 2,
      maxWaiting: MAX_RECORDS_WAITING,
      maxWaitingBytes: MAX_RECORDS_WAITING,
    });
  }

  /** The digests whose states are worth reading together with the image's own, before a question about it. */
  relatedTo(image: Sha256Digest): readonly SubjectDigest[] {
    return this.related.of(image);
  }

  /**
   * The answer to a GET, as the JSON bytes that go out. On record when it differs from the last answer to the same
   * question, before it is given.
   *
   * @param state read after the request arrived.
   * @param related the states of `relatedTo` the image, read in the same snapshot.
   * @throws AppError `policy_not_found`, `parameter_invalid`; `overloaded` where everything kept changing.
   */
  async answer(asked: Asked, state: ImageState, actor: string, related: readonly ImageState[] = []): Promise<Buffer> {
    const known = await this.policies.at(state.policy, asked.policy);
    if (known === null) throw policyNotFound(asked.policy);
    if (known !== undefined) {
      const key = questionKey(questionOf(asked, known), known.revision.revision);
      const kept = this.memo.get(key, revisionsOf(state, related), state.now.getTime());
      if (kept !== null) {
        this.onVerdict(kept.decision, 'memo');
        return kept.answer;
      }
    }
    const { reading, verdict, latest } = await this.inTurn(asked.policy, async (takeTurn) => {
      const reading = await this.read(asked, takeTurn);
      const [verdict, latest] = await Promise.all([
        this.evaluate(reading),
        this.options.verdicts.findLatest(questionDigest(reading.question)),
      ]);
      return { reading, verdict, latest };
    });
    const record = toRecord(reading.question, verdict, { actor, context: null, always: false });
    const [id = record.id] =
      latest?.content === record.content ? [latest.verdict] : await this.recordTogether([record]);
    this.onVerdict(verdict.decision, 'evaluation');
    const answer = Buffer.from(JSON.stringify({ id, ...verdict }));
    this.memo.set(
      questionKey(reading.question, reading.current.revision.revision),
      revisionsOf(
        reading.state,
        reading.related.map((each) => each.state),
      ),
      {
        evaluatedAt: Date.parse(verdict.evaluatedAt),
        validUntil: verdict.validUntil === null ? Infinity : Date.parse(verdict.validUntil),
      },
      { answer, decision: verdict.decision },
    );
    return answer;
  }

  /** The answer to a POST: evaluated at this moment and always on record, before it is given. */
  async decide(asked: Asked, actor: string, context: object | null): Promise<IdentifiedVerdict> {
    return only(await this.decideAll([asked], actor, context));
  }

  /**
   * The same where the image is to be allowed whatever the policy says: evaluated as usual, and on record as what it is. It is
   * no answer to the question, so nothing that is asked later is answered by it.
   */
  async override(
    asked: Asked,
    actor: string,
    context: object | null,
    breakGlass: BreakGlass,
  ): Promise<IdentifiedVerdict> {
    return only(await this.decideAll([asked], actor, context, breakGlass));
  }

  /**
   * `decide`, or `override`, for many images, few of them at a time: whatever is asked meanwhile has its turn between them. All
   * go on record in one commit once all are evaluated; where one cannot be, none does. Throws as `answer`.
   *
   * @param asked what is equal among these is evaluated once.
   */
  async decideAll(
    asked: readonly Asked[],
    actor: string,
    context: object | null,
    breakGlass: BreakGlass | null = null,
  ): Promise<readonly IdentifiedVerdict[]> {
    const distinct = new Map(asked.map((each) => [JSON.stringify([each.digest, each.repository]), each]));
    const evaluated = await mapBounded([...distinct], IMAGES_AT_ONCE, async ([key, each]) => {
      await turn();
      const { question, verdict } = await this.evaluateAsked(each);
      return [key, { question, verdict: breakGlass === null ? verdict : brokenGlass(verdict, breakGlass) }] as const;
    });
    const known = new Map(evaluated);
    const decided = asked.flatMap(({ digest, repository }) => {
      const found = known.get(JSON.stringify([digest, repository]));
      return found === undefined ? [] : [found];
    });
    const records = decided.map(({ question, verdict }) =>
      toRecord(question, verdict, { actor, context, always: true }),
    );
    const ids = await this.recordTogether(records);
    return decided.map(({ verdict }, index) => {
      const id = ids[index];
      if (id === undefined) throw new Error('a verdict was recorded without an id');
      this.onVerdict(verdict.decision, breakGlass === null ? 'evaluation' : 'break-glass');
      return { id, ...verdict };
    });
  }

  /** What the answer would be at this moment; nothing goes on record. Throws as `answer`. */
  async evaluateNow(asked: Asked): Promise<Verdict> {
    return (await this.evaluateAsked(asked)).verdict;
  }

  /** What was read for it is not held any longer than it takes. */
  private evaluateAsked(asked: Asked): Promise<{ readonly question: Question; readonly verdict: Verdict }> {
    return this.inTurn(asked.policy, async (takeTurn) => {
      const reading = await this.read(asked, takeTurn);
      return { question: reading.question, verdict: await this.evaluate(reading) };
    });
  }

  /** Does what may find that it needs large evidence, and then has to take a turn first, which ends with it. */
  private async inTurn<T>(policy: string, work: (takeTurn: TakeTurn) => Promise<T>): Promise<T> {
    let end: (() => void) | null = null;
    try {
      return await work(async () => {
        if (end !== null) return false;
        end = await this.large.take(policy);
        return true;
      });
    } finally {
      endTurn(end);
    }
  }

  /** A service that reads some things elsewhere, for questions of what would be. */
  under(elsewhere: Partial<VerdictServiceOptions>): VerdictService {
    return new VerdictService({ ...this.options, ...elsewhere });
  }

  /**
   * Facts, policy, trust and waivers at revisions that belong together. Which digests the policy needs beside the image's
   * own shows only in the facts, so what was read is read again, all of it in one snapshot, until nothing is missing.
   */
  private async read(asked: Asked, takeTurn: TakeTurn): Promise<Reading> {
    let digests = this.related.of(asked.digest);
    for (let reads = 0; reads < MAX_READS; reads += 1) {
      const [state, ...others] = await this.options.images.readFactsTogether([asked.digest, ...digests]);
      const current = await this.policies.at(state.policy, asked.policy);
      if (current === null) throw policyNotFound(asked.policy);
      const trust = await this.options.trust.snapshotAt(state.trust);
      if (current === undefined || trust.revision !== state.trust) continue;
      // What was read before the turn came would be that much older.
      if (readsLarge([state, ...others], current.compiled) && (await takeTurn())) continue;
      const waivers = await this.waivers.at(state.waiver, asked.policy, state.now);
      const question = questionOf(asked, current);
      const { compiled: policy } = current;
      const [facts, relations, read] = await Promise.all([
        this.factsOf(state, policy),
        this.relationsOf(state, policy),
        Promise.all(others.map(async (other) => ({ state: other, facts: await this.factsOf(other, policy) }))),
      ]);
      const needed = furtherDigests({
        policy,
        facts,
        relations: relations ?? UNRELATED,
        related: factsByDigest(read),
        trust,
        repository: asked.repository,
      });
      this.related.remember(asked.digest, needed);
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

  /** What is read of one moment, evaluated at that moment; nothing goes on record. */
  async evaluate({ state, facts, relations, related, current, trust, waivers, question }: Reading): Promise<Verdict> {
    const { revision, compiled } = current;
    return evaluate({
      policy: compiled,
      policyRef: { name: revision.name, revision: revision.revision, digest: revision.digest },
      facts,
      ...(relations === null ? {} : { relations }),
      related: factsByDigest(related),
      ...(await this.predicatesFor({ facts, related, current })),
      trust,
      waivers,
      ownKeys: this.options.ownKeys,
      parameters: question.parameters,
      digest: question.digest,
      repository: question.repository,
      pending: [state, ...related.map((each) => each.state)].some(({ received, examined }) => received > examined),
      revisions: {
        evidence: state.revision,
        ...relatedRevisions(related.map((each) => each.state)),
        ...(relations === null ? {} : { relations: state.relations }),
        trust: state.trust,
        waivers: state.waiver,
      },
      now: state.now.toISOString(),
      cel: this.options.cel,
    });
  }

  /** The predicates that the policy looks at, as far as they can still be read. */
  async predicatesFor({
    facts,
    related,
    current: { compiled },
  }: Pick<Reading, 'facts' | 'related' | 'current'>): Promise<ReadPredicates> {
    if (!compiled.needsPredicate) return { predicates: new Map(), dropped: new Map() };
    const all = [...facts, ...related.flatMap((each) => each.facts)];
    return splitPredicates(await this.options.facts.predicates(all));
  }

  /** How the image was related when its state was read, where the policy looks at that. */
  private async relationsOf({ digest, relations }: ImageState, policy: CompiledPolicy): Promise<ImageRelations | null> {
    if (!readsRelations(policy)) return null;
    return isSha256Digest(digest) ? this.options.relations.at(digest, relations) : UNRELATED;
  }

  /** The facts the policy asks for: another kind's may be large, and nothing in the policy looks at them. */
  async factsOf(state: ImageFacts, { isAskedFor }: CompiledPolicy): Promise<readonly Fact[]> {
    const rows = factsAskedFor(state.facts, isAskedFor);
    const absent = absentContents(rows);
    return readImageFacts(rows, absent.length === 0 ? new Map() : await this.options.facts.contents(absent));
  }
}

/** Resolves when it is the caller's turn to read large evidence, to whether it was not so already. */
type TakeTurn = () => Promise<boolean>;

/** A closure has set it by then, which the compiler does not see. */
function endTurn(end: (() => void) | null): void {
  end?.();
}

function readsLarge(states: readonly ImageFacts[], { isAskedFor }: CompiledPolicy): boolean {
  return states.some(({ facts }) => absentContents(factsAskedFor(facts, isAskedFor)).length > 0);
}

function only<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined) throw new Error('one question has one answer');
  return item;
}

/** The facts that were read, by the digest they are about. */
export function factsByDigest(read: readonly RelatedReading[]): ReadonlyMap<SubjectDigest, readonly Fact[]> {
  return new Map(read.map(({ state, facts }) => [state.digest, facts]));
}

/** Throws AppError `parameter_invalid`. */
export function questionOf(asked: Asked, current: CurrentPolicy): Question {
  return {
    digest: asked.digest,
    repository: asked.repository,
    policy: asked.policy,
    parameters: parseParameters(current.compiled.document, asked.parameters),
  };
}

function revisionsOf(state: ImageState, related: readonly ImageState[]): AnswerRevisions {
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

function relatedRevisions(states: readonly ImageState[]): Pick<Verdict['revisions'], 'related'> {
  if (states.length === 0) return {};
  return { related: Object.fromEntries(states.map(({ digest, revision }) => [digest, revision])) };
}

function toRecord(
  question: Question,
  verdict: Verdict,
  asked: Pick<VerdictRecord, 'actor' | 'context' | 'always'>,
): VerdictRecord {
  return {
    id: verdictIdAt(new Date(verdict.evaluatedAt), randomBytes(10)),
    verdict,
    question: questionDigest(question),
    content: contentDigest(verdict),
    ...asked,
  };
}

/** The fault of a question under a policy that nobody has published. */
export function policyNotFound(name: string): AppError {
  return new AppError('not_found', 'policy_not_found', `no policy is named ${name}`);
}
