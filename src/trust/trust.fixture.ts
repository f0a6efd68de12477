import type { Sha256Digest } from '../intoto/digest.js';
import type { AuthorityId, CertificateIdentity, Vouching } from '../intoto/proved-signer.js';
import type { Authority, TrustRoot } from '../intoto/sigstore/trust-root.js';
import {
  PUBLIC_GOOD,
  type Attestor,
  type AttestorIdentity,
  type AttestorKey,
  type IdentityRevocation,
  type KeyRevocation,
} from './attestor.js';
import { patternOf } from './identity-pattern.js';
import type { CertificateSigner, KeySigner, Thumbprint } from './signer.js';
import type { StatementAct } from './statement-act.js';
import { emptyTrust, extendTrust, type TrustRecords, type TrustSnapshot } from './trust-snapshot.js';

/** A moment of January 2026, RFC 3339 with milliseconds. */
export function day(date: number, milliseconds = 0): string {
  return new Date(Date.UTC(2026, 0, date) + milliseconds).toISOString();
}

export const KEY_A = `sha256:${'a'.repeat(64)}` as Thumbprint;
export const KEY_B = `sha256:${'b'.repeat(64)}` as Thumbprint;

/** Of a short-lived certificate. */
export const LEAF_KEY = `sha256:${'e'.repeat(64)}` as Thumbprint;

export const CA = 'ca:fulcio' as AuthorityId;
export const CTLOG = 'ctlog:fulcio' as AuthorityId;
export const TLOG = 'tlog:rekor' as AuthorityId;
export const TSA = 'tsa:sigstore' as AuthorityId;

/** An authority, trusted throughout 2025 and from then on. */
export function authorityWith(change: Partial<Authority> & Pick<Authority, 'id' | 'type'>): Authority {
  return { name: change.id, validFrom: '2025-01-01T00:00:00.000Z', validUntil: null, ...change };
}

/** A root that lists these authorities. Its document says no more than that, in the one member that is a text. */
export function rootWith(...authorities: readonly Authority[]): TrustRoot {
  const lists = { certificateAuthorities: [], timestampAuthorities: [], ctlogs: [], tlogs: [] };
  return { form: 'sigstore', authorities, json: { mediaType: JSON.stringify(authorities), ...lists } };
}

export const ROOT_AUTHORITIES: readonly Authority[] = [
  authorityWith({ id: CA, type: 'ca' }),
  authorityWith({ id: CTLOG, type: 'ctlog' }),
  authorityWith({ id: TLOG, type: 'tlog' }),
  authorityWith({ id: TSA, type: 'tsa' }),
];

/** The root that is built in, as `public-good`. */
export const BUILT_IN_ROOT = rootWith(...ROOT_AUTHORITIES);

/** Trust before anything was recorded, with that root. */
export const EMPTY_TRUST = emptyTrust(BUILT_IN_ROOT);

/** Key `k1`, which is KEY_A, of no person and without limits. */
export function keyWith(change: Partial<AttestorKey> = {}): AttestorKey {
  return {
    id: 'k1',
    thumbprint: KEY_A,
    publicKey: 'a PEM text',
    schemes: ['ES256/der'],
    trustRoot: PUBLIC_GOOD,
    validFrom: null,
    validUntil: null,
    person: null,
    retiredAt: null,
    ...change,
  };
}

export const GITHUB = 'https://token.actions.githubusercontent.com';
export const WORKFLOW = 'https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1';

/** Identity `release`: the release workflow of acme's app, for its tags. */
export function identityWith(change: Partial<AttestorIdentity> = {}): AttestorIdentity {
  return {
    id: 'release',
    issuer: GITHUB,
    subject: null,
    subjectGlob: 'https://github.com/acme/app/.github/workflows/release.yml@refs/tags/*',
    claims: {},
    trustRoot: PUBLIC_GOOD,
    validFrom: null,
    validUntil: null,
    person: null,
    retiredAt: null,
    ...change,
  };
}

/** Attestor `trivy`, which signs scans with one key. */
export function attestorWith(change: Partial<Attestor> = {}): Attestor {
  return {
    name: 'trivy',
    description: null,
    kinds: ['scan'],
    predicateTypes: null,
    keys: [keyWith()],
    identities: [],
    repositories: null,
    builders: [],
    mayNameApprovers: false,
    ...change,
  };
}

