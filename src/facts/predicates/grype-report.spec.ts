import { describe, expect, it } from 'vitest';
import { deriveFacts } from '../derive-facts.js';
import type { ScanFact } from '../fact.js';

const TYPE = 'https://predicates.policylabs.dev/grype/v1';

const MATCH = {
  vulnerability: {
    id: 'GHSA-aaaa-bbbb-cccc',
    namespace: 'github:language:go',
    severity: 'Medium',
    cvss: [{ version: '3.1', vector: 'CVSS:3.1/…', metrics: { baseScore: 5.3 } }],
    fix: { versions: ['1.41.0'], state: 'fixed' },
  },
  relatedVulnerabilities: [
    { id: 'CVE-2026-0202', severity: 'High', cvss: [{ version: '3.1', metrics: { baseScore: 7.1 } }] },
  ],
  artifact: {
    id: '3a878632f04b6e48',
    name: 'example.com/otel',
    version: 'v1.38.0',
    purl: 'pkg:golang/example.com/otel@v1.38.0',
    locations: [{ path: '/usr/bin/app' }],
  },
};

/** A report as Grype writes it. */
function report(changes: object = {}): object {
  return {
    matches: [MATCH],
    source: { type: 'image', target: {} },
    distro: { name: 'debian', version: '12' },
    descriptor: {
      name: 'grype',
      version: '0.112.0',
      timestamp: '2026-11-23T10:00:00.092376-05:00',
      db: { status: { schemaVersion: 'v6.1.4', built: '2026-11-23T07:33:45Z', valid: true } },
    },
    ...changes,
  };
}

function withMatch(vulnerability: object, artifact: object = {}): object {
  return {
    ...MATCH,
    vulnerability: { ...MATCH.vulnerability, ...vulnerability },
    artifact: { ...MATCH.artifact, ...artifact },
  };
}

function derive(predicate: object): ScanFact {
  return deriveFacts(TYPE, predicate)[0]!.content as ScanFact;
}

describe('raw Grype report', () => {
  it('reads findings with their own severity and the highest score known of them', () => {
    expect(deriveFacts(TYPE, report())).toEqual([
      {
        predicateType: TYPE,
        ownTime: '2026-11-23T15:00:00.092Z',
        content: {
          kind: 'scan',
          scanner: 'grype',
          scannerVersion: '0.112.0',
          databaseAt: '2026-11-23T07:33:45.000Z',
          scannedAt: '2026-11-23T15:00:00.092Z',
          findings: [
            {
              id: 'GHSA-aaaa-bbbb-cccc',
              severity: 'medium',
              cvss: 7.1,
              package: {
                name: 'example.com/otel',
                version: 'v1.38.0',
                purl: 'pkg:golang/example.com/otel@v1.38.0',
              },
              fixedIn: ['1.41.0'],
            },
          ],
          counts: { critical: 0, high: 0, medium: 1, low: 0, negligible: 0, none: 0, unknown: 0 },
        },
      },
    ]);
  });

  it('counts a finding once for each artifact, and each artifact once', () => {
    const matches = [MATCH, withMatch({ severity: 'Critical' }), withMatch({}, { id: '7b8e205fe65b09fe' })];
    expect(derive(report({ matches })).counts).toMatchObject({ critical: 1, medium: 1 });
  });

  it('scores by vectors where there is no score', () => {
    const cvss = [{ version: '3.1', vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }];
    const match = {
      ...withMatch({ severity: '', cvss }),
      relatedVulnerabilities: [{ cvss: [{ vector: 'CVSS:3.1/…' }] }],
    };
    expect(derive(report({ matches: [match] })).findings).toMatchObject([{ severity: 'critical', cvss: 9.8 }]);
  });

  it('tells artifacts without id apart by where they are', () => {
    const elsewhere = { id: undefined, locations: [{ path: '/usr/bin/other' }] };
    const matches = [withMatch({}, { id: undefined }), withMatch({}, elsewhere), withMatch({}, elsewhere)];
    expect(derive(report({ matches })).counts.medium).toBe(2);
  });

  it.each([
    ['Negligible', 'negligible'],
    ['Unknown', 'unknown'],
    ['', 'unknown'],
  ] as const)('keeps the severity %j as %s', (severity, expected) => {
    const match = { ...withMatch({ severity, cvss: [] }), relatedVulnerabilities: [] };
    expect(derive(report({ matches: [match] })).counts[expected]).toBe(1);
  });

  it('finds nothing in a report without matches', () => {
    expect(derive(report({ matches: [] })).findings).toEqual([]);
    expect(derive({ matches: [] }).findings).toEqual([]);
  });

  it('reads older reports, whose database is described one level higher, and those without a time', () => {
    const descriptor = { name: 'grype', version: '0.60.0', timestamp: '', db: { built: '2026-11-22T01:00:00Z' } };
    expect(deriveFacts(TYPE, report({ descriptor }))[0]).toMatchObject({
      ownTime: null,
      content: { databaseAt: '2026-11-22T01:00:00.000Z', scannedAt: null },
    });
  });

  it.each([
    ['an empty object', {}],
    ['matches that are null', report({ matches: null })],
    ['matches in an object', report({ matches: {} })],
    ['a match without vulnerability', report({ matches: [{ artifact: MATCH.artifact }] })],
    ['a finding without id', report({ matches: [withMatch({ id: null })] })],
    ['a severity that is no word', report({ matches: [withMatch({ severity: ['High'] })] })],
    ['a score above 10', report({ matches: [withMatch({ cvss: [{ metrics: { baseScore: 10.1 } }] })] })],
    ['a score that is no number', report({ matches: [withMatch({ cvss: [{ metrics: { baseScore: '9' } }] })] })],
    [
      'a malformed vector that would decide',
      report({
        matches: [withMatch({ severity: '', cvss: [{ vector: 'x' }] })].map((m) => ({
          ...m,
          relatedVulnerabilities: [],
        })),
      }),
    ],
    ['a time that is none', report({ descriptor: { name: 'grype', timestamp: 'today' } })],
  ])('refuses %s', (_what, predicate) => {
    expect(() => derive(predicate)).toThrow(expect.objectContaining({ document: 'predicate' }));
  });
});
