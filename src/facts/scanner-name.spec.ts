import { describe, expect, it } from 'vitest';
import { scannerName, versionInPackageUrl } from './scanner-name.js';

describe('scannerName', () => {
  it.each([
    ['pkg:github/aquasecurity/trivy@0.70.0', 'trivy'],
    ['https://github.com/aquasecurity/trivy', 'trivy'],
    ['https://github.com/AquaSecurity/Trivy/releases/tag/v0.70.0', 'trivy'],
    ['https://trivy.dev/', 'trivy'],
    ['https://aquasecurity.github.io/trivy', 'trivy'],
    ['pkg:golang/github.com/anchore/grype@v0.112.0', 'grype'],
    ['pkg:github/google/osv-scanner@2.0.0', 'osv-scanner'],
  ])('recognises %s as %s', (uri, name) => {
    expect(scannerName(uri)).toBe(name);
  });

  it.each([
    ['https://scanner.example.com/v2', 'https://scanner.example.com/v2'],
    ['https://github.com/aquasecurity/trivy-operator', 'https://github.com/aquasecurity/trivy-operator'],
    ['trivy-wrapper', 'trivy-wrapper'],
    ['pkg:github/acme/scanner@1.2.3?arch=amd64', 'pkg:github/acme/scanner'],
    ['pkg:github/acme/scanner', 'pkg:github/acme/scanner'],
  ])('names the unknown scanner %s by its URI without version, %s', (uri, name) => {
    expect(scannerName(uri)).toBe(name);
  });
});

it('finds the version in a package URL and nowhere else', () => {
  expect(versionInPackageUrl('pkg:github/aquasecurity/trivy@0.70.0?arch=amd64')).toBe('0.70.0');
  expect(versionInPackageUrl('pkg:github/aquasecurity/trivy')).toBeNull();
  expect(versionInPackageUrl('https://me@scanner.example.com')).toBeNull();
});
