import { describe, expect, it } from 'vitest';
import { deriveFacts } from '../derive-facts.js';
import type { SummaryFact } from '../fact.js';

const V1 = 'https://slsa.dev/verification_summary/v1';
const V02 = 'https://slsa.dev/verification_summary/v0.2';

function v1(changes: object = {}): object {
  return {
    verifier: { id: 'https://example.com/publication_verifier', version: { 'slsa-verifier-linux-amd64': 'v2.3.0' } },
    timeVerified: '2026-11-23T10:00:00Z',
    resourceUri: 'pkg:oci/app?repository_url=registry.example.com/acme',
    policy: { uri: 'https://example.com/policy', digest: { sha256: '1234' } },
    inputAttestations: [{ uri: 'https://example.com/provenance', digest: { sha256: 'abcd' } }],
    verificationResult: 'PASSED',
    verifiedLevels: ['SLSA_BUILD_LEVEL_3', 'SLSA_SOURCE_TWO_PARTY_REVIEWED'],
    dependencyLevels: { SLSA_BUILD_LEVEL_3: 5 },
    slsaVersion: '1.0',
    ...changes,
  };
}

function v02(changes: object = {}): object {
  return {
    verifier: { id: 'https://example.com/publication_verifier' },
    time_verified: '2022-10-01T10:00:00Z',
    resource_uri: 'https://example.com/app-1.2.3.tar.gz',
    policy: { uri: 'https://example.com/policy' },
    input_attestations: [],
    verification_result: 'PASSED',
    policy_level: 'SLSA_LEVEL_3',
    dependency_levels: {},
    ...changes,
  };
}

function derive(type: string, predicate: object): SummaryFact {
  return deriveFacts(type, predicate)[0]!.content as SummaryFact;
}

describe('SLSA verification summary', () => {
  it('reads v1', () => {
    expect(deriveFacts(V1, v1())).toEqual([
      {
        predicateType: V1,
        ownTime: '2026-11-23T10:00:00.000Z',
        content: {
          kind: 'summary',
          verifier: 'https://example.com/publication_verifier',
          result: 'passed',
          levels: ['SLSA_BUILD_LEVEL_3', 'SLSA_SOURCE_TWO_PARTY_REVIEWED'],
          policy: { uri: 'https://example.com/policy', digest: { sha256: '1234' } },
          resourceUri: 'pkg:oci/app?repository_url=registry.example.com/acme',
          timeVerified: '2026-11-23T10:00:00.000Z',
          properties: [],
        },
      },
    ]);
  });

  it('reads v0.2, whose names are spelled otherwise', () => {
    expect(deriveFacts(V02, v02())[0]).toMatchObject({
      ownTime: '2022-10-01T10:00:00.000Z',
      content: { result: 'passed', levels: ['SLSA_LEVEL_3'], resourceUri: 'https://example.com/app-1.2.3.tar.gz' },
    });
  });

  it('reads a failure, with its level', () => {
    expect(derive(V1, v1({ verificationResult: 'FAILED', verifiedLevels: ['FAILED'] }))).toMatchObject({
      result: 'failed',
      levels: ['FAILED'],
    });
    expect(derive(V02, v02({ verification_result: 'FAILED', policy_level: 'FAILED' })).result).toBe('failed');
  });

  it('does not need a time in v1', () => {
    expect(deriveFacts(V1, v1({ timeVerified: undefined }))[0]).toMatchObject({
      ownTime: null,
      content: { timeVerified: null },
    });
  });

  it.each([
    ['no verifier', V1, v1({ verifier: {} }), 'verifier.id'],
    ['no resource', V1, v1({ resourceUri: '' }), 'resourceUri'],
    ['no policy', V1, v1({ policy: null }), 'policy'],
    ['a policy without URI', V1, v1({ policy: { digest: {} } }), 'policy.uri'],
    ['no result', V1, v1({ verificationResult: null }), 'verificationResult'],
    ['a result in small letters', V1, v1({ verificationResult: 'passed' }), 'verificationResult'],
    ['a result that is no word', V1, v1({ verificationResult: true }), 'verificationResult'],
    ['a pass at a failed level', V1, v1({ verifiedLevels: ['SLSA_BUILD_LEVEL_1', 'FAILED'] }), 'verificationResult'],
    ['no levels', V1, v1({ verifiedLevels: undefined }), 'verifiedLevels'],
    ['a level that is a number', V1, v1({ verifiedLevels: [3] }), 'verifiedLevels[0]'],
    ['an empty level', V1, v1({ verifiedLevels: [''] }), 'verifiedLevels[0]'],
    ['a time that is none', V1, v1({ timeVerified: 'now' }), 'timeVerified'],
    ['the names of v0.2 in v1', V1, v02(), 'verificationResult'],
    ['no time in v0.2', V02, v02({ time_verified: null }), 'time_verified'],
    ['no level in v0.2', V02, v02({ policy_level: null }), 'policy_level'],
    ['a pass at a failed level in v0.2', V02, v02({ policy_level: 'FAILED' }), 'verification_result'],
    ['the names of v1 in v0.2', V02, v1(), 'verification_result'],
  ])('refuses %s', (_what, type, predicate, path) => {
    expect(() => derive(type, predicate)).toThrow(
      expect.objectContaining({
        document: 'predicate',
        faults: expect.arrayContaining([expect.objectContaining({ path })]),
      }),
    );
  });
});
