import { describe, expect, it } from 'vitest';
import { deriveFacts } from '../derive-facts.js';
import type { ScanFact } from '../fact.js';

const TYPE = 'https://predicates.policylabs.dev/trivy/v1';

const OPENSSL = {
  VulnerabilityID: 'CVE-2026-0101',
  PkgName: 'libssl3',
  PkgIdentifier: { PURL: 'pkg:deb/debian/libssl3@3.0.15-1', UID: '9a' },
  InstalledVersion: '3.0.15-1',
  FixedVersion: '3.0.16-1, 3.0.15-1+deb12u2',
  Status: 'fixed',
  Severity: 'HIGH',
  CVSS: { nvd: { V3Score: 7.5, V40Score: 8.2 }, redhat: { V3Score: 5.9, V2Score: 5 } },
};

/** A report as Trivy writes it for an image. */
function report(changes: object = {}): object {
  return {
    SchemaVersion: 2,
    Trivy: { Version: '0.70.0' },
    CreatedAt: '2026-11-23T12:00:00.5+02:00',
    ArtifactName: 'registry.example.com/acme/app:1.4',
    ArtifactType: 'container_image',
    Metadata: { OS: { Family: 'debian', Name: '12.8' } },
    Results: [
      { Target: 'app (debian 12.8)', Class: 'os-pkgs', Type: 'debian', Vulnerabilities: [OPENSSL] },
      { Target: 'usr/bin/app', Class: 'lang-pkgs', Type: 'gobinary', Packages: [{ Name: 'stdlib' }] },
    ],
    ...changes,
  };
}

function withFinding(changes: object): object {
  return report({
    Results: [{ Target: 'app', Class: 'os-pkgs', Vulnerabilities: [{ ...OPENSSL, ...changes }] }],
  });
}

function derive(predicate: object): ScanFact {
  return deriveFacts(TYPE, predicate)[0]!.content as ScanFact;
}

describe('raw Trivy report', () => {
  it('reads findings, with the highest score of any vendor', () => {
    expect(deriveFacts(TYPE, report())).toEqual([
      {
        predicateType: TYPE,
        ownTime: '2026-11-23T10:00:00.500Z',
        content: {
          kind: 'scan',
          scanner: 'trivy',
          scannerVersion: '0.70.0',
          databaseAt: null,
          scannedAt: '2026-11-23T10:00:00.500Z',
          findings: [
            {
              id: 'CVE-2026-0101',
              severity: 'high',
              cvss: 8.2,
              package: { name: 'libssl3', version: '3.0.15-1', purl: 'pkg:deb/debian/libssl3@3.0.15-1' },
              fixedIn: ['3.0.16-1', '3.0.15-1+deb12u2'],
            },
          ],
          counts: { critical: 0, high: 1, medium: 0, low: 0, negligible: 0, none: 0, unknown: 0 },
        },
      },
    ]);
  });

  it('counts a finding once for each place, and the same place once', () => {
    const jar = { VulnerabilityID: 'CVE-2026-7', PkgName: 'log4j', InstalledVersion: '2.0', Severity: 'LOW' };
    const Vulnerabilities = [
      { ...jar, PkgPath: 'a.jar', CVSS: { nvd: { V3Score: 3.1 } }, FixedVersion: '2.1' },
      { ...jar, PkgPath: 'a.jar', Severity: 'MEDIUM', FixedVersion: '2.2' },
      { ...jar, PkgPath: 'b.jar' },
    ];
    const { findings, counts } = derive(report({ Results: [{ Target: 'Java', Class: 'lang-pkgs', Vulnerabilities }] }));
    expect(findings.map(({ severity, cvss, fixedIn }) => ({ severity, cvss, fixedIn }))).toEqual([
      { severity: 'medium', cvss: 3.1, fixedIn: ['2.1', '2.2'] },
      { severity: 'low', cvss: null, fixedIn: [] },
    ]);
    expect(counts).toMatchObject({ medium: 1, low: 1 });
  });

  it('takes an unrated finding for unknown, and by its score where it has one', () => {
    expect(derive(withFinding({ Severity: undefined, CVSS: undefined })).counts.unknown).toBe(1);
    expect(derive(withFinding({ Severity: 'UNKNOWN', CVSS: undefined })).counts.unknown).toBe(1);
    expect(derive(withFinding({ Severity: undefined })).counts.high).toBe(1);
  });

  it('scores by vectors where there is no score', () => {
    const CVSS = {
      nvd: { V3Vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' },
      ghsa: { V40Vector: 'CVSS:4.0/…' },
    };
    expect(derive(withFinding({ Severity: undefined, CVSS })).findings).toMatchObject([
      { severity: 'critical', cvss: 9.8 },
    ]);
    expect(() => derive(withFinding({ Severity: undefined, CVSS: { nvd: { V3Vector: 'CVSS:3.1/AV:N' } } }))).toThrow(
      'Results[0].Vulnerabilities[0].CVSS.nvd.V3Vector',
    );
  });

  it('finds nothing where packages were scanned and none is vulnerable', () => {
    expect(derive(report({ Results: [{ Target: 'app', Class: 'os-pkgs' }] })).findings).toEqual([]);
    expect(derive(report({ Results: [{ Target: 'app', Type: 'alpine', Vulnerabilities: null }] })).findings).toEqual(
      [],
    );
  });

  it('finds nothing in an image without operating system or packages, for which Trivy writes no results', () => {
    expect(derive(report({ Results: undefined, Metadata: {} })).findings).toEqual([]);
  });

  it.each([
    ['an empty object', {}],
    ['a report that does not say what it is', { Results: [] }],
    ['a result that says nothing', { Results: [{}] }],
    ['a report of another schema', report({ SchemaVersion: 3 })],
    ['a schema version that is no number', report({ SchemaVersion: '2' })],
    ['a report about nothing', report({ Results: [], Metadata: {}, ArtifactName: '' })],
    ['results that are no list', report({ Results: {} })],
    ['a result that is no object', report({ Results: ['clean'] })],
    ['an operating system nothing was scanned in', report({ Results: [] })],
    ['a scan for secrets only', report({ Results: [{ Target: '/app/key.pem', Class: 'secret', Secrets: [{}] }] })],
    ['a scan of configuration only', report({ Results: [{ Target: 'Dockerfile', Class: 'config' }], Metadata: {} })],
    ['vulnerabilities that are no list', report({ Results: [{ Target: 'app', Vulnerabilities: 0 }] })],
    ['a finding without id', withFinding({ VulnerabilityID: '' })],
    ['a severity that is no word', withFinding({ Severity: 3 })],
    ['a score above 10', withFinding({ CVSS: { nvd: { V3Score: 75 } } })],
    ['a score below 0', withFinding({ CVSS: { nvd: { V3Score: -1 } } })],
    ['a score that is no number', withFinding({ CVSS: { nvd: { V3Score: '7.5' } } })],
    ['scores that are no object', withFinding({ CVSS: 7.5 })],
    ['a time that is none', report({ CreatedAt: 'now' })],
  ])('refuses %s', (_what, predicate) => {
    expect(() => derive(predicate)).toThrow(expect.objectContaining({ document: 'predicate' }));
  });
});
