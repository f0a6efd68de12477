import type { FactStore } from '../facts/fact.store.js';
import type { ImageRelationStore } from '../images/image-relation.store.js';
import type { ImageState, ImageStateStore } from '../images/image-state.store.js';
import type { Sha256Digest, SubjectDigest } from '../intoto/digest.js';
import type { Thumbprint } from '../trust/signer.js';
import type { TrustStore } from '../trust/trust.store.js';
import { answerRevisions } from './answer-revisions.js';
import { policyNotFound, questionOf, type Asked } from './asked.js';
import type { CelEngine } from './cel.js';
import { decideTogether, type EvaluatedQuestion } from './decide-together.js';
import { evaluateReading } from './evaluate-reading.js';
import { PolicyCache } from './policy-cache.js';
import type { PolicyStore } from './policy.store.js';
import { questionDigest, questionKey } from './question.js';
import { readQuestion, type ReadingSources } from './read-question.js';
import { recordTogether, type RecordVerdicts } from './record-together.js';
import { RelatedDigests } from './related-digests.js';
import { inTurn, Turns } from './turns.js';
import { VerdictMemo } from './verdict-memo.js';
import { toVerdictRecord } from './verdict-record.js';
import { isAnsweredBy, type VerdictRecordStore } from './verdict-record.store.js';
import type { BreakGlass, IdentifiedVerdict, Verdict } from './verdict.js';
import { WaiverCache } from './waiver-cache.js';
import type { WaiverStore } from './waiver.store.js';

const MEMO_BYTES = 64 * 1024 * 1024;
/**
 * Evaluations at once over evidence that is too large for an image's row: each holds some megabytes while it lasts, also while
 * its expressions wait for their turn.
 */
const LARGE_AT_ONCE = { atOnce: 16, atOnceOfName: 4, waitMilliseconds: 10_000 };

export interface VerdictServiceOptions {
  readonly images: Pick<ImageStateStore, 'readFactsTogether'>;
  readonly relations: Pick<ImageRelationStore, 'at'>;
  readonly facts: Pick<FactStore, 'contents' | 'predicates'>;
  readonly trust: Pick<TrustStore, 'snapshotAt'>;
  readonly policies: Pick<PolicyStore, 'loadCurrent'>;
  readonly waivers: Pick<WaiverStore, 'ofPolicy'>;
  readonly records: Pick<VerdictRecordStore, 'findLatest' | 'recordGroup'>;
  readonly cel: CelEngine;
  /** The keys with which this service signs verdicts of its own. */
  readonly ownKeys: ReadonlySet<Thumbprint>;
}

/** Answers whether a digest meets a policy. Never stale: an answer is used again only at the revisions it was made at. */
export class VerdictService {
  /** Told of every verdict given, for counting. */
  onVerdict: (decision: Verdict['decision'], from: 'memo' | 'evaluation' | 'break-glass') => void = () => undefined;

  private readonly memo = new VerdictMemo(MEMO_BYTES);
  private readonly large = new Turns(LARGE_AT_ONCE);
  private readonly sources: ReadingSources;
  private readonly record: RecordVerdicts;

  constructor(private readonly options: VerdictServiceOptions) {
    this.sources = {
      ...options,
      policies: new PolicyCache((name) => options.policies.loadCurrent(name)),
      waivers: new WaiverCache((policy, revision, now) => options.waivers.ofPolicy(policy, revision, now)),
      related: new RelatedDigests(),
    };
    this.record = recordTogether((records) => options.records.recordGroup(records));
  }

  /** The digests whose states are worth reading together with the image's own, before a question about it. */
  relatedTo(image: Sha256Digest): readonly SubjectDigest[] {
    return this.sources.related.of(image);
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
    const known = await this.sources.policies.at(state.policy, asked.policy);
    if (known === null) throw policyNotFound(asked.policy);
    if (known !== undefined) {
      const key = questionKey(questionOf(asked, known), known.revision.revision);
      const kept = this.memo.get(key, answerRevisions(state, related), state.now.getTime());
      if (kept !== null) {
        this.onVerdict(kept.decision, 'memo');
        return kept.answer;
      }
    }
    const { reading, verdict, latest } = await inTurn(this.large, asked.policy, async (takeTurn) => {
      const reading = await readQuestion(this.sources, asked, takeTurn);
      const [verdict, latest] = await Promise.all([
        evaluateReading(reading, this.options),
        this.options.records.findLatest(questionDigest(reading.question)),
      ]);
      return { reading, verdict, latest };
    });
    const record = toVerdictRecord(reading.question, verdict, { actor, context: null, always: false });
    const [id = record.id] =
      latest !== undefined && isAnsweredBy(record, latest) ? [latest.verdict] : await this.record([record]);
    this.onVerdict(verdict.decision, 'evaluation');
    const answer = Buffer.from(JSON.stringify({ id, ...verdict }));
    this.memo.set(
      questionKey(reading.question, reading.current.revision.revision),
      answerRevisions(
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

  /** `decide`, or `override`, for many images: as `decideTogether`. Throws as `answer`. */
  decideAll(
    asked: readonly Asked[],
    actor: string,
    context: object | null,
    breakGlass: BreakGlass | null = null,
  ): Promise<readonly IdentifiedVerdict[]> {
    return decideTogether(
      asked,
      { actor, context, breakGlass },
      {
        evaluate: (each) => this.evaluateAsked(each),
        record: this.record,
        onDecided: (decision) => {
          this.onVerdict(decision, breakGlass === null ? 'evaluation' : 'break-glass');
        },
      },
    );
  }

  /** What the answer would be at this moment; nothing goes on record. Throws as `answer`. */
  async evaluateNow(asked: Asked): Promise<Verdict> {
    return (await this.evaluateAsked(asked)).verdict;
  }

  /** What was read for it is not held any longer than it takes. */
  private evaluateAsked(asked: Asked): Promise<EvaluatedQuestion> {
    return inTurn(this.large, asked.policy, async (takeTurn) => {
      const reading = await readQuestion(this.sources, asked, takeTurn);
      return { question: reading.question, verdict: await evaluateReading(reading, this.options) };
    });
  }

  /** A service that reads some things elsewhere, for questions of what would be. */
  under(elsewhere: Partial<VerdictServiceOptions>): VerdictService {
    return new VerdictService({ ...this.options, ...elsewhere });
  }
}

function only<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined) throw new Error('one question has one answer');
  return item;
}
