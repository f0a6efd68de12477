import type { Fact } from '../facts/fact.js';
import type { CelAnswer } from './cel-batch.js';
import type { CelExpression } from './cel-expression.js';

/** An expression that has to be answered before the verdict can be given. */
export interface OpenQuestion {
  readonly expression: CelExpression;
  readonly fact: Fact | null;
  /** Position of an earlier question that decides whether this one matters at all. */
  readonly guard: number | null;
}

/**
 * What is known of the expressions of one verdict. A first pass over the policy finds out what there is to ask; once that
 * is answered, in one batch, every further pass finds its answers here.
 */
export class CelAnswers {
  private readonly questions = new Map<string, { readonly index: number; readonly question: OpenQuestion }>();
  private readonly answers: CelAnswer[] = [];
  private guard: number | null = null;
  private isMomentary = false;

  /** What has been asked and is not answered, in the order of asking; guards are positions in this list. */
  get open(): readonly OpenQuestion[] {
    const answered = this.answers.length;
    // What is asked behind a guard that is answered is asked because the guard holds.
    return [...this.questions.values()].slice(answered).map(({ question }) => ({
      ...question,
      guard: question.guard === null || question.guard < answered ? null : question.guard - answered,
    }));
  }

  /** Whether an answer that was used holds for this moment only: it speaks of `now`, or was not found out in time. */
  get holdsForNowOnly(): boolean {
    return this.isMomentary;
  }

  /** @param answers to all that is open, in its order */
  learn(answers: readonly CelAnswer[]): void {
    this.answers.push(...answers);
  }

  /** The answer, or null as long as it is not known. */
  ask(expression: CelExpression, fact: Fact | null): CelAnswer | null {
    const index = this.indexOf(expression, fact);
    const answer = this.answers[index];
    if (answer === undefined) return null;
    if (expression.variables.has('now') || ('error' in answer && answer.unsettled === true)) this.isMomentary = true;
    return answer;
  }

  /** Asks within what only matters if `expression` holds. */
  within<T>(expression: CelExpression, ask: () => T): T {
    const before = this.guard;
    this.guard = this.indexOf(expression, null);
    try {
      return ask();
    } finally {
      this.guard = before;
    }
  }

  private indexOf(expression: CelExpression, fact: Fact | null): number {
    const key = JSON.stringify([this.guard, fact?.id ?? null, expression.source]);
    const known = this.questions.get(key);
    if (known !== undefined) return known.index;
    const index = this.questions.size;
    this.questions.set(key, { index, question: { expression, fact, guard: this.guard } });
    return index;
  }
}
