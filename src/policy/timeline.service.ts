import type { ImageSignersStore } from '../facts/image-signers.store.js';
import type { HistoryFilter } from '../history/history.store.js';
import type { TimelineEntry, TimelineStore, Touching } from '../history/timeline.store.js';
import type { ImageSummaryStore } from '../images/image-summary.store.js';
import type { Sha256Digest } from '../intoto/digest.js';
import { touchingRevisions } from '../trust/touching-revisions.js';
import type { TrustSnapshot } from '../trust/trust-snapshot.js';
import type { TrustStore } from '../trust/trust.store.js';
import { believedBy, noticedRevisions, type PolicyTrust, type TrustedEvidence } from './believed-attestors.js';
import { causesSought, expiryBetween } from './flip-causes.js';
import { prepare } from './policy-cache.js';
import { PolicyFault } from './policy-fault.js';
import type { PolicyStore } from './policy.store.js';
import type { ChangedAnswer, RecordedQuestionStore } from './recorded-question.store.js';
import { tyingRevisions } from './tying-revisions.js';
import type { Verdict } from './verdict.js';
import type { WaiverStore } from './waiver.store.js';

/** An answer that says another thing than the one before to the same question. */
export interface Flip {
  readonly from: 'allow' | 'deny';
  readonly to: 'allow' | 'deny';
  /** The id of the former answer. */
  readonly former: string;
  /** Entries that may have brought it about, the last ones, in the account's order. */
  readonly causes: readonly TimelineEntry[];
  /** The moment from which time alone could have brought it about; null where it could not. */
  readonly expired: string | null;
}

export type TimelineItem = TimelineEntry & { readonly flip: Flip | null };

export interface Timeline {
  readonly items: readonly TimelineItem[];
  readonly more: boolean;
  readonly completeTo: number;
}

export interface TimelineServiceOptions {
  readonly timelines: TimelineStore;
  readonly signers: Pick<ImageSignersStore, 'find'>;
  readonly summaries: Pick<ImageSummaryStore, 'indexesOf'>;
  readonly trust: Pick<TrustStore, 'snapshot'>;
  readonly policies: Pick<PolicyStore, 'findRevision'>;
  readonly questions: Pick<RecordedQuestionStore, 'questionsOn' | 'changedAnswers'>;
  readonly waivers: Pick<WaiverStore, 'idsAbout'>;
}

/** What touches an image, and by what of trust that was found. */
interface Touched {
  readonly touching: Touching;
  readonly trusted: TrustedEvidence;
  readonly snapshot: TrustSnapshot;
}

/** Questions asked about one image, of which the policies and repositories are looked at. */
const MOST_QUESTIONS = 1_000;

/** Digests beside the image, beyond which evidence about them is left out. */
const MOST_RELATED = 20;

/** What happened about an image, whichever room it happened in, and what of it changed an answer. */
export class TimelineService {
  constructor(private readonly options: TimelineServiceOptions) {}

  /** A page of it, behind the sequence `after`. */
  async page(
    digest: Sha256Digest,
    filter: Omit<HistoryFilter, 'digest'>,
    after: number,
    limit: number,
  ): Promise<Timeline> {
    const touched = await this.touched(digest);
    const { touching } = touched;
    const { entries, more, completeTo } = await this.options.timelines.list(digest, touching, filter, after, limit);
    const flips = await this.flipsAmong(entries, touched);
    return { items: entries.map((entry) => ({ ...entry, flip: flips.get(entry.entry) ?? null })), more, completeTo };
  }

  /** The sequences of a page of it, without looking for what changed. */
  async sequences(
    digest: Sha256Digest,
    { since, until }: Pick<HistoryFilter, 'since' | 'until'>,
    after: number,
    limit: number,
  ): Promise<{ readonly sequences: readonly number[]; readonly more: boolean }> {
    const filter = { type: null, actor: null, since, until };
    const { touching } = await this.touched(digest);
    const { entries, more } = await this.options.timelines.list(digest, touching, filter, after, limit);
    return { sequences: entries.map(({ sequence }) => sequence), more };
  }

