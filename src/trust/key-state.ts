import type { AttestorIdentity, AttestorKey } from './attestor.js';
import type { BindingRevocation } from './binding-revocation.js';
import { epochOf } from './epoch.js';
import type { RevocationTerms } from './revocation.js';
import { revocationsBinding, revocationsOfIdentity } from './revocations-binding.js';
import type { TrustSnapshot } from './trust-snapshot.js';

export const KEY_STATES = ['active', 'not_yet_valid', 'expired', 'retired', 'superseded', 'compromised'] as const;
export type KeyState = (typeof KEY_STATES)[number];

/**
 * What a key of an attestor is at a moment, in milliseconds since the epoch: for what would be signed then. Older evidence
 * may count by a key that is no longer active; whether it does is for `authorityOf`.
 */
export function keyState(trust: TrustSnapshot, attestor: string, key: AttestorKey, moment: number): KeyState {
  return stateOf(revocationsBinding(trust, attestor, key.thumbprint), key, moment);
}

/** What an identity of an attestor is at a moment, as of a key. */
export function identityState(
  trust: TrustSnapshot,
  attestor: string,
  identity: AttestorIdentity,
  moment: number,
): KeyState {
  return stateOf(revocationsOfIdentity(trust, attestor, identity), identity, moment);
}

function stateOf(
  binding: readonly BindingRevocation<RevocationTerms>[],
  held: Pick<AttestorKey, 'validFrom' | 'validUntil' | 'retiredAt'>,
  moment: number,
): KeyState {
  if (binding.some(({ revocation }) => revocation.reason === 'compromised')) return 'compromised';
  if (binding.length > 0) return 'superseded';
  if (held.retiredAt !== null) return 'retired';
  if (moment < epochOf(held.validFrom, -Infinity)) return 'not_yet_valid';
  if (moment >= epochOf(held.validUntil, Infinity)) return 'expired';
  return 'active';
}
