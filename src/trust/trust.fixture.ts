import type { Attestor, AttestorKey, KeyRevocation } from './attestor.js';
import type { Signer, Thumbprint } from './signer.js';
import { EMPTY_TRUST, extendTrust, type TrustSnapshot } from './trust-snapshot.js';

/** A moment of January 2026, RFC 3339 with milliseconds. */
export function day(date: number, milliseconds = 0): string {
  return new Date(Date.UTC(2026, 0, date) + milliseconds).toISOString();
}

export const KEY_A = `sha256:${'a'.repeat(64)}` as Thumbprint;
export const KEY_B = `sha256:${'b'.repeat(64)}` as Thumbprint;

/** Key `k1`, which is KEY_A, of no person and without limits. */
export function keyWith(change: Partial<AttestorKey> = {}): AttestorKey {
  return {
    id: 'k1',
    thumbprint: KEY_A,
    publicKey: 'a PEM text',
    schemes: ['ES256/der'],
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
    repositories: null,
    builders: [],
    mayNameApprovers: false,
    ...change,
  };
}

/** A signature by KEY_A, received on the 10th. */
export function signerWith(change: Partial<Signer> = {}): Signer {
  return { type: 'key', thumbprint: KEY_A, scheme: 'ES256/der', receivedAt: day(10), provenAt: null, ...change };
}

type Recorded = { readonly at: string } & (
  | { readonly attestor: Attestor }
  | { readonly deleted: string }
  | { readonly revoked: Pick<KeyRevocation, 'reason'> & Partial<KeyRevocation> }
);

/** Trust after these were recorded, one revision each; a revocation is of `k1` of trivy and for ever where it does not say. */
export function trustOf(...recorded: readonly Recorded[]): TrustSnapshot {
  return recorded.reduce((trust, record) => {
    const trustRevision = trust.revision + 1;
    const { at } = record;
    if ('revoked' in record) {
      const key = { thumbprint: KEY_A, attestor: 'trivy', keyId: 'k1', effectiveFrom: null };
      const revocations = [{ ...key, ...record.revoked, at, trustRevision }];
      return extendTrust(trust, trustRevision, { states: [], revocations });
    }
    const name = 'deleted' in record ? record.deleted : record.attestor.name;
    const attestor = 'deleted' in record ? null : record.attestor;
    return extendTrust(trust, trustRevision, { states: [{ name, at, trustRevision, attestor }], revocations: [] });
  }, EMPTY_TRUST);
}
