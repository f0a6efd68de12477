import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseEnvelope } from '../intoto/envelope.js';
import type { AttestationId, Sha256Digest } from '../intoto/digest.js';
import { importPublicKey } from '../intoto/public-key.js';
import { signByKey, type EnvelopeSigner } from '../intoto/sign-envelope.js';
import { parseStatement } from '../intoto/statement.js';
import { verifySignatures } from '../intoto/verify-envelope.js';
import { parsePolicy } from './parse-policy.js';
import { policyDigest } from './policy-digest.js';
import type { PolicyRevision } from './policy.store.js';
import { verdictSigning } from './sign-verdict.js';
import { resourceUri } from './verification-summary.js';
import type { IdentifiedVerdict, RequirementResult } from './verdict.js';

const IMAGE = `sha256:${'ab'.repeat(32)}` as Sha256Digest;
const BUILD = `sha256:${'01'.repeat(32)}` as AttestationId;
const SCAN = `sha256:${'02'.repeat(32)}` as AttestationId;

const SOURCE = `policy: production
parameters: {level: {type: integer, required: true}}
requirements:
  - {id: built, kind: build, from: [ci], where: {slsaLevel: '\${params.level}'}}
  - {id: scanned, kind: scan, from: [trivy]}
  - id: either
    anyOf:
      - {kind: build, from: [ci], where: {slsaLevel: 3}}
      - {check: 'true'}
`;
const revision: PolicyRevision = {
  name: 'production',
  revision: 7,
  digest: policyDigest(parsePolicy(SOURCE, 'yaml')),
  format: 'yaml',
  source: SOURCE,
  at: new Date(),
  actor: 'somebody',
};

function result(id: string, evidence: readonly AttestationId[], status: RequirementResult['status'] = 'satisfied') {
  const code = status === 'satisfied' ? 'satisfied' : 'condition_false';
  return { id, status, code, message: '', evidence, considered: [], missing: null } as const;
}

function verdict(given: Partial<IdentifiedVerdict> = {}): IdentifiedVerdict {
  return {
    id: '00000000-0000-4000-8000-000000000000',
    decision: 'allow',
    pending: false,
    mode: 'enforce',
    wouldDeny: false,
    image: { digest: IMAGE, repository: 'registry.example.com:5000/team/app' },
    policy: { name: 'production', revision: 7, digest: revision.digest },
    parameters: { level: 2 },
    evaluatedAt: '2026-01-02T03:04:05.678Z',
    validUntil: null,
    requirements: [result('built', [BUILD]), result('scanned', [SCAN, BUILD]), result('either', [])],
    missing: [],
    waivers: [],
    revisions: { evidence: 1, trust: 1, waivers: 0 },
    ...given,
  };
}

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = importPublicKey(createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString());
const signer: EnvelopeSigner = {
  thumbprint: key.thumbprint,
  sign: (message) => Promise.resolve(signByKey(privateKey, message)),
};

function signing(publicUrl: string | null = 'https://assay.example.com', by: EnvelopeSigner | null = signer) {
  const policies = {
    findRevision: (name: string, number: number) =>
      Promise.resolve(name === revision.name && number === revision.revision ? revision : null),
  };
  const history = {
    entryOfVerdict: () => Promise.resolve({ entry: '12', sequence: 11 }),
    proofText: (sequence: number | null) => Promise.resolve(`the proof of ${sequence}`),
  };
  return verdictSigning({ signer: by, policies, publicUrl, history });
}

function answerOf(given: object): Buffer {
  return Buffer.from(JSON.stringify(given));
}

interface Predicate {
  readonly verificationResult: string;
  readonly verifiedLevels: readonly string[];
}

async function predicateOf(given: IdentifiedVerdict): Promise<Predicate> {
  const { payload } = parseEnvelope(await signing().sign(answerOf(given)));
  return JSON.parse(payload.toString()).predicate as Predicate;
}