  private async touched(digest: Sha256Digest): Promise<Touched> {
    const { signers, summaries, trust, waivers } = this.options;
    const [snapshot, questions, indexes] = await Promise.all([
      trust.snapshot(),
      this.options.questions.questionsOn(digest, MOST_QUESTIONS),
      summaries.indexesOf(digest),
    ]);
    const related = [...new Set(questions.flatMap((question) => question.related))].sort().slice(0, MOST_RELATED);
    const signed = await Promise.all([digest, ...related].map((each) => signers.find(each)));
    const policies = Map.groupBy(questions, ({ policy }) => policy);
    const repositories = [...new Set(questions.flatMap(({ repository }) => repository ?? []))];
    const trusted = {
      signers: signed.flatMap((each) => each.signers),
      signedDigests: signed.flatMap((each) => each.signedDigests),
      people: signed.flatMap((each) => each.people),
    };
    const touching = {
      trustRevisions: touchedBy(snapshot, trusted),
      policies: [...policies].map(([policy, asked]) => ({
        policy,
        from: Math.min(...asked.map(({ policyRevision }) => policyRevision)),
      })),
      waivers: await waivers.idsAbout(digest, repositories, [...policies.keys()]),
      indexes,
      related,
    };
    return { touching, trusted, snapshot };
  }

  private async flipsAmong(entries: readonly TimelineEntry[], touched: Touched): Promise<ReadonlyMap<string, Flip>> {
    const { touching } = touched;
    const told = new Map(
      entries.flatMap(({ type, data, entry }) =>
        type === 'verdict.recorded' && typeof data.verdict === 'string' ? [[data.verdict, entry] as const] : [],
      ),
    );
    const changed = await this.options.questions.changedAnswers([...told.keys()]);
    const placed = changed.flatMap((answer) => {
      const entry = told.get(answer.id);
      return entry === undefined ? [] : [{ entry, answer }];
    });
    const weighed = await this.weighed(
      placed.map(({ answer }) => answer.verdict.policy),
      touched,
    );
    const causes = await this.options.timelines.causes(
      placed.map(({ entry, answer: { verdict, former } }) => {
        const trustRevisions = weighed.get(keyOf(verdict.policy)) ?? touching.trustRevisions;
        return causesSought(entry, former.verdict, verdict, { ...touching, trustRevisions });
      }),
    );
    return new Map(placed.map(({ entry, answer }) => [entry, flipOf(answer, causes.get(entry) ?? [])]));
  }

  /** The trust revisions that each of these policies could come to notice, by `keyOf`; none where that is not known. */
  private async weighed(
    policies: readonly Verdict['policy'][],
    { trusted, snapshot }: Touched,
  ): Promise<ReadonlyMap<string, readonly number[]>> {
    const distinct = new Map(policies.map((policy) => [keyOf(policy), policy]));
    const weighed = new Map<string, readonly number[]>();
    for (const [key, policy] of distinct) {
      const believed = await this.believed(policy);
      if (believed !== null) weighed.set(key, noticedRevisions(snapshot, trusted, believed));
    }
    return weighed;
  }

  /** Whom a revision of a policy believes; null where this release reads it no longer: then it may be anybody. */
  private async believed({ name, revision }: Verdict['policy']): Promise<PolicyTrust | null> {
    const found = await this.options.policies.findRevision(name, revision);
    if (found === null) return null;
    try {
      return believedBy(prepare(found).compiled);
    } catch (error) {
      if (error instanceof PolicyFault) return null;
      throw error;
    }
  }
}

/** Of trust: what touches the evidence, and what makes other ones of its people and signers one. */
function touchedBy(trust: TrustSnapshot, evidence: TrustedEvidence): readonly number[] {
  const { signers, people } = evidence;
  const tying = tyingRevisions(trust, { signers, people, everybody: signers });
  return [...new Set([...touchingRevisions(trust, evidence), ...tying])].sort((a, b) => a - b);
}

function keyOf({ name, revision }: Verdict['policy']): string {
  return `${revision} ${name}`;
}

function flipOf({ verdict, former }: ChangedAnswer, causes: readonly TimelineEntry[]): Flip {
  return {
    from: former.verdict.decision,
    to: verdict.decision,
    former: former.id,
    causes,
    expired: expiryBetween(former.verdict, verdict),
  };
}