/** Attestor `trivy` with one identity and no key. */
export function keylessWith(identity: Partial<AttestorIdentity> = {}, change: Partial<Attestor> = {}): Attestor {
  return attestorWith({ keys: [], identities: [identityWith(identity)], ...change });
}

/** A signature by KEY_A, received on the 10th; a proven time is one that TSA vouches for. */
export function signerWith(change: Partial<Omit<KeySigner, 'type'>> = {}): KeySigner {
  const { provenAt = null } = change;
  const times: readonly Vouching[] = provenAt === null ? [] : [{ authority: TSA, at: provenAt }];
  return { type: 'key', thumbprint: KEY_A, scheme: 'ES256/der', receivedAt: day(10), provenAt, times, ...change };
}

/** Whom a certificate for WORKFLOW names. */
export function certified(change: Partial<CertificateIdentity> = {}): CertificateIdentity {
  return {
    issuer: GITHUB,
    subjects: [WORKFLOW],
    claims: { sourceRepositoryUri: 'https://github.com/acme/app', sourceRepositoryRef: 'refs/tags/v1' },
    ...change,
  };
}

/** A signature by a certificate for WORKFLOW under the built-in root, received on the 10th, by TSA and TLOG on the 9th. */
export function certificateWith(change: Partial<Omit<CertificateSigner, 'type'>> = {}): CertificateSigner {
  const {
    times = [
      { authority: TLOG, at: day(9) },
      { authority: TSA, at: day(9) },
    ],
  } = change;
  const [provenAt = null] = times.map(({ at }) => at).sort();
  return {
    type: 'certificate',
    certificate: `sha256:${'c'.repeat(64)}` as Sha256Digest,
    thumbprint: LEAF_KEY,
    scheme: 'ES256/der',
    identity: certified(),
    codeSigning: true,
    chain: CA,
    ctlogs: [{ authority: CTLOG, at: day(9) }],
    tlogs: [TLOG],
    times,
    receivedAt: day(10),
    provenAt,
    ...change,
  };
}

type Recorded = { readonly at: string } & (
  | { readonly attestor: Attestor }
  | { readonly deleted: string }
  | { readonly revoked: Pick<KeyRevocation, 'reason'> & Partial<KeyRevocation> }
  | { readonly revokedIdentity: Pick<IdentityRevocation, 'reason'> & Partial<IdentityRevocation> }
  | { readonly root: TrustRoot | null; readonly name?: string }
  | { readonly act: Omit<StatementAct, 'at' | 'trustRevision'> }
);

/**
 * Trust after these were recorded, one revision each; a revocation is of `k1` or `release` of trivy and for ever, and a root
 * the public-good one, where it does not say.
 */
export function trustOf(...recorded: readonly Recorded[]): TrustSnapshot {
  return recorded.reduce((trust, record) => {
    const trustRevision = trust.revision + 1;
    return extendTrust(trust, trustRevision, recordsOf(record, { at: record.at, trustRevision }));
  }, EMPTY_TRUST);
}

function recordsOf(record: Recorded, moment: { readonly at: string; readonly trustRevision: number }): TrustRecords {
  if ('revoked' in record) {
    const key = { thumbprint: KEY_A, attestor: 'trivy', keyId: 'k1', effectiveFrom: null };
    return { revocations: [{ ...key, ...record.revoked, ...moment }] };
  }
  if ('revokedIdentity' in record) {
    const pattern = patternOf(identityWith());
    const identity = { attestor: 'trivy', identityId: 'release', pattern, effectiveFrom: null };
    return { identityRevocations: [{ ...identity, ...record.revokedIdentity, ...moment }] };
  }
  if ('root' in record) return { roots: [{ name: record.name ?? PUBLIC_GOOD, root: record.root, ...moment }] };
  if ('act' in record) return { statements: [{ ...record.act, ...moment }] };
  const name = 'deleted' in record ? record.deleted : record.attestor.name;
  return { states: [{ name, attestor: 'deleted' in record ? null : record.attestor, ...moment }] };
}
