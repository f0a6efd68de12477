import type { AuthorityId, ProvedCertificate } from '../intoto/proved-signer.js';
import type { AttestorIdentity, IdentityRevocation, KeyRevocation } from './attestor.js';
import type { BindingIdentityRevocation, BindingRevocation } from './binding-revocation.js';
import { covers } from './identity-pattern.js';
import type { Thumbprint } from './signer.js';
import type { TrustSnapshot } from './trust-snapshot.js';

/** The revocations that bind a key under one attestor: its own, and any of the key as compromised. */
export function revocationsBinding(
  trust: TrustSnapshot,
  attestor: string,
  thumbprint: Thumbprint,
): readonly BindingRevocation[] {
  const all = trust.revocations.get(thumbprint) ?? [];
  return all.filter(({ revocation }) => revocation.reason === 'compromised' || revocation.attestor === attestor);
}

/** The revocations after which nothing is left of an identity from some moment on: its own, and wider ones as compromised. */
export function revocationsOfIdentity(
  trust: TrustSnapshot,
  attestor: string,
  identity: Omit<AttestorIdentity, 'retiredAt'>,
): readonly BindingIdentityRevocation[] {
  return trust.identityRevocations.filter(
    ({ revocation }) =>
      (revocation.attestor === attestor && revocation.identityId === identity.id) ||
      (revocation.reason === 'compromised' && covers(revocation.pattern, identity)),
  );
}

/**
 * The revocations that bind a certificate where it fits an identity of an attestor: of that identity, of its own key as
 * compromised, and as compromised of whatever it fits. A subject without an issuer means something within its root alone:
 * then the authority that issued the certificate must be, or have been, one of that root.
 */
export function revocationsOfCertificate(
  trust: TrustSnapshot,
  attestor: string,
  identityId: string,
  signer: ProvedCertificate,
): readonly BindingRevocation<KeyRevocation | IdentityRevocation>[] {
  const ofKey = (trust.revocations.get(signer.thumbprint) ?? []).filter(
    ({ revocation }) => revocation.reason === 'compromised',
  );
  const ofIdentity = trust.identityRevocations.flatMap((binding): BindingIdentityRevocation[] => {
    const { reason, attestor: under, identityId: revoked, pattern } = binding.revocation;
    if (under === attestor && revoked === identityId) return [binding];
    if (reason !== 'compromised' || !binding.fits(signer.identity)) return [];
    if (pattern.issuer !== null) return [binding];
    const listed = firstListed(trust, pattern.trustRoot, signer.chain);
    return listed === null ? [] : [{ ...binding, at: Math.max(binding.at, listed) }];
  });
  return [...ofKey, ...ofIdentity];
}

/** When a root of this name first listed the authority; null where none did. */
function firstListed(trust: TrustSnapshot, name: string, authority: AuthorityId): number | null {
  return trust.roots.get(name)?.find(({ held }) => held?.windows.has(authority) === true)?.at ?? null;
}
