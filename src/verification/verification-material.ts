import type { TrustRoot } from '../intoto/sigstore/trust-root.js';
import { canonicalJson } from '../intoto/canonical-json.js';
import type { TrustSnapshot } from '../trust/trust-snapshot.js';
import { verificationKeys, type VerificationKeys } from '../trust/verification-keys.js';

/** All that signatures are tried by: what trust knows, whether or not it trusts it still. */
export interface VerificationMaterial extends VerificationKeys {
  readonly roots: readonly TrustRoot[];
}

const bySnapshot = new WeakMap<TrustSnapshot, VerificationMaterial>();

/**
 * The keys and trust roots of a snapshot; worked out once. Of a root that was replaced, the earlier states go along as far as
 * they list an authority, or a time of one, that the latest does not: who signed is recorded whether or not it counts.
 */
export function verificationMaterial(trust: TrustSnapshot): VerificationMaterial {
  const known = bySnapshot.get(trust);
  if (known !== undefined) return known;
  const material = { ...verificationKeys(trust), roots: rootsOf(trust) };
  bySnapshot.set(trust, material);
  return material;
}

function rootsOf(trust: TrustSnapshot): readonly TrustRoot[] {
  const distinct = new Map<string, TrustRoot>();
  for (const states of trust.roots.values()) {
    const kept: TrustRoot[] = [];
    for (const { held } of states.toReversed()) {
      if (held === null || kept.some((later) => covers(later, held.root))) continue;
      kept.push(held.root);
      distinct.set(canonicalJson(held.root), held.root);
    }
  }
  return [...distinct.values()];
}

/** Whether whatever an earlier state of a root could prove, the later one proves as well. */
function covers(later: TrustRoot, earlier: TrustRoot): boolean {
  // What is proved under plain X.509 need not be meant for signing code.
  return (
    later.form === earlier.form &&
    earlier.authorities.every((authority) =>
      later.authorities.some(
        ({ id, validFrom, validUntil }) =>
          id === authority.id &&
          validFrom <= authority.validFrom &&
          (validUntil === null || (authority.validUntil !== null && authority.validUntil <= validUntil)),
      ),
    )
  );
}
