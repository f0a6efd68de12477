import { describe, expect, it } from 'vitest';
import { effectiveFrom, toWaiver, waiverStateAt, type RecordedWaiver } from './recorded-waiver.js';

const at = (day: number): Date => new Date(Date.UTC(2026, 0, day));

function waiverWith(change: Partial<RecordedWaiver> = {}): RecordedWaiver {
  return {
    id: 'w',
    revision: 1,
    policy: 'release',
    requirement: 'tested',
    vulnerability: null,
    scope: { type: 'repository', repository: 'registry.example/app' },
    parameters: { region: 'eu' },
    reason: 'for a while',
    reference: 'SEC-12',
    until: at(10),
    approvals: 0,
    at: at(1),
    actor: 'token:author#1',
    author: '1',
    approvedBy: [],
    revocation: null,
    ...change,
  };
}

const approval = (day: number): RecordedWaiver['approvedBy'][number] => ({
  approver: String(day),
  actor: `token:approver#${day}`,
  at: at(day),
});
const revocation = { actor: 'token:other#9', at: at(5), reason: 'fixed' };

describe('a waiver on record', () => {
  it('that needs no approval holds from its creation to its end', () => {
    const waiver = waiverWith();
    expect(effectiveFrom(waiver)).toEqual(at(1));
    expect(waiverStateAt(waiver, new Date(at(10).getTime() - 1))).toBe('active');
    expect(waiverStateAt(waiver, at(10))).toBe('expired');
    expect(toWaiver(waiver)).toEqual({
      id: 'w',
      policy: 'release',
      requirement: 'tested',
      vulnerability: null,
      scope: { type: 'repository', repository: 'registry.example/app' },
      parameters: { region: 'eu' },
      reason: 'for a while',
      from: at(1).getTime(),
      until: at(10).getTime(),
    });
  });

  it('that needs approvals holds from the last of them on', () => {
    const pending = waiverWith({ approvals: 2, approvedBy: [approval(2)] });
    expect(effectiveFrom(pending)).toBeNull();
    expect(waiverStateAt(pending, at(3))).toBe('pending');
    expect(toWaiver(pending)).toBeNull();
    const approved = waiverWith({ approvals: 2, approvedBy: [approval(2), approval(4)] });
    expect(effectiveFrom(approved)).toEqual(at(4));
    expect(waiverStateAt(approved, at(4))).toBe('active');
    expect(toWaiver(approved)?.from).toBe(at(4).getTime());
  });

  it('that nobody approved in time has ended', () => {
    expect(waiverStateAt(waiverWith({ approvals: 1 }), at(11))).toBe('expired');
  });

  it('that was revoked is so for good, and waives nothing', () => {
    const revoked = waiverWith({ revocation });
    expect([at(5), at(11)].map((now) => waiverStateAt(revoked, now))).toEqual(['revoked', 'revoked']);
    expect(toWaiver(revoked)).toBeNull();
  });
});
