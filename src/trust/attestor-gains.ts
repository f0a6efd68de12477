import type { SignatureScheme } from '../intoto/signature-scheme.js';
import type { Attestor, AttestorIdentity, AttestorKey } from './attestor.js';
import { epochOf } from './epoch.js';
import { identityCause, keyCause, signerCause, type GainCause } from './gain-causes.js';
import type { Thumbprint } from './signer.js';
import type { TrustSnapshot } from './trust-snapshot.js';

/**
 * By what causes anything could count as evidence under the next state of an attestor that could not under the previous
 * one: evidence that waits for one of them is looked at again. Said also where that is hard to rule out, as between two lists
 * of globs. What a verdict makes of counted evidence (persons, builders, who names approvers) is read at each verdict
 * and gains nothing here.
 *
 * @param trust as it was before: signatures by a key that it knows have been matched already.
 */
export function attestorGains(
  trust: TrustSnapshot,
  previous: Attestor | null,
  next: Attestor | null,
): readonly GainCause[] {
  if (next === null) return [];
  const all = previous === null || widened(previous, next);
  const keys = new Map(previous?.keys.map((key) => [key.thumbprint, key]));
  const identities = new Map(previous?.identities.map((identity) => [identity.id, identity]));
  const ofKeys = next.keys.flatMap((key): readonly GainCause[] => {
    const known = schemesEverHeld(trust, key.thumbprint);
    const unknown = key.schemes.filter((scheme) => !known.has(scheme)).map(keyCause);
    const gains = known.size > 0 && (all || keyGains(keys.get(key.thumbprint), key));
    return gains ? [...unknown, signerCause(key.thumbprint)] : unknown;
  });
  const ofIdentities = next.identities.flatMap((identity): readonly GainCause[] =>
    all || timesGain(identities.get(identity.id), identity) ? [identityCause(identity.issuer)] : [],
  );
  return [...new Set([...ofKeys, ...ofIdentities])].sort();
}

function widened(previous: Attestor, next: Attestor): boolean {
  return (
    adds(previous.kinds ?? [], next.kinds ?? []) ||
    adds(previous.predicateTypes ?? [], next.predicateTypes ?? []) ||
    (previous.repositories !== null && (next.repositories === null || adds(previous.repositories, next.repositories)))
  );
}

function keyGains(before: AttestorKey | undefined, key: AttestorKey): boolean {
  if (before === undefined) return true;
  // Another root may prove another time, and the key be valid by that.
  return adds(before.schemes, key.schemes) || before.trustRoot !== key.trustRoot || timesGain(before, key);
}

type Times = Pick<AttestorKey | AttestorIdentity, 'validFrom' | 'validUntil' | 'retiredAt'>;

function timesGain(before: Times | undefined, after: Times): boolean {
  if (before === undefined) return true;
  return (
    epochOf(after.validFrom, -Infinity) < epochOf(before.validFrom, -Infinity) ||
    epochOf(after.validUntil, Infinity) > epochOf(before.validUntil, Infinity) ||
    epochOf(after.retiredAt, Infinity) > epochOf(before.retiredAt, Infinity)
  );
}

function adds<T>(before: readonly T[], after: readonly T[]): boolean {
  return after.some((element) => !before.includes(element));
}

/** Every scheme that any attestor has ever allowed a key; none where nobody has held it. */
function schemesEverHeld(trust: TrustSnapshot, thumbprint: Thumbprint): ReadonlySet<SignatureScheme> {
  const schemes = new Set<SignatureScheme>();
  for (const name of trust.holders.get(thumbprint) ?? []) {
    for (const { keys } of trust.attestors.get(name) ?? []) {
      for (const scheme of keys.get(thumbprint)?.key.schemes ?? []) schemes.add(scheme);
    }
  }
  return schemes;
}
