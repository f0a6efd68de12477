import type { SignatureScheme } from '../intoto/signature-scheme.js';
import { eligibilityOf, type AuthorityCode, type EvidenceType } from './authority.js';
import type { Signer, Thumbprint } from './signer.js';
import type { TrustSnapshot } from './trust-snapshot.js';

/** Why evidence is rejected for its signers, the worst first: each later code came closer to counting. */
const REJECTIONS = ['untrusted_signer', 'signer_not_allowed', 'key_not_valid_then'] as const;
export type SignerRejectionCode = (typeof REJECTIONS)[number];

/** One key that signed, as one attestor's. A key that several attestors hold gives several. */
export interface SignerStanding {
  readonly attestor: string;
  readonly keyId: string;
  readonly thumbprint: Thumbprint;
  readonly scheme: SignatureScheme;
  /** Whether it could count for at least one kind of this evidence, in whatever repository. */
  readonly counts: boolean;
  readonly code: 'counts' | SignerRejectionCode;
  readonly message: string;
}

export interface SignerStatus {
  readonly standings: readonly SignerStanding[];
  /** null where at least one signer could count; else why the one that came closest does not. */
  readonly rejection: { readonly code: SignerRejectionCode; readonly detail: string } | null;
  /** Whether a later change of trust could let a signer count that does not, for some kind of this evidence. */
  readonly couldGain: boolean;
}

/**
 * Whose keys signed and whether they could count for what the evidence is, at the snapshot's trust revision. Signatures
 * that no known key made are not among the signers: such evidence could gain as well, which the caller knows.
 */
export function signerStatus(
  trust: TrustSnapshot,
  signers: readonly Signer[],
  types: readonly EvidenceType[],
): SignerStatus {
  const bySigner = signers.map((signer) => standingsOf(trust, signer, types));
  const standings = bySigner.flatMap((found) => found.standings);
  const best = standings.reduce<SignerStanding | null>(closer, null);
  return {
    standings,
    rejection: rejectionOf(best),
    couldGain: bySigner.some((found) => !found.countsForAll),
  };
}

interface StandingsOfSigner {
  readonly standings: readonly SignerStanding[];
  /** Whether every kind of the evidence has an attestor for which the signer counts. */
  readonly countsForAll: boolean;
}

function standingsOf(trust: TrustSnapshot, signer: Signer, types: readonly EvidenceType[]): StandingsOfSigner {
  const { thumbprint, scheme } = signer;
  const counting = new Set<EvidenceType>();
  const standings = [...(trust.holders.get(thumbprint) ?? [])].sort().flatMap((attestor): SignerStanding[] => {
    const keyId = keyIdOf(trust, attestor, thumbprint);
    if (keyId === null) return [];
    const perType = types.map((type): SignerStanding => {
      const { code: authority, message } = eligibilityOf(trust, attestor, signer, type);
      const code = standingCode(authority, trust, attestor);
      if (code === 'counts') counting.add(type);
      return { attestor, keyId, thumbprint, scheme, counts: code === 'counts', code, message };
    });
    const best = perType.reduce<SignerStanding | null>(closer, null);
    return best === null ? [] : [best];
  });
  return { standings, countsForAll: counting.size === types.length };
}

/** The contract's rejections know no revocation: a key revoked, retired or out of its window was not valid then. */
function standingCode(code: AuthorityCode, trust: TrustSnapshot, attestor: string): SignerStanding['code'] {
  const deleted = trust.attestors.get(attestor)?.at(-1)?.attestor === null;
  switch (code) {
    case 'counts':
    case 'signer_not_allowed':
    case 'key_not_valid_then':
      return code;
    case 'signer_revoked':
      return deleted ? 'untrusted_signer' : 'key_not_valid_then';
    case 'wrong_attestor':
      return 'untrusted_signer';
  }
}

function keyIdOf(trust: TrustSnapshot, attestor: string, thumbprint: Thumbprint): string | null {
  const states = trust.attestors.get(attestor) ?? [];
  return states.findLast((state) => state.keys.has(thumbprint))?.keys.get(thumbprint)?.key.id ?? null;
}

function closer(best: SignerStanding | null, next: SignerStanding): SignerStanding {
  return best === null || rank(next.code) > rank(best.code) ? next : best;
}

function rank(code: SignerStanding['code']): number {
  return code === 'counts' ? REJECTIONS.length : REJECTIONS.indexOf(code);
}

function rejectionOf(best: SignerStanding | null): SignerStatus['rejection'] {
  if (best === null) return { code: 'untrusted_signer', detail: 'no signature is by a key of a known attestor' };
  return best.code === 'counts' ? null : { code: best.code, detail: best.message };
}
