import type { Sha256Digest } from '../intoto/digest.js';
import type { Parameters, Verdict } from './verdict.js';

/** What one revision answers to a question. */
export type ImpactAnswer =
  | {
      readonly type: 'decided';
      readonly decision: Verdict['decision'];
      /** The requirements that stand in the way, by id. */
      readonly blocking: readonly string[];
      /** Some requirement could not be evaluated; the answer is a denial then. */
      readonly hasErrors: boolean;
    }
  /** The question would be refused, such as for a parameter that it lacks. */
  | { readonly type: 'refused'; readonly code: string }
  /** The answer could not be found out. */
  | { readonly type: 'failed' };

export interface ImpactQuestion {
  readonly image: Sha256Digest;
  readonly repository: string | null;
  readonly parameters: Parameters;
}

/** A question that the candidate answers otherwise; null stands for a question that would be refused. */
export interface ImpactFlip extends ImpactQuestion {
  readonly from: Verdict['decision'] | null;
  readonly to: Verdict['decision'] | null;
  /** Those of the one that denies which stand in the way. */
  readonly requirements: readonly string[];
  /** Why it would be refused. */
  readonly code?: string;
}

export interface ImpactCounts {
  /** Images. */
  readonly looked: number;
  /** Questions that both revisions were asked. */
  readonly asked: number;
  /** Images that no question could be asked about. */
  readonly notAsked: number;
  readonly flips: number;
  readonly toDeny: number;
  readonly toAllow: number;
  /** Flips to a refusal of the question. */
  readonly toRefused: number;
  /** Questions of which an answer holds an evaluation error, or was not found out; the latter never are flips. */
  readonly errors: number;
  readonly byRequirement: Readonly<Record<string, { readonly toDeny: number; readonly toAllow: number }>>;
}

/** Counts what a candidate changes, one question after the other. */
export class ImpactTally {
  private looked = 0;
  private asked = 0;
  private notAsked = 0;
  private readonly to = { allow: 0, deny: 0, refused: 0 };
  private errors = 0;
  private readonly byRequirement = new Map<string, { toDeny: number; toAllow: number }>();

  countImages(images: number): void {
    this.looked += images;
  }

  countNotAsked(): void {
    this.notAsked += 1;
  }

  /** The flip that two answers to a question make, or null where they say the same. */
  compare(question: ImpactQuestion, from: ImpactAnswer, to: ImpactAnswer): ImpactFlip | null {
    this.asked += 1;
    if ([from, to].some((answer) => answer.type === 'failed' || (answer.type === 'decided' && answer.hasErrors))) {
      this.errors += 1;
    }
    if (from.type === 'failed' || to.type === 'failed') return null;
    const [before, after] = [decisionOf(from), decisionOf(to)];
    if (before === after) return null;
    const requirements = after === 'deny' ? blockingOf(to) : after === 'allow' ? blockingOf(from) : [];
    this.to[after ?? 'refused'] += 1;
    if (after !== null) for (const id of requirements) this.countRequirement(id, after);
    const { image, repository, parameters } = question;
    const code = to.type === 'refused' ? to.code : from.type === 'refused' ? from.code : undefined;
    return {
      image,
      repository,
      parameters,
      from: before,
      to: after,
      requirements,
      ...(code === undefined ? {} : { code }),
    };
  }

  counts(): ImpactCounts {
    const { allow, deny, refused } = this.to;
    return {
      looked: this.looked,
      asked: this.asked,
      notAsked: this.notAsked,
      flips: allow + deny + refused,
      toDeny: deny,
      toAllow: allow,
      toRefused: refused,
      errors: this.errors,
      byRequirement: Object.fromEntries([...this.byRequirement].sort(([a], [b]) => (a < b ? -1 : 1))),
    };
  }

  private countRequirement(id: string, to: Verdict['decision']): void {
    const counted = this.byRequirement.get(id) ?? { toDeny: 0, toAllow: 0 };
    counted[to === 'deny' ? 'toDeny' : 'toAllow'] += 1;
    this.byRequirement.set(id, counted);
  }
}

function decisionOf(answer: Exclude<ImpactAnswer, { readonly type: 'failed' }>): Verdict['decision'] | null {
  return answer.type === 'decided' ? answer.decision : null;
}

function blockingOf(answer: ImpactAnswer): readonly string[] {
  return answer.type === 'decided' ? answer.blocking : [];
}
