import { describe, expect, it } from 'vitest';
import { deriveFacts } from '../derive-facts.js';

const TYPE = 'https://gittuf.dev/github-pull-request-approval/v0.1';

function approval(changes: object = {}): object {
  return {
    approvers: ['adityasaky+8928778', 'lukpueh+589324'],
    dismissedApprovers: [],
    fromRevisionID: 'c3ef4dc745e37451446f8b6e4c90b4c17239b973',
    targetRef: 'refs/heads/main',
    targetTreeID: '32af1b10212ee9d02b1d49b7b739a2a3ab44d620',
    ...changes,
  };
}

describe('gittuf pull request approval', () => {
  it('reads everybody who approved', () => {
    expect(deriveFacts(TYPE, approval())).toEqual([
      {
        predicateType: TYPE,
        ownTime: null,
        content: {
          kind: 'approval',
          decision: 'approved',
          approver: { id: 'adityasaky+8928778', name: 'adityasaky' },
          coApprovers: [{ id: 'lukpueh+589324', name: 'lukpueh' }],
          role: null,
          environments: null,
          regions: null,
          reason: null,
          reference: 'refs/heads/main',
          approvedAt: null,
          expiresAt: null,
        },
      },
    ]);
  });

  it('names nobody else where one approved, with or without a number', () => {
    const [fact] = deriveFacts(TYPE, approval({ approvers: ['adityasaky'], dismissedApprovers: null }));
    expect(fact!.content).toMatchObject({ approver: { id: 'adityasaky', name: null } });
    expect(fact!.content).not.toHaveProperty('coApprovers');
  });

  it('reads an approval that was withdrawn as a rejection by whoever withdrew it, and by nobody else', () => {
    const withdrawn = approval({ approvers: ['lukpueh+589324'], dismissedApprovers: ['adityasaky+8928778'] });
    expect(deriveFacts(TYPE, withdrawn)[0]!.content).toMatchObject({
      decision: 'rejected',
      approver: { id: 'adityasaky+8928778' },
      reason: 'the approval was dismissed',
    });
    expect(deriveFacts(TYPE, withdrawn)[0]!.content).not.toHaveProperty('coApprovers');
  });

  it.each([
    ['nobody', { approvers: [] }, 'approvers'],
    ['approvers in text', { approvers: 'alice' }, 'approvers'],
    ['an approver that is a key', { approvers: [{ keyid: 'a' }] }, 'approvers[0]'],
    ['an approver in white space', { approvers: [' a+1'] }, 'approvers'],
    ['who approves and withdrew', { dismissedApprovers: ['lukpueh+589324'] }, 'dismissedApprovers'],
    ['no ref', { targetRef: '' }, 'targetRef'],
  ])('refuses %s', (_what, changes, path) => {
    expect(() => deriveFacts(TYPE, approval(changes))).toThrow(
      expect.objectContaining({
        document: 'predicate',
        faults: expect.arrayContaining([expect.objectContaining({ path })]),
      }),
    );
  });
});
