import { describe, expect, it } from 'vitest';
import { verdictAnswer, type VerdictAnswer } from './verdict-answer.js';
import { explainedLines, verdictLines } from './verdict-lines.js';

const digest = `sha256:${'0a'.repeat(32)}`;
const attestation = `sha256:${'0b'.repeat(32)}`;

function lines(overrides: object): readonly string[] {
  const verdict: VerdictAnswer = verdictAnswer.parse({
    id: null,
    decision: 'deny',
    pending: false,
    image: { digest, repository: 'registry.example/api' },
    policy: { name: 'production', revision: 3 },
    parameters: { region: 'eu-west1' },
    evaluatedAt: '2026-01-01T00:00:00.000Z',
    validUntil: null,
    requirements: [],
    ...overrides,
  });
  return verdictLines(verdict, (_tone, text) => text);
}

const satisfied = { id: 'built', status: 'satisfied', code: 'satisfied', message: 'built by ci', missing: null };

describe('verdictLines', () => {
  it('begins with the decision, the image, the policy and what was said about the place', () => {
    expect(lines({ decision: 'allow' })).toEqual([
      `ALLOW  registry.example/api@${digest} under production, revision 3 (region=eu-west1)`,
    ]);
  });

  it('tells for an unmet requirement why, what is missing, and which evidence was not enough', () => {
    const scanned = {
      id: 'scanned-today',
      status: 'unsatisfied',
      code: 'evidence_too_old',
      message: 'the newest scan is 31 h old',
      considered: [{ attestation, code: 'evidence_too_old', message: '31 h' }],
      missing: 'a scan by trivy not older than 24 h',
    };
    expect(lines({ requirements: [satisfied, scanned] }).slice(1)).toEqual([
      '  ✓ built          built by ci',
      '  ✗ scanned-today  the newest scan is 31 h old',
      '                   missing: a scan by trivy not older than 24 h',
      '                   sha256:0b0b0b0b0b0b evidence_too_old: 31 h',
    ]);
  });

  it('counts the evidence it does not show', () => {
    const considered = Array.from({ length: 8 }, () => ({ attestation, code: 'superseded', message: 'older' }));
    const requirement = { ...satisfied, status: 'unsatisfied', considered };
    expect(
      lines({ requirements: [requirement] })
        .at(-1)
        ?.trim(),
    ).toBe('and 3 more looked at');
  });

  it.each([
    ['waived', '~'],
    ['not_applicable', '-'],
    ['error', '!'],
    ['a status of a later version', '✗'],
  ])('marks %s', (status, mark) => {
    expect(lines({ requirements: [{ ...satisfied, status }] })[1]).toContain(`  ${mark} built`);
  });

  it('says that evidence is still being verified, and what an auditing policy would have done', () => {
    const told = lines({ decision: 'allow', pending: true, mode: 'audit', wouldDeny: true }).join('\n');
    expect(told).toContain('enforced, it would deny');
    expect(told).toContain('still being verified');
  });

  it('lets no message of evidence forge a line', () => {
    const requirement = { ...satisfied, status: 'unsatisfied', message: 'no\nALLOW  everything' };
    expect(lines({ requirements: [requirement] })).toHaveLength(2);
  });
});

describe('explainedLines', () => {
  function next(overrides: object): readonly string[] {
    const verdict = verdictAnswer.parse({
      decision: 'deny',
      pending: false,
      image: { digest },
      policy: { name: 'production', revision: 3 },
      evaluatedAt: '2026-01-01T00:00:00.000Z',
      requirements: [],
      ...overrides,
    });
    const paint = (_tone: unknown, text: string): string => text;
    return explainedLines(verdict, paint).slice(verdictLines(verdict, paint).length);
  }

  it('says after the verdict what to do next, one thing a line', () => {
    const missing = [
      { requirement: 'scanned', count: 1, text: 'a scan by one of [trivy]' },
      { requirement: 'approved', count: 2, text: '2 approvals by one of [qa]' },
      { requirement: 'clear', count: 0, text: 'a retraction of sha256:00' },
    ];
    expect(next({ missing })).toEqual([
      'what to do next:',
      '  post a scan by one of [trivy]  (scanned)',
      '  post 2 approvals by one of [qa]  (approved)',
      '  bring about a retraction of sha256:00  (clear)',
    ]);
  });

  it('lists the findings that VEX removed and those that the policy ignores', () => {
    const scanned = {
      ...satisfied,
      removed: [
        { vulnerability: 'CVE-2', package: 'pkg:deb/debian/a@1', status: 'fixed', attestation, attestor: 'security' },
      ],
      removedCount: 1,
      ignored: Array.from({ length: 30 }, (_, index) => ({
        vulnerability: `CVE-1${index}`,
        package: null,
        until: '2026-12-31',
        reason: 'no\nfix',
      })),
      ignoredCount: 130,
    };
    const verdict = verdictAnswer.parse({
      decision: 'allow',
      pending: false,
      image: { digest },
      policy: { name: 'production', revision: 3 },
      evaluatedAt: '2026-01-01T00:00:00.000Z',
      requirements: [scanned],
    });
    const told = explainedLines(verdict, (_tone, text) => text).map((line) => line.trim());
    expect(told.slice(1, 4)).toEqual([
      '✓ built  built by ci',
      'removed: CVE-2 in pkg:deb/debian/a@1, fixed by VEX sha256:0b0b0b0b0b0b of security',
      expect.stringMatching(/^ignored: CVE-10, until 2026-12-31: no.*fix$/),
    ]);
    expect(told.at(-2)).toBe('and 110 more ignored');
    expect(verdictLines(verdict, (_tone, text) => text)).toHaveLength(2);
  });

  it('takes it from the requirements where the verdict has no list', () => {
    const scanned = { id: 'scanned', status: 'unsatisfied', code: 'no_evidence', message: 'none', missing: 'a scan' };
    expect(next({ requirements: [scanned] })).toEqual(['what to do next:', '  a scan  (scanned)']);
  });

  it('has nothing to say of an allow, and says where nothing applies', () => {
    expect(next({ decision: 'allow', missing: [] })).toEqual(['nothing is missing']);
    expect(next({ missing: [] })).toEqual([
      'no requirement of the policy applies here: ask under another policy, or with other parameters',
    ]);
  });
});
