import { describe, expect, it } from 'vitest';
import { deriveFacts } from '../derive-facts.js';

const TYPE = 'https://in-toto.io/attestation/vulns/v0.1';

function vulns(result: unknown): object {
  return {
    scanner: { uri: 'pkg:github/anchore/grype@0.112.0', result },
    metadata: { scanStartedOn: '2026-11-23T10:00:00Z', scanFinishedOn: '2026-11-23T10:00:42Z' },
  };
}

describe('in-toto vulnerabilities v0.1', () => {
  it.each([
    ['as its text has them', (vulnerability: object) => ({ vulnerability })],
    ['as its example has them', (vulnerability: object) => vulnerability],
  ])('reads entries %s', (_which, entry) => {
    const vulnerability = { id: 'CVE-2026-0606', severity: [{ method: 'nvd', score: 'high' }] };
    expect(deriveFacts(TYPE, vulns([entry(vulnerability)]))[0]).toMatchObject({
      ownTime: '2026-11-23T10:00:42.000Z',
      content: {
        scanner: 'grype',
        scannerVersion: '0.112.0',
        findings: [{ id: 'CVE-2026-0606', severity: 'high' }],
        counts: { high: 1 },
      },
    });
  });

  it.each([
    ['neither', {}, 'scanner.result[0].id'],
    ['a vulnerability that is no object', { id: 'x', vulnerability: 'CVE-2026-1' }, 'scanner.result[0].vulnerability'],
  ])('refuses an entry that is %s', (_what, entry, path) => {
    expect(() => deriveFacts(TYPE, vulns([entry]))).toThrow(
      expect.objectContaining({
        faults: [expect.objectContaining({ path })],
      }),
    );
  });
});
