import { describe, expect, it } from 'vitest';
import { sha256 } from '../intoto/digest.js';
import { brokenGlass, policyDecision } from './break-glass.js';
import type { Verdict } from './verdict.js';

const BREAK_GLASS = { justification: 'the site is down', by: 'token:on-call#1' };

function verdictWith(change: Partial<Verdict>): Verdict {
  const digest = sha256(Buffer.from('image'));
  return {
    decision: 'deny',
    pending: false,
    mode: 'enforce',
    wouldDeny: false,
    image: { digest, repository: null },
    policy: { name: 'release', revision: 1, digest },
    parameters: {},
    evaluatedAt: '2026-01-01T00:00:00.000Z',
    validUntil: null,
    requirements: [],
    missing: [],
    waivers: [],
    revisions: { evidence: 0, trust: 0, waivers: 0 },
    ...change,
  };
}

describe('a verdict by break-glass', () => {
  it.each([
    [{ decision: 'deny' }, true],
    [{ decision: 'allow' }, false],
    [{ decision: 'allow', mode: 'audit', wouldDeny: true }, true],
    [{ decision: 'allow', mode: 'audit', wouldDeny: false }, false],
  ] as const)('where the policy alone says %j allows, and wouldDeny is %s', (change, wouldDeny) => {
    const verdict = verdictWith(change);
    const broken = brokenGlass(verdict, BREAK_GLASS);
    const { evaluatedAt } = verdict;
    expect(broken).toEqual({
      ...verdict,
      decision: 'allow',
      wouldDeny,
      validUntil: evaluatedAt,
      breakGlass: BREAK_GLASS,
    });
    expect([policyDecision(verdict), policyDecision(broken)]).toEqual([verdict.decision, verdict.decision]);
  });
});
