import { AppError } from '../platform/app-error.js';
import type { RecordedAnswer } from './recorded-question.store.js';
import type { Verdict } from './verdict.js';
import type { VerdictService } from './verdict.service.js';

/** A question that would no longer be answered as it last was. */
export interface VerdictFlip {
  readonly recorded: RecordedAnswer;
  /** null where the question can no longer be asked, for the reason in `code`. */
  readonly decision: Verdict['decision'] | null;
  readonly code: string | null;
  /** The requirements that are not satisfied at this moment, by id. */
  readonly unsatisfied: readonly string[];
}

/** Evaluations under way at once, so that one look at many images does not crowd out the gates. */
const AT_ONCE = 4;

/**
 * Which of these answers would come out differently at this moment, in the order given. A question whose policy is gone, or
 * asks for other parameters by now, would be refused, and so differs. Records nothing.
 */
export async function findFlips(
  answers: readonly RecordedAnswer[],
  verdicts: Pick<VerdictService, 'evaluateNow'>,
): Promise<readonly VerdictFlip[]> {
  const flips: VerdictFlip[] = [];
  for (let start = 0; start < answers.length; start += AT_ONCE) {
    const group = answers.slice(start, start + AT_ONCE);
    const compared = await Promise.all(group.map((recorded) => compare(recorded, verdicts)));
    flips.push(...compared.filter((flip) => flip !== null));
  }
  return flips;
}

async function compare(
  recorded: RecordedAnswer,
  verdicts: Pick<VerdictService, 'evaluateNow'>,
): Promise<VerdictFlip | null> {
  const { image: digest, repository, policy, parameters, decision: before } = recorded;
  try {
    const { decision, requirements } = await verdicts.evaluateNow({ digest, repository, policy, parameters });
    if (decision === before) return null;
    const unsatisfied = requirements.filter(({ status }) => status === 'unsatisfied' || status === 'error');
    return { recorded, decision, code: null, unsatisfied: unsatisfied.map(({ id }) => id) };
  } catch (error) {
    if (!(error instanceof AppError) || error.kind === 'overloaded') throw error;
    return { recorded, decision: null, code: error.code, unsatisfied: [] };
  }
}
