import { describe, expect, it } from 'vitest';
import { signerStatus, type SignerStatus } from './signer-status.js';
import type { TrustSnapshot } from './trust-snapshot.js';
import {
  attestorWith,
  certificateWith,
  certified,
  day,
  KEY_A,
  KEY_B,
  keylessWith,
  keyWith,
  LEAF_KEY,
  rootWith,
  signerWith,
  trustOf,
} from './trust.fixture.js';

const SCAN = { kind: 'scan', predicateType: 'https://in-toto.io/attestation/vulns/v0.1' } as const;
const VEX = { kind: 'vex', predicateType: 'https://cyclonedx.org/bom' } as const;
const SBOM = { kind: 'sbom', predicateType: 'https://cyclonedx.org/bom' } as const;

const byA = (trust: TrustSnapshot): SignerStatus => signerStatus(trust, [signerWith()], [SCAN]);

describe('evidence that somebody who may sign it has signed', () => {
  it('names whose key it is and is not rejected', () => {
    const status = byA(trustOf({ at: day(1), attestor: attestorWith() }));
    expect(status).toEqual({
      standings: [
        {
          attestor: 'trivy',
          keyId: 'k1',
          identity: null,
          thumbprint: KEY_A,
          scheme: 'ES256/der',
          signedAt: null,
          counts: true,
          code: 'counts',
          message: 'signed by key k1 of trivy',
        },
      ],
      rejection: null,
      waiting: [],
    });
  });

  it('counts although no repository is known yet', () => {
    expect(byA(trustOf({ at: day(1), attestor: attestorWith({ repositories: ['a/*'] }) })).rejection).toBeNull();
  });

  it('names every attestor that holds the key', () => {
    const status = byA(
      trustOf(
        { at: day(1), attestor: attestorWith() },
        { at: day(1), attestor: attestorWith({ name: 'qa', kinds: ['test'], keys: [keyWith({ id: 'q' })] }) },
      ),
    );
    expect(status.standings.map(({ attestor, keyId, code }) => [attestor, keyId, code])).toEqual([
      ['qa', 'q', 'signer_not_allowed'],
      ['trivy', 'k1', 'counts'],
    ]);
    expect(status).toMatchObject({ rejection: null, waiting: [] });
  });

  it('could gain where another of its signers, or another of its kinds, does not count', () => {
    const trust = trustOf(
      { at: day(1), attestor: attestorWith({ kinds: ['sbom'] }) },
      { at: day(1), attestor: attestorWith({ name: 'qa', keys: [keyWith({ thumbprint: KEY_B })], kinds: ['test'] }) },
    );
    expect(signerStatus(trust, [signerWith()], [SBOM, VEX])).toMatchObject({
      rejection: null,
      waiting: [signerWith()],
    });
    const both = [signerWith(), signerWith({ thumbprint: KEY_B })];
    expect(signerStatus(trust, both, [SBOM])).toMatchObject({ rejection: null, waiting: [both[1]] });
  });
});

describe('evidence that nobody who may sign it has signed', () => {
  const codeOf = (status: SignerStatus): string =>
    `${status.rejection?.code ?? 'counts'}, ${String(status.waiting.length > 0)}`;

  it('is rejected as of an untrusted signer where no key is known', () => {
    expect(signerStatus(trustOf(), [], [SCAN])).toEqual({
      standings: [],
      rejection: { code: 'untrusted_signer', detail: 'no signature is by a key or an identity of a known attestor' },
      waiting: [],
    });
    expect(codeOf(byA(trustOf()))).toBe('untrusted_signer, true');
  });

  it('is rejected with the reason of the attestor whose kinds do not include it', () => {
    const status = byA(trustOf({ at: day(1), attestor: attestorWith({ kinds: ['test'] }) }));
    expect(codeOf(status)).toBe('signer_not_allowed, true');
    expect(status.rejection?.detail).toBe('attestor trivy may not sign kind scan');
  });

  it.each([
    ['expired', trustOf({ at: day(1), attestor: attestorWith({ keys: [keyWith({ validUntil: day(9) })] }) })],
    ['retired', trustOf({ at: day(1), attestor: attestorWith({ keys: [keyWith({ retiredAt: day(9) })] }) })],
    ['revoked', trustOf({ at: day(1), attestor: attestorWith() }, { at: day(2), revoked: { reason: 'compromised' } })],
  ])('is rejected where the key was %s by then', (_what, trust) => {
    expect(codeOf(byA(trust))).toBe('key_not_valid_then, true');
  });

  it('is rejected as of an untrusted signer where the attestor was deleted, and says so', () => {
    const status = byA(trustOf({ at: day(1), attestor: attestorWith() }, { at: day(2), deleted: 'trivy' }));
    expect(codeOf(status)).toBe('untrusted_signer, true');
    expect(status.rejection?.detail).toBe('attestor trivy was deleted');
    expect(status.standings).toEqual([]);
  });

  it('is rejected as of an untrusted signer where the attestor has given up the key', () => {
    const status = byA(
      trustOf(
        { at: day(1), attestor: attestorWith() },
        { at: day(2), deleted: 'trivy' },
        { at: day(3), attestor: attestorWith({ keys: [] }) },
      ),
    );
    expect(codeOf(status)).toBe('untrusted_signer, true');
  });

  it('is rejected with the reason of the signer that came closest to counting', () => {
    const trust = trustOf(
      { at: day(1), attestor: attestorWith({ kinds: ['test'] }) },
      {
        at: day(1),
        attestor: attestorWith({ name: 'qa', keys: [keyWith({ thumbprint: KEY_B, validUntil: day(2) })] }),
      },
    );
    const signers = [signerWith(), signerWith({ thumbprint: KEY_B })];
    for (const order of [signers, [...signers].reverse()]) {
      expect(codeOf(signerStatus(trust, order, [SCAN]))).toBe('key_not_valid_then, true');
    }
  });
});

