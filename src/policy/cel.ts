import type { CelAnswer, CelBatch } from './cel-batch.js';
import { CelLane, overload, type LaneLimits } from './cel-lane.js';

export interface CelLimits extends Omit<LaneLimits, 'heldMilliseconds' | 'keepsSpare'> {
  /** How long the expressions of one verdict may take together, of the processor's time. */
  readonly evaluationMilliseconds: number;
  /** How long they may take where those of other policies wait for them, and twice that by the clock. Default 150. */
  readonly quickMilliseconds?: number;
  /** How long they may hold a thread, by the clock. Default four times what they may take. */
  readonly heldMilliseconds?: number;
}

const LIMITS: CelLimits = {
  evaluationMilliseconds: 500,
  waitMilliseconds: 2000,
  startMilliseconds: 15_000,
  memoryMegabytes: 512,
};
const QUICK_MILLISECONDS = 150;
const MOST_HELD = 4;
/** How long a policy is taken for slow after its expressions were. */
const SLOW_FOR_MILLISECONDS = 60_000;

/**
 * Evaluates CEL in threads of its own. The library bounds neither time nor memory, so a thread is ended and replaced when a
 * batch takes too long, whatever its expressions do; nothing else of the process waits for it.
 *
 * There are two threads. A batch begins in the quick one. If it is not done there soon, it is taken off and begins again in
 * the slow one, and so does what is asked under its policy for a minute. So a policy whose expressions are quick waits for at most
 * one short stay of each other policy, and never for those that are known to be slow.
 */
export class CelEngine {
  private readonly quick: CelLane;
  private readonly slow: CelLane;
  private readonly evaluationMilliseconds: number;
  private readonly quickMilliseconds: number;
  /** By policy, until when it is taken for slow; of `performance.now`. */
  private readonly slowUntil = new Map<string, number>();

  constructor(limits: CelLimits = LIMITS) {
    const { quickMilliseconds = QUICK_MILLISECONDS, evaluationMilliseconds } = limits;
    this.evaluationMilliseconds = evaluationMilliseconds;
    this.quickMilliseconds = Math.min(quickMilliseconds, evaluationMilliseconds);
    const { quickMilliseconds: quick } = this;
    // Little by the clock, too: whoever is taken off there loses nothing but time.
    this.quick = new CelLane({
      ...limits,
      evaluationMilliseconds: quick,
      heldMilliseconds: 2 * quick,
      keepsSpare: true,
    });
    this.slow = new CelLane({ heldMilliseconds: MOST_HELD * evaluationMilliseconds, ...limits, keepsSpare: false });
  }

  /**
   * The answers to a batch's questions, in their order. What could not be found out because of the expressions themselves, for
   * want of time or otherwise, is an answer that says so.
   *
   * @throws AppError `overloaded` where it was not their turn in time, or no thread or processor can be had for them: nothing
   * is known of them then.
   */
  async answer(batch: CelBatch): Promise<readonly CelAnswer[]> {
    if (batch.questions.length === 0) return [];
    if (!this.isSlow(batch.policy)) {
      const { answers, lost } = await this.quick.run(batch);
      if (lost === null) return answers;
      this.takeForSlow(batch.policy);
    }
    const { answers, lost, milliseconds } = await this.slow.run(batch);
    if (milliseconds > this.quickMilliseconds) this.takeForSlow(batch.policy);
    switch (lost) {
      case null:
        return answers;
      case 'time':
        return complete(
          batch,
          answers,
          `the expressions of this verdict took more than ${this.evaluationMilliseconds} ms`,
        );
      case 'ended':
        return complete(batch, answers, 'evaluating it ended the thread it ran in');
      case 'starved':
        throw overload('expressions of policies take long now');
    }
  }

  /** Ends the threads once nothing waits for them; a later batch would start them again. */
  async close(): Promise<void> {
    await this.quick.close();
    await this.slow.close();
  }

  private isSlow(policy: string): boolean {
    const until = this.slowUntil.get(policy);
    if (until === undefined) return false;
    if (performance.now() < until) return true;
    this.slowUntil.delete(policy);
    return false;
  }

  private takeForSlow(policy: string): void {
    this.slowUntil.set(policy, performance.now() + SLOW_FOR_MILLISECONDS);
    this.quick.moveOut(policy);
  }
}

/** The answers that came, the rest of them saying why they did not. */
function complete(batch: CelBatch, answers: readonly CelAnswer[], reason: string): readonly CelAnswer[] {
  return batch.questions.map((_question, index) => answers[index] ?? { error: reason, unsettled: true });
}
