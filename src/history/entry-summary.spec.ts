import { describe, expect, it } from 'vitest';
import { sha256 } from '../intoto/digest.js';
import { summaryOf } from './entry-summary.js';
import { HISTORY_TYPES, type HistoryData, type HistoryType } from './history-entry.js';

const digest = sha256(Buffer.from('x'));
const revoked = { attestor: 'ci', reason: 'compromised', effectiveFrom: null, trustRevision: 1 } as const;
const waiver = { waiver: 'w', waiverRevision: 1, policy: 'p' };
const act = { reason: 'wrong', signedDigest: digest, trustRevision: 1 };

const SAMPLES: { readonly [T in HistoryType]: readonly [HistoryData[T], string] } = {
  'attestation.received': [{ format: 'dsse', predicateType: 't', size: 1 }, 'a scan was received'],
  'attestation.verified': [
    { trustRevision: 1, digest, signers: ['ci/k1', 'qa/k2'] },
    'a scan was verified, signed by ci/k1, qa/k2',
  ],
  'attestation.rejected': [
    { trustRevision: 1, digest, code: 'untrusted_signer' },
    'a scan was rejected: untrusted_signer',
  ],
  'attestation.error': [{ trustRevision: 1, digest, code: 'verification_error' }, 'a scan could not be examined'],
  'envelope.dropped': [
    { rule: 'scan:400d', kind: 'scan', predicateType: 't', size: 1, digest, record: digest },
    'the envelope of a scan was dropped by the rule scan:400d',
  ],
  'hold.placed': [
    { hold: 'h', scope: 'repository', target: 'ghcr.io/acme/app', reason: 'a suit', reference: null },
    'a legal hold was placed on repository ghcr.io/acme/app: a suit',
  ],
  'hold.released': [{ hold: 'h', reason: 'settled' }, 'a legal hold was released: settled'],
  'attestor.created': [{ attestor: 'ci', trustRevision: 1, digest }, 'attestor ci was registered'],
  'attestor.changed': [{ attestor: 'ci', trustRevision: 1, digest }, 'attestor ci was changed'],
  'attestor.deleted': [{ attestor: 'ci', trustRevision: 1 }, 'attestor ci was deleted'],
  'key.revoked': [{ ...revoked, keyId: 'k1', thumbprint: 't' }, 'key k1 of attestor ci was revoked as compromised'],
  'identity.revoked': [
    { ...revoked, identityId: 'i1', pattern: {}, effectiveFrom: '2026-01-01T00:00:00.000Z' },
    'identity i1 of attestor ci was revoked as compromised since 2026-01-01T00:00:00.000Z',
  ],
  'trust_root.created': [{ trustRoot: 'r', trustRevision: 1, digest }, 'trust root r was registered'],
  'trust_root.changed': [{ trustRoot: 'r', trustRevision: 1, digest }, 'trust root r was changed'],
  'trust_root.deleted': [{ trustRoot: 'r', trustRevision: 1 }, 'trust root r was deleted'],
  'attestation.revoked': [act, 'what a scan says was revoked: wrong'],
  'attestation.retracted': [act, 'what a scan says was retracted: wrong'],
  'image.related': [{ manifests: 2, size: 1 }, 'an index of 2 manifests was put on record'],
  'policy.changed': [{ policy: 'p', revision: 2, digest }, 'policy p became revision 2'],
  'verdict.recorded': [
    { verdict: 'v', policy: 'p', revision: 2, decision: 'deny', digest, context: null },
    'deny by policy p, revision 2',
  ],
  'verdict.break_glass': [
    {
      verdict: 'v',
      policy: 'p',
      revision: 2,
      decision: 'allow',
      digest,
      context: null,
      wouldDeny: true,
      justification: 'fire',
    },
    'allowed by break-glass under policy p: fire',
  ],
  'waiver.created': [{ ...waiver, digest, requirement: 'r' }, 'a waiver of requirement r of policy p was made'],
  'waiver.approved': [
    { ...waiver, approver: 'token:a#1', at: '2026-01-01T00:00:00.000Z' },
    'a waiver under policy p was approved',
  ],
  'waiver.revoked': [
    { ...waiver, reason: 'over', at: '2026-01-01T00:00:00.000Z' },
    'a waiver under policy p was revoked: over',
  ],
  'token.created': [{ token: 't', name: 'n', roles: [] }, 'token n was issued'],
  'token.revoked': [{ token: 't', name: 'n' }, 'token n was revoked'],
};

describe('summaryOf', () => {
  it.each(HISTORY_TYPES)('says of %s what happened', (type) => {
    const [data, summary] = SAMPLES[type];
    expect(summaryOf({ type, data: { ...data } }, 'scan')).toBe(summary);
  });

  it('calls evidence of no known kind an attestation', () => {
    const data = { format: 'dsse', predicateType: 't', size: 1 };
    expect(summaryOf({ type: 'attestation.received', data }, 'other')).toBe('an attestation was received');
    expect(summaryOf({ type: 'attestation.received', data }, null)).toBe('an attestation was received');
  });

  it('cuts what somebody wrote at length', () => {
    const data = { ...act, reason: 'x'.repeat(5_000) };
    expect(summaryOf({ type: 'attestation.revoked', data }, 'scan').length).toBeLessThan(300);
  });
});
