import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SEVERITIES, type ScanFact } from '../facts/fact.js';
import { Clock } from './clock.js';
import { NO_REMOVALS } from './finding-removals.js';
import { compileScan } from './scan-conditions.js';
import { withoutFindings } from './without-findings.js';

const IDS = ['CVE-1', 'CVE-2', 'CVE-3'];

const finding = fc.record({
  id: fc.constantFrom(...IDS),
  severity: fc.constantFrom(...SEVERITIES),
  cvss: fc.constantFrom(null, 5, 9),
  package: fc.constant({ name: null, version: null, purl: null }),
  fixedIn: fc.constant([]),
});
const scan = fc
  .record({
    findings: fc.array(finding, { maxLength: 6 }),
    counts: fc.record(Object.fromEntries(SEVERITIES.map((severity) => [severity, fc.nat(3)]))),
  })
  // The members made above are those of a scan that its conditions look at.
  .map((fields) => ({ kind: 'scan', scanner: 'trivy', ...fields }) as unknown as ScanFact);
const limits = fc.record({
  maxSeverity: fc.constantFrom(undefined, { high: 0 }, { critical: 1, medium: 2, unknown: 1 }),
  maxCvss: fc.constantFrom(undefined, 8),
  maxFindings: fc.constantFrom(undefined, 0, 2),
});

describe('a scan without some of its findings', () => {
  it('is judged as if they were ignored', () => {
    fc.assert(
      fc.property(scan, limits, fc.subarray(IDS), (content, where, ids) => {
        const ignore = ids.map((id) => ({ id, until: '2999-01-01', reason: 'x' }));
        const standing = { about: null, levelOf: () => 0 };
        const clock = new Clock(0);
        const without = compileScan(where)({}, NO_REMOVALS).judge(
          withoutFindings(content, new Set(ids)),
          standing,
          clock,
        );
        expect(without).toEqual(compileScan({ ...where, ignore })({}, NO_REMOVALS).judge(content, standing, clock));
      }),
      { numRuns: 500 },
    );
  });

  it('is the same where it has none of them, and so is what is no scan', () => {
    const [content] = fc.sample(scan, 1);
    expect(withoutFindings(content!, new Set(['CVE-9']))).toBe(content);
    const other = { kind: 'other', predicate: {} } as const;
    expect(withoutFindings(other, new Set(IDS))).toBe(other);
  });
});
