import { describe, expect, it } from 'vitest';
import { deriveFacts } from '../derive-facts.js';

const TYPE = 'https://cosign.sigstore.dev/attestation/vuln/v1';

const TRIVY_REPORT = {
  SchemaVersion: 2,
  CreatedAt: '2026-11-23T09:59:58Z',
  ArtifactName: 'registry.example.com/acme/app:1.4',
  Results: [
    {
      Target: 'app (alpine 3.22.1)',
      Class: 'os-pkgs',
      Vulnerabilities: [
        { VulnerabilityID: 'CVE-2026-0303', PkgName: 'busybox', InstalledVersion: '1.37', Severity: 'CRITICAL' },
      ],
    },
  ],
};

const GRYPE_REPORT = {
  matches: [{ vulnerability: { id: 'CVE-2026-0404', severity: 'Low' }, artifact: { name: 'musl', version: '1.2' } }],
  descriptor: { name: 'grype', version: '0.112.0', timestamp: '2026-11-23T09:59:57Z' },
};

function scan(result: unknown, changes: { scanner?: object; metadata?: unknown } = {}): object {
  return {
    invocation: { parameters: null, uri: '', event_id: '', 'builder.id': '' },
    scanner: {
      uri: 'pkg:github/aquasecurity/trivy@0.70.0',
      version: '',
      db: { uri: '', version: '' },
      result,
      ...changes.scanner,
    },
    metadata:
      'metadata' in changes
        ? changes.metadata
        : { scanStartedOn: '2026-11-23T10:00:00Z', scanFinishedOn: '2026-11-23T10:00:01Z' },
  };
}

describe('cosign vulnerability scan record', () => {
  it('reads the report of Trivy in it, at the time of the scan', () => {
    expect(deriveFacts(TYPE, scan(TRIVY_REPORT))[0]).toMatchObject({
      predicateType: TYPE,
      ownTime: '2026-11-23T10:00:01.000Z',
      content: {
        kind: 'scan',
        scanner: 'trivy',
        scannerVersion: '0.70.0',
        scannedAt: '2026-11-23T10:00:01.000Z',
        findings: [{ id: 'CVE-2026-0303', severity: 'critical' }],
        counts: { critical: 1 },
      },
    });
  });

  it('reads the report of Grype in it, whatever wrapped it', () => {
    const wrapped = scan(GRYPE_REPORT, { scanner: { uri: 'https://ci.example.com/scan' } });
    expect(deriveFacts(TYPE, wrapped)[0]!.content).toMatchObject({
      scanner: 'grype',
      scannerVersion: '0.112.0',
      counts: { low: 1 },
    });
  });

  it('reads the results of OSV-Scanner and a SARIF log in it', () => {
    expect(deriveFacts(TYPE, scan({ results: [] }))[0]!.content).toMatchObject({
      scanner: 'osv-scanner',
      findings: [],
    });
    const log = { version: '2.1.0', runs: [{ tool: { driver: { name: 'Snyk' } }, results: [] }] };
    expect(deriveFacts(TYPE, scan(log))[0]!.content).toMatchObject({ scanner: 'snyk', findings: [] });
  });

  it("falls back to the report's own time", () => {
    expect(deriveFacts(TYPE, scan(GRYPE_REPORT, { metadata: null }))[0]!.ownTime).toBe('2026-11-23T09:59:57.000Z');
  });

  it.each([
    ['no result', scan(undefined), 'scanner.result'],
    ['a result that is null', scan(null), 'scanner.result'],
    ['a result that is empty', scan({}), 'scanner.result'],
    ['a result that is a list', scan([]), 'scanner.result'],
    ['a result that is text', scan(JSON.stringify(TRIVY_REPORT)), 'scanner.result'],
    ['the report of a scanner we do not read', scan({ layers: [] }), 'scanner.result'],
    ['a report that could be of either', scan({ ...GRYPE_REPORT, ...TRIVY_REPORT }), 'scanner.result'],
    ['a report that proves nothing', scan({ SchemaVersion: 2 }), 'scanner.result.ArtifactName'],
    ['no scanner', { metadata: {} }, 'scanner'],
    ['an end that is no time', scan(TRIVY_REPORT, { metadata: { scanFinishedOn: 1 } }), 'metadata.scanFinishedOn'],
    ['a start that is no time', scan(TRIVY_REPORT, { metadata: { scanStartedOn: 'x' } }), 'metadata.scanStartedOn'],
    ['no time at all', scan({ ...TRIVY_REPORT, CreatedAt: undefined }, { metadata: {} }), 'metadata.scanFinishedOn'],
  ])('refuses %s', (_what, predicate, path) => {
    expect(() => deriveFacts(TYPE, predicate)).toThrow(
      expect.objectContaining({
        document: 'predicate',
        faults: expect.arrayContaining([expect.objectContaining({ path })]),
      }),
    );
  });
});
