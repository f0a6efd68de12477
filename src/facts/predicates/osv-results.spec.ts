import { describe, expect, it } from 'vitest';
import { deriveFacts } from '../derive-facts.js';
import type { ScanFact } from '../fact.js';

const TYPE = 'https://ossf.github.io/osv-schema/results@v1';

const GHSA = {
  id: 'GHSA-8r3f-844c-mc37',
  aliases: ['CVE-2024-24786'],
  severity: [
    { type: 'CVSS_V4', score: 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:L' },
    { type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H' },
  ],
  affected: [
    {
      package: { name: 'google.golang.org/protobuf', ecosystem: 'Go', purl: 'pkg:golang/google.golang.org/protobuf' },
      ranges: [
        { type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '1.33.0' }] },
        { type: 'GIT', events: [{ fixed: 'f01a588e5810b90996452eec4a28f22a0afae023' }] },
      ],
    },
    { package: { name: 'github.com/other', ecosystem: 'Go' }, ranges: [{ events: [{ fixed: '9.9.9' }] }] },
  ],
  database_specific: { severity: 'MODERATE' },
};
const GO = { id: 'GO-2024-2611', aliases: ['CVE-2024-24786'], affected: GHSA.affected };
const PACKAGE = { name: 'google.golang.org/protobuf', version: '1.31.0', ecosystem: 'Go' };

/** Results as OSV-Scanner writes them, with the date that attesters put beside them. */
function results(scanned: object = {}, changes: object = {}): object {
  return {
    date: '2026-11-23T10:00:00Z',
    results: [
      {
        source: { path: '/src/go.mod', type: 'lockfile' },
        packages: [
          {
            package: PACKAGE,
            vulnerabilities: [GHSA, GO],
            groups: [
              { ids: ['GHSA-8r3f-844c-mc37', 'GO-2024-2611'], aliases: ['CVE-2024-24786'], max_severity: '7.5' },
            ],
            ...scanned,
          },
        ],
      },
    ],
    ...changes,
  };
}

function derive(predicate: object, type = TYPE): ScanFact {
  return deriveFacts(type, predicate)[0]!.content as ScanFact;
}

describe('OSV results', () => {
  it.each([[TYPE], [`${TYPE}.6.7`], [`${TYPE}.7`], [`${TYPE}.7.4`]])('reads %s', (type) => {
    expect(deriveFacts(type, results())).toEqual([
      {
        predicateType: type,
        ownTime: '2026-11-23T10:00:00.000Z',
        content: {
          kind: 'scan',
          scanner: 'osv-scanner',
          scannerVersion: null,
          databaseAt: null,
          scannedAt: '2026-11-23T10:00:00.000Z',
          findings: [
            {
              id: 'GHSA-8r3f-844c-mc37',
              severity: 'medium',
              cvss: 7.5,
              package: { name: 'google.golang.org/protobuf', version: '1.31.0', purl: null },
              fixedIn: ['1.33.0'],
            },
          ],
          counts: { critical: 0, high: 0, medium: 1, low: 0, negligible: 0, none: 0, unknown: 0 },
        },
      },
    ]);
  });

  it.each([['https://ossf.github.io/osv-schema/results@v2'], [`${TYPE}.6.7.1`], [`${TYPE}x`]])(
    'does not read %s',
    (type) => {
      expect(deriveFacts(type, results())[0]!.content.kind).toBe('other');
    },
  );

  it('counts a group of advisories once, what no group names as well, and a group that lists none', () => {
    const groups = [{ ids: ['GO-2024-2611'] }, { ids: ['GO-2020-1'], max_severity: '9.1' }];
    expect(derive(results({ groups })).findings.map(({ id, severity }) => [id, severity])).toEqual([
      ['GO-2024-2611', 'unknown'],
      ['GO-2020-1', 'critical'],
      ['GHSA-8r3f-844c-mc37', 'medium'],
    ]);
    expect(derive(results({ groups: undefined })).findings).toHaveLength(2);
  });

  it.each([
    ['the word of its database', { ...GHSA, severity: [] }, 'medium', null],
    ['its vectors where there is no word', { ...GHSA, database_specific: undefined }, 'high', 7.5],
    ['a word under severity', { ...GO, severity: [{ type: 'Ubuntu', score: 'low' }] }, 'low', null],
    ['nothing as unknown', GO, 'unknown', null],
    ['no malformed vector beside a word', { ...GHSA, severity: [{ type: 'CVSS_V3', score: '7.5' }] }, 'medium', null],
  ])('rates by %s', (_what, advisory, severity, cvss) => {
    expect(derive(results({ vulnerabilities: [advisory], groups: [] })).findings).toMatchObject([{ severity, cvss }]);
  });

  it('finds nothing in empty results, also where protocol buffers left them out', () => {
    expect(derive({ results: [] }).findings).toEqual([]);
    expect(derive({ date: '2026-11-23T10:00:00Z' }).findings).toEqual([]);
    expect(deriveFacts(TYPE, { results: [] })[0]!.ownTime).toBeNull();
  });

  it.each([
    ['neither results nor date', {}, 'results'],
    ['results in an object', { results: {} }, 'results'],
    ['a date that is none', { date: 'today', results: [] }, 'date'],
    ['a source without packages', { results: [{ source: { path: 'go.mod' } }] }, 'results[0].packages'],
    ['packages in an object', { results: [{ packages: {} }] }, 'results[0].packages'],
    ['a finding in no package', results({ package: null }), 'results[0].packages[0].package'],
    ['vulnerabilities in text', results({ vulnerabilities: 'none' }), 'results[0].packages[0].vulnerabilities'],
    [
      'a vulnerability without id',
      results({ vulnerabilities: [{}], groups: [] }),
      'results[0].packages[0].vulnerabilities[0].id',
    ],
    ['a group of nothing', results({ groups: [{ ids: [] }] }), 'results[0].packages[0].groups[0].ids'],
    [
      'a score that is none',
      results({ groups: [{ ids: ['GO-2024-2611'], max_severity: 'NaN' }] }),
      'results[0].packages[0].groups[0].max_severity',
    ],
    [
      'a malformed vector that would decide',
      results({ vulnerabilities: [{ ...GO, severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N' }] }], groups: [] }),
      'results[0].packages[0].vulnerabilities[0].severity[0].score',
    ],
    [
      'a rating of no type',
      results({ vulnerabilities: [{ ...GO, severity: [{ score: 'low' }] }], groups: [] }),
      'results[0].packages[0].vulnerabilities[0].severity[0].type',
    ],
  ])('refuses %s', (_what, predicate, path) => {
    expect(() => derive(predicate)).toThrow(
      expect.objectContaining({ document: 'predicate', faults: [expect.objectContaining({ path })] }),
    );
  });
});
