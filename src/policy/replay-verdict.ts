import { AppError } from '../platform/app-error.js';
import { inTermsOf } from './also-rests-on.js';
import { evaluateAgain, type AgainSources } from './evaluate-again.js';
import { contentDigest } from './question.js';
import { differencesOf, type VerdictDifference } from './verdict-differences.js';
import type { Verdict } from './verdict.js';
import type { VerdictService } from './verdict.service.js';
import type { VerdictStore } from './verdict.store.js';

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

export interface ReplaySources extends AgainSources {
  readonly verdicts: Pick<VerdictStore, 'find'>;
  readonly present: Pick<VerdictService, 'evaluateNow'>;
}

/** Evaluates a verdict on record again, and asks its question at this moment. null where no verdict has the id. */
export async function replayVerdict(sources: ReplaySources, id: string): Promise<Replay | null> {
  const found = await sources.verdicts.find(id);
  if (found === null) return null;
  const { verdict: recorded } = found;
  const [{ replayed, reasons, dropped }, present] = await Promise.all([
    evaluateAgain(sources, recorded),
    atPresent(sources.present, recorded),
  ]);
  if (replayed === null) return { id, same: false, differences: [], reasons, replayed, ...present };
  const comparable = inTermsOf(recorded, replayed);
  const same = contentDigest(recorded) === contentDigest(comparable);
  if (!same && dropped.length > 0) {
    // What was looked at then is not there to be looked at, so there is nothing that could be compared.
    return { id, same, differences: [], reasons: [...reasons, ...dropped], replayed: null, ...present };
  }
  const differences = differencesOf(recorded, comparable);
  return {
    id,
    same,
    differences,
    reasons: same ? reasons : [...reasons, ...whyOther(recorded, replayed)],
    replayed,
    ...present,
  };
}

/** What is answered at this moment, as far as it is: a policy may ask for other parameters by now. */
async function atPresent(
  verdicts: ReplaySources['present'],
  { image, policy, parameters }: Verdict,
): Promise<Pick<Replay, 'now' | 'refusal'>> {
  try {
    const now = await verdicts.evaluateNow({ ...image, policy: policy.name, parameters });
    return { now, refusal: null };
  } catch (error) {
    if (!(error instanceof AppError) || error.kind === 'overloaded') throw error;
    return { now: null, refusal: { code: error.code, detail: error.message } };
  }
}

/** What may be behind another answer from the same inputs. */
function whyOther(recorded: Verdict, replayed: Verdict): readonly string[] {
  const failed = [...recorded.requirements, ...replayed.requirements].some(({ code }) => code === 'evaluation_error');
  return [
    'this release comes to another answer than the one that gave the verdict',
    ...(failed ? ['an expression that ran out of time once may be answered another time'] : []),
  ];
}
