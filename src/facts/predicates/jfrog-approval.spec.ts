import { describe, expect, it } from 'vitest';
import { deriveFacts } from '../derive-facts.js';
import type { ApprovalFact } from '../fact.js';

const TYPE = 'https://jfrog.com/evidence/approval/v1';

function derive(predicate: object): ApprovalFact {
  return deriveFacts(TYPE, predicate)[0]!.content as ApprovalFact;
}

describe('JFrog approval', () => {
  it('reads a sign-off with an approver and role', () => {
    const signOff = {
      gate: 'QA_SIGNOFF',
      approver: { user: 'mia', role: 'QA Lead' },
      decision: 'APPROVED',
      checks: [{ name: 'smoke-tests', result: 'pass' }],
      comment: 'All QA gates satisfied',
      timestamp: '2026-11-23T10:00:00Z',
    };
    expect(deriveFacts(TYPE, signOff)).toEqual([
      {
        predicateType: TYPE,
        ownTime: '2026-11-23T10:00:00.000Z',
        content: {
          kind: 'approval',
          decision: 'approved',
          approver: { id: 'mia', name: null },
          role: 'QA Lead',
          environments: null,
          regions: null,
          reason: 'All QA gates satisfied',
          reference: null,
          approvedAt: '2026-11-23T10:00:00.000Z',
          expiresAt: null,
        },
      },
    ]);
  });

  it('reads the action of an actor, and where it was for', () => {
    const action = {
      pipeline: 'ci',
      actor: 'dev-team',
      action: 'rejected',
      stage: 'DEV',
      date: '2026-11-23T10:00:00Z',
    };
    expect(derive(action)).toMatchObject({
      decision: 'rejected',
      approver: { id: 'dev-team' },
      environments: ['DEV'],
      approvedAt: '2026-11-23T10:00:00.000Z',
    });
  });

  it('names nobody where nobody is named', () => {
    expect(derive({ status: 'approved' })).toMatchObject({ approver: null, approvedAt: null });
  });

  it('is as old as the oldest time in it', () => {
    expect(
      derive({ status: 'approved', date: '2026-11-23T10:00:00Z', approvedAt: '2026-11-20T10:00:00Z' }),
    ).toMatchObject({
      approvedAt: '2026-11-20T10:00:00.000Z',
    });
  });

  it.each([
    ['what says nothing of a decision', { actor: 'krishna', date: '2026-11-23T10:00:00Z' }, 'decision'],
    ['a decision that is none', { decision: 'pending', actor: 'a' }, 'decision'],
    ['two decisions', { decision: 'approved', status: 'rejected' }, ''],
    ['a decision beside a word nobody knows', { decision: 'approved', status: 'draft' }, 'status'],
    ['an approver without name', { decision: 'approved', approver: { role: 'QA' } }, 'approver.id'],
    ['an approver that is a list', { decision: 'approved', approver: ['a', 'b'] }, 'approver'],
    ['an approver in white space', { decision: 'approved', actor: 'a\n' }, 'actor'],
    ['a time that is none', { decision: 'approved', timestamp: 'REPLACE_WITH_ISO_TIMESTAMP' }, 'timestamp'],
  ])('refuses %s', (_what, predicate, path) => {
    expect(() => derive(predicate)).toThrow(
      expect.objectContaining({
        document: 'predicate',
        faults: expect.arrayContaining([expect.objectContaining({ path })]),
      }),
    );
  });
});
