import { expect, it } from 'vitest';
import type { ScanFact } from './fact.js';
import { scanReading, type Sighting } from './scan-report.js';

function sighting(changes: Partial<Sighting> = {}): Sighting {
  const somePackage = { name: 'zlib', version: '1.3', purl: 'pkg:apk/zlib@1.3' };
  return { id: 'CVE-2026-1', severity: 'low', cvss: null, package: somePackage, fixedIn: [], place: '/', ...changes };
}

function scan(...sightings: readonly Sighting[]): ScanFact {
  const report = { scanner: 'trivy', scannerVersion: null, databaseAt: null, scannedAt: null, sightings };
  return scanReading(report).content as ScanFact;
}

it.each<[string, Partial<Sighting>]>([
  ['vulnerability', { id: 'CVE-2026-2' }],
  ['place', { place: '/usr' }],
  ['package', { package: { name: 'zlib2', version: '1.3', purl: 'pkg:apk/zlib@1.3' } }],
  ['version', { package: { name: 'zlib', version: '1.4', purl: 'pkg:apk/zlib@1.3' } }],
  ['package URL', { package: { name: 'zlib', version: '1.3', purl: 'pkg:deb/zlib@1.3' } }],
])('keeps findings apart that differ in %s', (_what, changes) => {
  expect(scan(sighting(), sighting(changes)).findings).toHaveLength(2);
});

it('merges one finding reported many times, at its worst, without growing slow', () => {
  const fixedIn = Array.from({ length: 50_000 }, (_, index) => `1.${index}`);
  const { findings, counts } = scan(
    sighting({ severity: 'high', cvss: 2 }),
    ...fixedIn.map((version) => sighting({ cvss: 7, fixedIn: [version] })),
  );
  expect(findings).toMatchObject([{ severity: 'high', cvss: 7, fixedIn }]);
  expect(counts).toMatchObject({ high: 1, low: 0 });
});
