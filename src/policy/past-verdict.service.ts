import { answerAsOf, type AsOfSources } from './answer-as-of.js';
import type { Asked } from './asked.js';
import { replayVerdict, type Replay, type ReplaySources } from './replay-verdict.js';
import type { Verdict } from './verdict.js';

export type PastVerdictServiceOptions = AsOfSources & ReplaySources;

/** Answers as of earlier moments, by the evaluation that answers at this one. Records nothing and keeps nothing. */
export class PastVerdictService {
  constructor(private readonly options: PastVerdictServiceOptions) {}

  /** As the function of this name. */
  answerAsOf(asked: Asked, moment: Date): Promise<Verdict> {
    return answerAsOf(this.options, asked, moment);
  }

  /** As `replayVerdict`. */
  replay(id: string): Promise<Replay | null> {
    return replayVerdict(this.options, id);
  }
}