describe('a signed verdict', () => {
  it('verifies by the key whose thumbprint is its key id', async () => {
    const envelope = parseEnvelope(await signing().sign(answerOf(verdict())));
    const { matches } = await verifySignatures(envelope, [key]);
    expect(matches).toEqual([{ thumbprint: key.thumbprint, scheme: 'ES256/der', signatures: [0] }]);
    expect(envelope.signatures[0]?.keyid).toBe(key.thumbprint);
    expect(envelope.payloadType).toBe('application/vnd.in-toto+json');
  });

  it('is a summary about the image that binds policy, parameters and evidence', async () => {
    const { payload } = parseEnvelope(await signing().sign(answerOf(verdict())));
    expect(parseStatement(payload)).toMatchObject({
      type: 'v1',
      subjects: [{ name: 'registry.example.com:5000/team/app', digests: [IMAGE] }],
      predicateType: 'https://slsa.dev/verification_summary/v1',
    });
    expect(JSON.parse(payload.toString()).predicate).toEqual({
      verifier: { id: 'https://assay.example.com' },
      timeVerified: '2026-01-02T03:04:05.678Z',
      resourceUri: resourceUri(IMAGE, 'registry.example.com:5000/team/app'),
      policy: {
        uri: 'https://assay.example.com/v1/policies/production/revisions/7',
        digest: { sha256: revision.digest.replace('sha256:', '') },
      },
      inputAttestations: [BUILD, SCAN].map((id) => ({
        uri: `https://assay.example.com/v1/attestations/${id}`,
        digest: { sha256: id.replace('sha256:', '') },
      })),
      verificationResult: 'PASSED',
      verifiedLevels: ['SLSA_BUILD_LEVEL_2'],
      assay_verdict: verdict().id,
      assay_historyEntry: '12',
      assay_historyProof: 'the proof of 11',
      assay_policy: 'production',
      assay_policyRevision: 7,
      assay_parameters: { level: 2 },
      assay_pending: false,
      assay_validUntil: null,
      assay_waivers: [],
    });
  });

  it('says FAILED for a deny', async () => {
    const denied = verdict({ decision: 'deny', requirements: [result('scanned', [SCAN], 'unsatisfied')] });
    expect(await predicateOf(denied)).toMatchObject({ verificationResult: 'FAILED', verifiedLevels: ['FAILED'] });
  });

  it.each([
    ['waived', [result('built', [BUILD], 'waived')]],
    ['not applicable', [result('built', [], 'not_applicable')]],
    ['satisfied without evidence', [result('built', [])]],
    ['one of several ways', [result('either', [BUILD])]],
    ['about no build', [result('scanned', [SCAN])]],
  ])('claims no level by a requirement that is %s', async (_what, requirements) => {
    const { verifiedLevels } = await predicateOf(verdict({ requirements }));
    expect(verifiedLevels).toEqual(['SLSA_BUILD_LEVEL_UNEVALUATED']);
  });

  it('is answered again as it was for the same answer', async () => {
    const service = signing();
    const answer = answerOf(verdict());
    expect(await service.sign(answer)).toBe(await service.sign(answer));
  });

  it('is named by a URI of its own where the service has no URL', async () => {
    const { payload } = parseEnvelope(await signing(null).sign(answerOf(verdict())));
    expect(JSON.parse(payload.toString()).predicate).toMatchObject({
      verifier: { id: 'assay://local' },
      policy: { uri: 'assay://local/v1/policies/production/revisions/7' },
    });
  });

  it.each([
    ['an audit', verdict({ mode: 'audit' })],
    ['an audit that would deny', verdict({ mode: 'audit', wouldDeny: true })],
    ['an override', { ...verdict(), breakGlass: { justification: 'fire' } }],
  ])('is not given of %s', async (_what, given) => {
    await expect(signing().sign(answerOf(given))).rejects.toMatchObject({
      kind: 'conflict',
      code: 'verdict_not_signed',
    });
  });

  it('is not given without a key, nor for a policy that is not what the verdict says', async () => {
    const unable = { kind: 'conflict', code: 'signing_not_configured' };
    expect(() => {
      signing(null, null).assertConfigured();
    }).toThrow(expect.objectContaining(unable));
    await expect(signing(null, null).sign(answerOf(verdict()))).rejects.toMatchObject(unable);
    const other = { name: 'production', revision: 7, digest: IMAGE };
    await expect(signing().sign(answerOf(verdict({ policy: other })))).rejects.toThrow('has no revision 7');
  });
});

describe('resourceUri', () => {
  it('is a package URL where the repository is known, else the digest', () => {
    expect(resourceUri(IMAGE, 'registry.example.com/team/app')).toMatch(
      /^pkg:oci\/app@sha256(?::|%3A)(?:ab){32}\?repository_url=registry\.example\.com(?:\/|%2F)team(?:\/|%2F)app$/,
    );
    expect(resourceUri(IMAGE, null)).toBe(IMAGE);
    expect(URL.canParse(resourceUri(IMAGE, null))).toBe(true);
  });
});
