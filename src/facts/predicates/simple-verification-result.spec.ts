import { describe, expect, it } from 'vitest';
import { deriveFacts } from '../derive-facts.js';
import type { SummaryFact } from '../fact.js';

const V01 = 'https://in-toto.io/attestation/svr/v0.1';
const V02 = 'https://in-toto.io/attestation/svr/v0.2';

function svr(changes: object = {}): object {
  return {
    verifier: {
      id: 'https://example.com/verifier',
      policies: [{ uri: 'https://example.com/p', digest: { sha256: 'ab' } }],
    },
    timeCreated: '2026-11-23T10:00:00Z',
    properties: ['COMPANY_RELEASE_APPROVED', 'SLSA_BUILD_LEVEL_3'],
    ...changes,
  };
}

function derive(type: string, predicate: object): SummaryFact {
  return deriveFacts(type, predicate)[0]!.content as SummaryFact;
}

describe('simple verification result', () => {
  it('reads v0.2', () => {
    expect(deriveFacts(V02, svr())).toEqual([
      {
        predicateType: V02,
        ownTime: '2026-11-23T10:00:00.000Z',
        content: {
          kind: 'summary',
          verifier: 'https://example.com/verifier',
          result: 'passed',
          levels: [],
          policy: { uri: 'https://example.com/p', digest: { sha256: 'ab' } },
          resourceUri: null,
          timeVerified: '2026-11-23T10:00:00.000Z',
          properties: ['COMPANY_RELEASE_APPROVED', 'SLSA_BUILD_LEVEL_3'],
        },
      },
    ]);
  });

  it('names no policy where it has none, or several', () => {
    expect(derive(V02, svr({ verifier: { id: 'v', policies: [] } })).policy).toBeNull();
    expect(derive(V02, svr({ verifier: { id: 'v', policies: [{ uri: 'a' }, { uri: 'b' }] } })).policy).toBeNull();
    expect(derive(V01, svr({ verifier: { id: 'v' } })).policy).toBeNull();
  });

  it('takes a result of no properties for no pass', () => {
    expect(derive(V02, svr({ properties: [] })).result).toBe('failed');
  });

  it.each([
    ['no verifier', V02, svr({ verifier: null }), 'verifier'],
    ['a verifier without id', V01, svr({ verifier: {} }), 'verifier.id'],
    ['no policies in v0.2', V02, svr({ verifier: { id: 'v' } }), 'verifier.policies'],
    ['no time', V02, svr({ timeCreated: null }), 'timeCreated'],
    ['no properties', V02, svr({ properties: undefined }), 'properties'],
    ['properties in text', V02, svr({ properties: 'ALL' }), 'properties'],
    ['a property that is no string', V02, svr({ properties: [true] }), 'properties[0]'],
    ['an empty property', V02, svr({ properties: [''] }), 'properties'],
  ])('refuses %s', (_what, type, predicate, path) => {
    expect(() => derive(type, predicate)).toThrow(
      expect.objectContaining({ document: 'predicate', faults: [expect.objectContaining({ path })] }),
    );
  });
});
