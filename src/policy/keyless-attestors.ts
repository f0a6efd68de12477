import type { HeldIdentity } from '../trust/attestor-state.js';
import type { BindingRevocation } from '../trust/binding-revocation.js';
import { revocationsBinding, revocationsOfIdentity } from '../trust/revocations-binding.js';
import type { TrustSnapshot } from '../trust/trust-snapshot.js';
import { listed } from './wording.js';

/**
 * A hint that can follow what is missing, where all of these attestors lack a key or an identity by which anything signed
 * at this moment would count; else the empty text. Those that do not exist are none.
 *
 * @param now milliseconds since the epoch
 */
export function keylessHint(names: readonly string[], trust: TrustSnapshot, now: number): string {
  const known = names.filter((name) => trust.attestors.has(name));
  if (known.length === 0 || known.some((name) => maySignNow(name, trust, now))) return '';
  const verb = known.length === 1 ? 'has' : 'have';
  return `; ${listed(known)} ${verb} no key or identity that counts, so put one first`;
}

/** Whether the attestor, as it is, holds a key or an identity that is neither revoked, retired nor out of its time. */
function maySignNow(name: string, trust: TrustSnapshot, now: number): boolean {
  const state = trust.attestors.get(name)?.at(-1);
  if (state === undefined || state.attestor === null) return false;
  return (
    [...state.keys].some(([thumbprint, held]) => countsAt(held, revocationsBinding(trust, name, thumbprint), now)) ||
    state.identities.some((held) => countsAt(held, revocationsOfIdentity(trust, name, held.identity), now))
  );
}

type Window = Pick<HeldIdentity, 'validFrom' | 'validUntil' | 'retiredAt'>;

function countsAt(
  held: Window,
  revocations: readonly Pick<BindingRevocation, 'effectiveFrom'>[],
  now: number,
): boolean {
  if (now < held.validFrom || now >= held.validUntil || now >= held.retiredAt) return false;
  return revocations.every(({ effectiveFrom }) => now < effectiveFrom);
}
