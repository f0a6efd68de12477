import { describe, expect, it } from 'vitest';
import { policyRowDigest, timeOf, verificationRowDigest, waiverRowDigest } from './row-digest.js';

describe('the time of a row', () => {
  it('is in UTC with microseconds, however PostgreSQL writes it', () => {
    expect(timeOf('2026-01-02T03:04:05+00:00')).toBe('2026-01-02T03:04:05.000000Z');
    expect(timeOf('2026-01-02T03:04:05.6+00:00')).toBe('2026-01-02T03:04:05.600000Z');
    expect(timeOf('2026-01-02T03:04:05.000006Z')).toBe('2026-01-02T03:04:05.000006Z');
    for (const other of ['2026-01-02T03:04:05+02:00', 'yesterday', '', null, 7]) expect(timeOf(other)).toBeNull();
  });
});

describe('a row that is none of its table', () => {
  it('has no digest', () => {
    for (const digest of [policyRowDigest, verificationRowDigest, waiverRowDigest]) {
      expect(digest({})).toBeNull();
      expect(digest({ source: 7, signers: 'x', id: null })).toBeNull();
    }
    expect(policyRowDigest({ source: 'requirements: [', format: 'yaml' })).toBeNull();
    expect(policyRowDigest({ source: '[]', format: 'json' })).toBeNull();
  });
});
