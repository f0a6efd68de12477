import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../facts/fact.js';
import { findingName, findingNames, packageOf } from './finding-names.js';

const NOWHERE = { name: null, version: null, purl: null };

function finding(id: string, change: Partial<Finding> = {}): Finding {
  return { id, severity: 'high', cvss: null, package: NOWHERE, fixedIn: [], ...change };
}

describe('names of findings', () => {
  it('tell package and fix', () => {
    const lodash = { name: 'lodash', version: '4.17.20', purl: 'pkg:npm/lodash@4.17.20' };
    expect(findingName(finding('CVE-1', { package: lodash, fixedIn: ['4.17.21'] }))).toBe(
      'CVE-1 in lodash@4.17.20 (fixed in 4.17.21)',
    );
    expect(findingName(finding('CVE-1', { fixedIn: ['1', '2', '3'] }))).toBe('CVE-1 (fixed in 1 or 2)');
    expect(packageOf(finding('CVE-1', { package: lodash }))).toBe('pkg:npm/lodash@4.17.20');
    expect(packageOf(finding('CVE-1', { package: { ...lodash, purl: null } }))).toBe('lodash@4.17.20');
    expect(packageOf(finding('CVE-1'))).toBeNull();
  });

  it.each([
    [['CVE-1'], 1, 'CVE-1'],
    [['CVE-2', 'CVE-1'], 2, 'CVE-1 and CVE-2'],
    [['CVE-3', 'CVE-2', 'CVE-1'], 3, 'CVE-1, CVE-2 and CVE-3'],
    [['CVE-4', 'CVE-3', 'CVE-2', 'CVE-1'], 4, 'CVE-1, CVE-2, CVE-3 and 1 more'],
    [['CVE-1'], 20, 'CVE-1 and 19 more'],
    [['CVE-1', 'CVE-1'], 2, 'CVE-1'],
    [[], 20, ''],
  ])('of %j, %i in all, are: %s', (ids, count, expected) => {
    expect(
      findingNames(
        ids.map((id) => finding(id)),
        count,
      ),
    ).toBe(expected);
  });

  it('are the same in whatever order the scan lists them, and never long', () => {
    const text = fc.string({ maxLength: 300 });
    const some = fc.array(
      fc.record({
        id: fc.oneof(fc.constantFrom('CVE-1', 'CVE-2'), text),
        fixedIn: fc.array(text, { maxLength: 3 }),
        package: fc.record({
          name: fc.option(text),
          version: fc.option(text),
          purl: fc.option(text),
        }),
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(some, fc.nat(20), (written, count) => {
        const findings = written.map(({ id, ...change }) => finding(id, change));
        const names = findingNames(findings, count);
        expect(findingNames([...findings].reverse(), count)).toBe(names);
        expect(names.length).toBeLessThan(1200);
        expect(names.isWellFormed() || written.some((one) => !JSON.stringify(one).isWellFormed())).toBe(true);
      }),
    );
  });
});
