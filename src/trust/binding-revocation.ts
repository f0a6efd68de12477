import type { CertificateIdentity } from '../intoto/proved-signer.js';
import type { IdentityRevocation, KeyRevocation } from './attestor.js';
import { epochOf } from './epoch.js';
import { compilePattern } from './identity-pattern.js';

/** A revocation with its times as milliseconds since the epoch. */
export interface BindingRevocation<Revocation = KeyRevocation> {
  readonly revocation: Revocation;
  readonly effectiveFrom: number;
  readonly at: number;
}

export interface BindingIdentityRevocation extends BindingRevocation<IdentityRevocation> {
  /** Whether a certificate fits what was revoked, under whatever root. */
  readonly fits: (identity: CertificateIdentity) => boolean;
}

/** @throws RangeError where a time is not one, as below. */
export function bindingOf(revocation: KeyRevocation): BindingRevocation {
  const { effectiveFrom, at } = revocation;
  return { revocation, effectiveFrom: epochOf(effectiveFrom, -Infinity), at: epochOf(at) };
}

export function identityBindingOf(revocation: IdentityRevocation): BindingIdentityRevocation {
  const { pattern, effectiveFrom, at } = revocation;
  const compare = compilePattern(pattern);
  return {
    revocation,
    effectiveFrom: epochOf(effectiveFrom, -Infinity),
    at: epochOf(at),
    fits: (identity) => compare(identity).fits,
  };
}
