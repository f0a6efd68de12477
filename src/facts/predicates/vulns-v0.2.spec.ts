import { describe, expect, it } from 'vitest';
import { deriveFacts } from '../derive-facts.js';
import type { ScanFact } from '../fact.js';

const TYPE = 'https://in-toto.io/attestation/vulns/v0.2';

function vulns(result: unknown, scanner: object = {}): object {
  return {
    scanner: {
      uri: 'pkg:github/aquasecurity/trivy@0.70.0',
      version: '0.70.0',
      db: { uri: 'pkg:github/aquasecurity/trivy-db', version: '2', lastUpdate: '2026-11-23T06:00:00Z' },
      result,
      ...scanner,
    },
    metadata: { scanStartedOn: '2026-11-23T10:00:00Z', scanFinishedOn: '2026-11-23T10:00:42Z' },
  };
}

/** A scan with one vulnerability, rated like this. */
function rated(...severity: readonly unknown[]): object {
  return vulns([{ id: 'CVE-2026-0505', severity }]);
}

function derive(predicate: object): ScanFact {
  return deriveFacts(TYPE, predicate)[0]!.content as ScanFact;
}

describe('in-toto vulnerabilities v0.2', () => {
  it('reads a scan', () => {
    const result = [
      {
        id: 'CVE-2026-0505',
        severity: [
          { method: 'nvd', score: 'medium' },
          { method: 'cvss_score', score: '5.2' },
        ],
        annotations: [{ package: 'zlib' }],
      },
    ];
    expect(deriveFacts(TYPE, vulns(result))).toEqual([
      {
        predicateType: TYPE,
        ownTime: '2026-11-23T10:00:42.000Z',
        content: {
          kind: 'scan',
          scanner: 'trivy',
          scannerVersion: '0.70.0',
          databaseAt: '2026-11-23T06:00:00.000Z',
          scannedAt: '2026-11-23T10:00:42.000Z',
          findings: [
            {
              id: 'CVE-2026-0505',
              severity: 'medium',
              cvss: 5.2,
              package: { name: null, version: null, purl: null },
              fixedIn: [],
            },
          ],
          counts: { critical: 0, high: 0, medium: 1, low: 0, negligible: 0, none: 0, unknown: 0 },
        },
      },
    ]);
  });

  it('finds nothing in an empty result', () => {
    expect(derive(vulns([])).findings).toEqual([]);
  });

  it.each([
    ['the worst word', [{ score: 'low' }, { score: 'HIGH' }, { score: 'medium' }], 'high', null],
    ['the highest score', [{ score: '3.1' }, { score: '9.1' }], 'critical', 9.1],
    ['a word before a score', [{ score: '9.8' }, { score: 'low' }], 'low', 9.8],
    ['a score in any notation', [{ score: '75e-1' }], 'high', 7.5],
    ['a score of 0', [{ score: '0' }], 'none', 0],
    ['a word nobody knows', [{ score: 'spicy' }], 'unknown', null],
    ['a vector as the score it gives', [{ score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }], 'critical', 9.8],
    [
      'the highest of score and vector',
      [{ score: '5.0' }, { score: 'CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H' }],
      'high',
      7.8,
    ],
    ['no malformed vector beside a score', [{ score: 'CVSS:3.1/AV:N' }, { score: '5.0' }], 'medium', 5],
    ['no malformed vector beside a word', [{ score: 'CVSS:3.1/AV:N' }, { score: 'low' }], 'low', null],
    ['a probability as no rating', [{ method: 'EPSS', score: '0.97' }], 'unknown', null],
    ['no rating at all', [], 'unknown', null],
  ])('takes %s', (_what, severity, expected, cvss) => {
    expect(derive(rated(...severity)).findings).toMatchObject([{ severity: expected, cvss }]);
  });

  it('counts entries that are the same once at their worst, and entries annotated differently each', () => {
    const entry = (score: string, annotations?: object[]): object => ({
      id: 'CVE-2026-1',
      severity: [{ score }],
      annotations,
    });
    const result = [entry('low'), entry('high'), entry('low', [{ package: 'a' }]), entry('low', [{ package: 'b' }])];
    expect(derive(vulns(result)).counts).toMatchObject({ high: 1, low: 2 });
  });

  it('does not need what decides nothing', () => {
    expect(derive(vulns([], { version: undefined, db: undefined, uri: 'https://scanner.example.com' }))).toMatchObject({
      scanner: 'https://scanner.example.com',
      scannerVersion: null,
      databaseAt: null,
    });
  });

  it.each([
    ['no result', vulns(undefined), 'scanner.result'],
    ['a result that is null', vulns(null), 'scanner.result'],
    ['a result that is no list', vulns({}), 'scanner.result'],
    ['an entry that is a string', vulns(['CVE-2026-1']), 'scanner.result[0]'],
    ['an entry without id', vulns([{ severity: [] }]), 'scanner.result[0].id'],
    ['a severity that is no list', vulns([{ id: 'x', severity: 'high' }]), 'scanner.result[0].severity'],
    ['a severity that is no object', rated('high'), 'scanner.result[0].severity[0]'],
    ['a severity without score', rated({ method: 'nvd' }), 'scanner.result[0].severity[0].score'],
    ['a score that is no string', rated({ score: 5.2 }), 'scanner.result[0].severity[0].score'],
    ['a score above 10', rated({ score: '10.1' }), 'scanner.result[0].severity[0].score'],
    ['a score below 0', rated({ score: '-1' }), 'scanner.result[0].severity[0].score'],
    ['a score that could not be computed', rated({ score: 'NaN' }), 'scanner.result[0].severity[0].score'],
    ['an infinite score', rated({ score: '-Infinity' }), 'scanner.result[0].severity[0].score'],
    ['a malformed vector that would decide', rated({ score: 'CVSS:3.1/AV:N' }), 'scanner.result[0].severity[0].score'],
    ['a scanner without URI', vulns([], { uri: '' }), 'scanner.uri'],
    ['a database time that is none', vulns([], { db: { lastUpdate: 'daily' } }), 'scanner.db.lastUpdate'],
    ['a scan that never ended', { ...vulns([]), metadata: {} }, 'metadata.scanFinishedOn'],
    ['no metadata', { ...vulns([]), metadata: undefined }, 'metadata'],
  ])('refuses %s', (_what, predicate, path) => {
    expect(() => derive(predicate)).toThrow(
      expect.objectContaining({
        document: 'predicate',
        faults: [expect.objectContaining({ path })],
      }),
    );
  });
});