describe('evidence with a certificate', () => {
  const certificate = certificateWith();
  const status = (trust: TrustSnapshot): SignerStatus => signerStatus(trust, [certificate], [SCAN]);
  const registered = { at: day(1), attestor: keylessWith() };

  it('names the identity that it fits, and when it is proved to be signed', () => {
    expect(status(trustOf(registered))).toEqual({
      standings: [
        {
          attestor: 'trivy',
          keyId: null,
          identity: 'release',
          thumbprint: LEAF_KEY,
          scheme: 'ES256/der',
          signedAt: day(9),
          counts: true,
          code: 'counts',
          message: 'signed by identity release of trivy',
        },
      ],
      rejection: null,
      waiting: [],
    });
  });

  it('is of nobody where it only comes near, and is told what differs', () => {
    const near = { at: day(1), attestor: keylessWith({ subjectGlob: 'https://github.com/acme/other/**' }) };
    const { standings, rejection, waiting } = status(trustOf(near));
    expect(standings).toEqual([]);
    expect(rejection).toEqual({
      code: 'identity_mismatch',
      detail: expect.stringContaining('no attestor has an identity for'),
    });
    const claimed = { at: day(2), attestor: keylessWith({ claims: { buildTrigger: 'x' } }, { name: 'other' }) };
    expect(status(trustOf(near, claimed)).rejection?.detail).toContain('the claim buildTrigger');
    expect(waiting).toEqual([certificate]);
  });

  it('is of an untrusted signer where nobody has an identity like it', () => {
    expect(status(trustOf({ at: day(1), attestor: attestorWith() }))).toMatchObject({
      standings: [],
      rejection: { code: 'untrusted_signer' },
      waiting: [certificate],
    });
  });

  it.each([
    ['certificate_invalid', trustOf(registered, { at: day(2), root: rootWith() })],
    ['key_not_valid_then', trustOf({ at: day(1), attestor: keylessWith({ validUntil: day(9) }) })],
    ['key_not_valid_then', trustOf(registered, { at: day(2), revokedIdentity: { reason: 'compromised' } })],
    ['signer_not_allowed', trustOf({ at: day(1), attestor: keylessWith({}, { kinds: ['test'] }) })],
    ['untrusted_signer', trustOf(registered, { at: day(2), deleted: 'trivy' })],
  ])('is rejected with the code %s', (code, trust) => {
    const found = status(trust);
    expect(found.rejection?.code).toBe(code);
    expect(found.standings).toMatchObject(
      code === 'untrusted_signer' ? [] : [{ attestor: 'trivy', keyId: null, counts: false }],
    );
    expect(found.waiting).toEqual([certificate]);
  });

  it('counts by a known key beside a certificate of nobody', () => {
    const stranger = certificateWith({ identity: certified({ issuer: 'https://other.example', subjects: ['x'] }) });
    const found = signerStatus(trustOf({ at: day(1), attestor: attestorWith() }), [stranger, signerWith()], [SCAN]);
    expect(found).toMatchObject({ rejection: null, standings: [{ keyId: 'k1' }], waiting: [stranger] });
  });
});
