import { describe, expect, it } from 'vitest';
import { deriveFacts } from '../derive-facts.js';

const TYPE = 'https://assay.dev/approval/v1';

function approval(changes: object = {}): object {
  return {
    decision: 'approved',
    approver: { id: 'alice@example.com', name: 'Alice' },
    role: 'release-manager',
    environments: ['production'],
    regions: ['eu-west1', 'us-east1'],
    reason: 'Regression suite is green.',
    reference: 'https://tickets.example.com/REL-7',
    approvedAt: '2026-11-23T10:00:00Z',
    expiresAt: '2026-12-01T00:00:00Z',
    ...changes,
  };
}

describe('approval v1', () => {
  it('reads every field', () => {
    expect(deriveFacts(TYPE, approval())).toEqual([
      {
        predicateType: TYPE,
        ownTime: '2026-11-23T10:00:00.000Z',
        content: {
          kind: 'approval',
          decision: 'approved',
          approver: { id: 'alice@example.com', name: 'Alice' },
          role: 'release-manager',
          environments: ['production'],
          regions: ['eu-west1', 'us-east1'],
          reason: 'Regression suite is green.',
          reference: 'https://tickets.example.com/REL-7',
          approvedAt: '2026-11-23T10:00:00.000Z',
          expiresAt: '2026-12-01T00:00:00.000Z',
        },
      },
    ]);
  });

  it('reads a rejection, with everything optional left out', () => {
    const rejection = { decision: 'rejected', approver: { id: 'bob' }, approvedAt: '2026-11-23T10:00:00Z' };
    expect(deriveFacts(TYPE, rejection)[0]!.content).toEqual({
      kind: 'approval',
      decision: 'rejected',
      approver: { id: 'bob', name: null },
      role: null,
      environments: null,
      regions: null,
      reason: null,
      reference: null,
      approvedAt: '2026-11-23T10:00:00.000Z',
      expiresAt: null,
    });
  });

  it('names no environment by an empty list', () => {
    expect(deriveFacts(TYPE, approval({ environments: [], regions: null }))[0]!.content).toMatchObject({
      environments: null,
      regions: null,
    });
  });

  it('keeps a rejection that says more than we know', () => {
    const rejection = approval({ decision: 'rejected', blocking: 'CVE-2026-1', approver: { id: 'bob', team: 'qa' } });
    expect(deriveFacts(TYPE, rejection)[0]!.content).toMatchObject({ decision: 'rejected', approver: { id: 'bob' } });
  });

  it.each([
    ['another decision', { decision: 'approved-with-comments' }, 'decision'],
    ['a decision in capitals', { decision: 'APPROVED' }, 'decision'],
    ['no decision', { decision: undefined }, 'decision'],
    ['no approver', { approver: undefined }, 'approver'],
    ['an approver who is a string', { approver: 'alice' }, 'approver'],
    ['an approver without id', { approver: { name: 'Alice' } }, 'approver.id'],
    ['an empty approver', { approver: { id: '' } }, 'approver.id'],
    ['an approver told apart from another only by white space', { approver: { id: ' alice' } }, 'approver.id'],
    ['a role with white space around it', { role: 'qa ' }, 'role'],
    ['an empty environment', { environments: [''] }, 'environments'],
    ['an environment that is no string', { environments: ['production', 1] }, 'environments[1]'],
    ['environments that are no list', { environments: 'production' }, 'environments'],
    ['a region with white space around it', { regions: ['eu-west1 '] }, 'regions'],
    ['no time', { approvedAt: undefined }, 'approvedAt'],
    ['a date instead of a time', { approvedAt: '2026-11-23' }, 'approvedAt'],
    ['an end that is no time', { expiresAt: 'never' }, 'expiresAt'],
    ['an end before the beginning', { expiresAt: '2026-11-23T09:59:59Z' }, 'expiresAt'],
    ['a field we do not know', { clusters: ['eu-1'] }, 'clusters'],
    [
      'a field we do not know about the approver',
      { approver: { id: 'alice', onBehalfOf: 'bob' } },
      'approver.onBehalfOf',
    ],
  ])('refuses %s', (_what, changes, path) => {
    expect(() => deriveFacts(TYPE, approval(changes))).toThrow(
      expect.objectContaining({
        document: 'predicate',
        faults: [expect.objectContaining({ path })],
      }),
    );
  });
});
