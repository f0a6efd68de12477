import { describe, expect, it } from 'vitest';
import { deriveFacts } from '../derive-facts.js';
import type { ApprovalFact } from '../fact.js';

const REVIEW = 'https://in-toto.io/attestation/human-review/v0.1';
const VCS = 'https://in-toto.io/attestation/human-review/vcs/v0.1';
const CREV = 'https://in-toto.io/attestation/human-review/crev/v0.1';
const LINK = 'https://github.com/in-toto/in-toto/pull/503#pullrequestreview-1341209941';

function derive(type: string, predicate: object): ApprovalFact {
  return deriveFacts(type, predicate)[0]!.content as ApprovalFact;
}

describe('human review', () => {
  it('reads a review that names nobody', () => {
    expect(deriveFacts(REVIEW, { result: 'pass', reviewLink: LINK, timestamp: '2026-03-15T11:05:00Z' })).toEqual([
      {
        predicateType: REVIEW,
        ownTime: '2026-03-15T11:05:00.000Z',
        content: {
          kind: 'approval',
          decision: 'approved',
          approver: null,
          role: null,
          environments: null,
          regions: null,
          reason: null,
          reference: LINK,
          approvedAt: '2026-03-15T11:05:00.000Z',
          expiresAt: null,
        },
      },
    ]);
    expect(deriveFacts(REVIEW, { result: 'pass' })[0]).toMatchObject({ ownTime: null, content: { approvedAt: null } });
  });

  it.each([
    ['pass', 'approved'],
    ['PASSED', 'approved'],
    ['approved', 'approved'],
    ['positive', 'approved'],
    ['fail', 'rejected'],
    ['FAILED', 'rejected'],
    ['rejected', 'rejected'],
    ['negative', 'rejected'],
  ])('reads the result %s as %s', (result, decision) => {
    expect(derive(REVIEW, { result }).decision).toBe(decision);
  });

  it('reads a review of a version control system in its first form', () => {
    const review = { result: 'approved', reviewLink: LINK, reviewer: 'https://github.com/lukpueh' };
    expect(derive(VCS, review)).toMatchObject({
      decision: 'approved',
      approver: { id: 'https://github.com/lukpueh', name: null },
    });
  });

  it.each([[VCS], ['http://in-toto.io/attestation/human-review/vcs/v0.1']])(
    'reads %s in its later form, in which every reviewer approved',
    (type) => {
      const reviewers = [
        { name: 'lukpueh', uri: 'https://api.github.com/user/589324' },
        { name: 'mia' },
        { name: 'again', uri: 'https://api.github.com/user/589324' },
      ];
      expect(derive(type, { reviewers, reviewTime: '2026-03-15T11:05:00Z' })).toMatchObject({
        decision: 'approved',
        approver: { id: 'https://api.github.com/user/589324' },
        coApprovers: [{ id: 'mia', name: 'mia' }],
        approvedAt: '2026-03-15T11:05:00.000Z',
      });
    },
  );

  it('reads a review of a dependency', () => {
    const review = {
      result: 'positive',
      reviewer: { idType: 'github', id: 'adityasaky', url: 'https://github.com/adityasaky/crev-proofs' },
      reviewTime: '2026-03-16T00:09:27Z',
      thoroughness: 'high',
      understanding: 'high',
      comment: 'Can be used safely.',
    };
    expect(derive(CREV, review)).toMatchObject({
      decision: 'approved',
      approver: { id: 'adityasaky', name: null },
      reason: 'Can be used safely.',
    });
  });

  it.each([
    ['no result', REVIEW, {}, 'result'],
    ['no result where reviewers do not stand for one', REVIEW, { reviewers: ['a'] }, 'result'],
    ['neither result nor reviewers', VCS, {}, 'result'],
    ['a result nobody knows', REVIEW, { result: 'LGTM' }, 'result'],
    ['a result that is no word', REVIEW, { result: true }, 'result'],
    ['no reviewers in a list of them', VCS, { reviewers: [] }, 'reviewers'],
    ['reviewers in text', VCS, { reviewers: 'alice' }, 'reviewers'],
    ['a reviewer without name', VCS, { reviewers: [{}] }, 'reviewers[0].id'],
    ['a reviewer that is empty', VCS, { reviewers: [''] }, 'reviewers[0]'],
    ['a reviewer in white space', VCS, { reviewers: ['alice '] }, 'reviewers[0]'],
    ['a reviewer that is a number', VCS, { result: 'approved', reviewer: 7 }, 'reviewer'],
    ['a reviewer beside reviewers', VCS, { result: 'approved', reviewer: 'a', reviewers: ['b'] }, 'reviewer'],
    ['a time that is none', REVIEW, { result: 'pass', timestamp: 'today' }, 'timestamp'],
  ])('refuses %s', (_what, type, predicate, path) => {
    expect(() => derive(type, predicate)).toThrow(
      expect.objectContaining({
        document: 'predicate',
        faults: expect.arrayContaining([expect.objectContaining({ path })]),
      }),
    );
  });
});
