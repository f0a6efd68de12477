import type { AttestorKey } from './attestor.js';
import { epochOf, revocationsBinding, type TrustSnapshot } from './trust-snapshot.js';

export const KEY_STATES = ['active', 'not_yet_valid', 'expired', 'retired', 'superseded', 'compromised'] as const;
export type KeyState = (typeof KEY_STATES)[number];

/**
 * What a key of an attestor is at a moment, in milliseconds since the epoch: for what would be signed then. Older evidence
 * may count by a key that is no longer active; whether it does is for `authorityOf`.
 */
export function keyState(trust: TrustSnapshot, attestor: string, key: AttestorKey, moment: number): KeyState {
  const binding = revocationsBinding(trust, attestor, key.thumbprint);
  if (binding.some(({ revocation }) => revocation.reason === 'compromised')) return 'compromised';
  if (binding.length > 0) return 'superseded';
  if (key.retiredAt !== null) return 'retired';
  if (moment < epochOf(key.validFrom, -Infinity)) return 'not_yet_valid';
  if (moment >= epochOf(key.validUntil, Infinity)) return 'expired';
  return 'active';
}
