import { setImmediate as turn } from 'node:timers/promises';
import { mapBounded } from '../platform/map-bounded.js';
import type { Asked } from './asked.js';
import { brokenGlass } from './break-glass.js';
import type { Question } from './question.js';
import type { RecordVerdicts } from './record-together.js';
import { toVerdictRecord } from './verdict-record.js';
import type { BreakGlass, IdentifiedVerdict, Verdict } from './verdict.js';

/** Images of one question that are read and evaluated at once. */
const IMAGES_AT_ONCE = 4;

/** A question, held against its policy, and what it comes to. */
export interface EvaluatedQuestion {
  readonly question: Question;
  readonly verdict: Verdict;
}

/** By whom and on which occasion verdicts are asked for. */
export interface Occasion {
  readonly actor: string;
  readonly context: object | null;
  /** Why the images are to be allowed whatever the policy says; null where the policy decides. */
  readonly breakGlass: BreakGlass | null;
}

export interface DecidingMeans {
  readonly evaluate: (asked: Asked) => Promise<EvaluatedQuestion>;
  readonly record: RecordVerdicts;
  /** Told of each verdict once it is on record. */
  readonly onDecided: (decision: Verdict['decision']) => void;
}

/**
 * Decides about images, few of them at a time: whatever is asked meanwhile has its turn between them. All go on record in one
 * commit once all are evaluated; where one cannot be, none does. Throws what evaluating and recording throw.
 *
 * @param asked under one policy and with the same parameters; what is equal among these is evaluated once.
 */
export async function decideTogether(
  asked: readonly Asked[],
  { actor, context, breakGlass }: Occasion,
  { evaluate, record, onDecided }: DecidingMeans,
): Promise<readonly IdentifiedVerdict[]> {
  const distinct = new Map(asked.map((each) => [JSON.stringify([each.digest, each.repository]), each]));
  const evaluated = await mapBounded([...distinct], IMAGES_AT_ONCE, async ([key, each]) => {
    await turn();
    const { question, verdict } = await evaluate(each);
    return [key, { question, verdict: breakGlass === null ? verdict : brokenGlass(verdict, breakGlass) }] as const;
  });
  const known = new Map(evaluated);
  const decided = asked.flatMap(({ digest, repository }) => {
    const found = known.get(JSON.stringify([digest, repository]));
    return found === undefined ? [] : [found];
  });
  const records = decided.map(({ question, verdict }) =>
    toVerdictRecord(question, verdict, { actor, context, always: true }),
  );
  const ids = await record(records);
  return decided.map(({ verdict }, index) => {
    const id = ids[index];
    if (id === undefined) throw new Error('a verdict was recorded without an id');
    onDecided(verdict.decision);
    return { id, ...verdict };
  });
}
