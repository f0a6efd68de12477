import { describe, expect, it } from 'vitest';
import type { SubjectDigest } from '../intoto/digest.js';
import type { AnswerRevisions, SubjectRevisions } from './answer-revisions.js';
import { VerdictMemo } from './verdict-memo.js';

const COMMIT = `gitCommit:${'ab'.repeat(20)}` as SubjectDigest;
const OTHER = `gitCommit:${'cd'.repeat(20)}` as SubjectDigest;
const KEPT = { answer: Buffer.from('{}'), decision: 'allow' } as const;
const ALWAYS = { evaluatedAt: 0, validUntil: Infinity };

function at(related: Readonly<Record<string, SubjectRevisions>>): AnswerRevisions {
  const entries = Object.entries(related) as [SubjectDigest, SubjectRevisions][];
  return { received: 1, evidence: 1, dropped: 0, trust: 1, waiver: 1, relations: 1, related: new Map(entries) };
}

function memoAt(revisions: AnswerRevisions): VerdictMemo {
  const memo = new VerdictMemo(1_000_000);
  memo.set('question', revisions, ALWAYS, KEPT);
  return memo;
}

describe('an answer that depends on other digests', () => {
  const made = at({ [COMMIT]: { received: 3, evidence: 2, dropped: 0 } });

  it('stands where all of them are as they were, whatever else was read', () => {
    expect(memoAt(made).get('question', made, 1)).toMatchObject(KEPT);
    const more = at({
      [COMMIT]: { received: 3, evidence: 2, dropped: 0 },
      [OTHER]: { received: 9, evidence: 9, dropped: 0 },
    });
    expect(memoAt(made).get('question', more, 1)).toMatchObject(KEPT);
  });

  it.each([
    ['one of them was not read', at({})],
    ['only another was read', at({ [OTHER]: { received: 3, evidence: 2, dropped: 0 } })],
    ['evidence about one arrived', at({ [COMMIT]: { received: 4, evidence: 2, dropped: 0 } })],
    ['an index came to be known', { ...at({ [COMMIT]: { received: 3, evidence: 2, dropped: 0 } }), relations: 2 }],
    ['an envelope about it was dropped', { ...at({ [COMMIT]: { received: 3, evidence: 2, dropped: 0 } }), dropped: 1 }],
    ['an envelope about one was dropped', at({ [COMMIT]: { received: 3, evidence: 2, dropped: 1 } })],
    ['something about one was proved', at({ [COMMIT]: { received: 3, evidence: 3, dropped: 0 } })],
  ])('does not stand where %s', (_name, read) => {
    expect(memoAt(made).get('question', read, 1)).toBeNull();
  });
});
