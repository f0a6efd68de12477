import { expect, it } from 'vitest';
import { boundedIgnored, withIgnored, withIgnoredOf } from './ignored-findings.js';
import type { FindingIgnored, RequirementResult } from './verdict.js';

const RESULT: RequirementResult = {
  id: 'scanned',
  status: 'satisfied',
  code: 'satisfied',
  message: 'a scan by trivy passes',
  evidence: [],
  considered: [],
  missing: null,
};

function ignored(vulnerability: string): FindingIgnored {
  return { vulnerability, package: null, until: '2026-12-31', reason: 'no fix yet' };
}

it('is told in the message, and not spoken of where nothing is ignored', () => {
  expect(withIgnored(RESULT, [])).toBe(RESULT);
  expect(withIgnored(RESULT, [ignored('CVE-1')]).message).toBe(
    'a scan by trivy passes (1 finding is ignored by the policy)',
  );
});

it('is of several results each once, sorted', () => {
  const [one, other] = [[ignored('CVE-2'), ignored('CVE-1')], [ignored('CVE-2')]];
  expect(withIgnoredOf(RESULT, [{ ignored: one }, {}, { ignored: other }]).ignored).toEqual([
    ignored('CVE-1'),
    ignored('CVE-2'),
  ]);
  expect(withIgnoredOf(RESULT, [{}, {}])).toBe(RESULT);
});

it('is no more than a hundred in a verdict, and how many there are', () => {
  const many = Array.from({ length: 150 }, (_, index) => ignored(`CVE-${index}`));
  const bounded = boundedIgnored({ ...RESULT, ignored: many });
  expect(bounded.ignored).toHaveLength(100);
  expect(bounded.ignoredCount).toBe(150);
  expect(boundedIgnored(RESULT)).toBe(RESULT);
});
