import { randomBytes } from 'node:crypto';
import { contentDigest, questionDigest, type Question } from './question.js';
import { verdictIdAt } from './verdict-id.js';
import type { Verdict } from './verdict.js';

/** A verdict on its way into the record. */
export interface VerdictRecord {
  readonly id: string;
  readonly verdict: Verdict;
  readonly actor: string;
  /** What the caller said about the occasion; kept, never evaluated. */
  readonly context: object | null;
  /** Digest of everything the question consists of: image, repository, policy, parameters. */
  readonly question: string;
  /** Digest of the answer without times and revisions. */
  readonly content: string;
  /** False where a repeated answer to the same question needs no second record. */
  readonly always: boolean;
}

/** The record of a verdict, under an id that bears its moment. */
export function toVerdictRecord(
  question: Question,
  verdict: Verdict,
  asked: Pick<VerdictRecord, 'actor' | 'context' | 'always'>,
): VerdictRecord {
  return {
    id: verdictIdAt(new Date(verdict.evaluatedAt), randomBytes(10)),
    verdict,
    question: questionDigest(question),
    content: contentDigest(verdict),
    ...asked,
  };
}
