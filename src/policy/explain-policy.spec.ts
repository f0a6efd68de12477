import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { explainPolicy } from './explain-policy.js';
import { parsePolicy } from './parse-policy.js';

describe('a policy in words', () => {
  it('says of each requirement what is asked, of whom, and how fresh', () => {
    const example = new URL('../../examples/policy-tests/production.yaml', import.meta.url);
    const lines = explainPolicy(parsePolicy(readFileSync(example), 'yaml'));
    expect(lines[0]).toBe('production: What may run in production');
    expect(lines).toContain('  region: one of eu-west1, us-east1; required');
    expect(lines).toContain(
      '  - scanned: 1 scan by trivy, at most 0 critical, at most 0 high, at most 20 medium, ' +
        'leaving out CVE-2026-1111 until 2026-12-31 (no fix yet), not older than 24 h',
    );
    expect(lines).toContain(
      '  - tested-on-target-hardware: where params.hardware != "cpu" holds, 1 test by qa, suites gpu-smoke, ' +
        'hardware ${params.hardware}',
    );
    expect(lines).toContain(
      '  - approved: 2 approvals by release-managers, each by another approver, region ${params.region}, not older than 14 d',
    );
  });

  it('shows what is put together, and what is not said by default', () => {
    const policy = `
policy: p
mode: audit
onPending: deny
requirements:
  - id: either
    description: one of two ways
    anyOf:
      - { kind: build, from: [ci, cd], where: { slsaLevel: 3 }, select: all, order: proven }
      - not: { check: 'true' }
`;
    expect(explainPolicy(parsePolicy(policy, 'yaml'))).toEqual([
      'p',
      'it only audits: the answer is always allow, and says what would have been denied',
      'it denies as long as evidence for the image is still being verified',
      'an image may run where all of this holds, as far as it applies:',
      '  - either: at least one of these',
      '    (one of two ways)',
      '    - 1 build by any of ci, cd, SLSA build level at least 3, with a proven signing time, every one must pass',
      '    - that this is not so',
      '      - this holds: true',
    ]);
  });
});
