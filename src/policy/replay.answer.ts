import { z } from 'zod';
import { verdictAnswer } from './verdict.answer.js';

/** A verdict that stands on no record. */
const evaluated = verdictAnswer.omit({ id: true });

const difference = z.object({
  of: z.string().describe('A member of the verdict, or `requirements.` and the id of a requirement'),
  recorded: z.unknown(),
  replayed: z.unknown(),
});

export const replayAnswer = z.object({
  id: z.string().describe('Of the verdict on record'),
  same: z.boolean().describe('The recorded inputs give what was recorded; words and moments aside'),
  differences: z.array(difference),
  reasons: z.array(z.string()).describe('Why it is not the same, or what cannot be known of it'),
  replayed: evaluated.nullable().describe('null where it cannot be evaluated again'),
  now: evaluated.nullable().describe('What the question is answered at this moment; null where it is refused'),
  refusal: z.object({ code: z.string(), detail: z.string() }).nullable().describe('Why it is refused at this moment'),
});
