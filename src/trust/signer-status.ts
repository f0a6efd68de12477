import type { SignatureScheme } from '../intoto/signature-scheme.js';
import { eligibilityOf, type AuthorityCode, type Eligibility, type EvidenceType } from './authority.js';
import type { Signer, Thumbprint } from './signer.js';
import type { Nearness } from './identity-pattern.js';
import { NEARNESS } from './judge-signer.js';
import { attestorsNear, findAttestor, findLastKey, type TrustSnapshot } from './trust-snapshot.js';

/** Why evidence is rejected for its signers, the worst first: each later code came closer to counting. */
const REJECTIONS = [
  'untrusted_signer',
  'identity_mismatch',
  'certificate_invalid',
  'signer_not_allowed',
  'key_not_valid_then',
] as const;
export type SignerRejectionCode = (typeof REJECTIONS)[number];

/** One key or certificate that signed, as one attestor's. What several attestors hold gives several. */
export interface SignerStanding {
  readonly attestor: string;
  /** The id of the attestor's key; null where a certificate signed. */
  readonly keyId: string | null;
  /** The id of the attestor's identity; null where a key signed. */
  readonly identity: string | null;
  readonly thumbprint: Thumbprint;
  readonly scheme: SignatureScheme;
  /** When it was signed, as those prove whom the trust root of the key or identity trusts; RFC 3339 or null. */
  readonly signedAt: string | null;
  /** Whether it could count for at least one kind of this evidence, in whatever repository. */
  readonly counts: boolean;
  readonly code: 'counts' | SignerRejectionCode;
  readonly message: string;
}

export interface SignerStatus {
  readonly standings: readonly SignerStanding[];
  /** null where at least one signer could count; else why the one that came closest does not. */
  readonly rejection: { readonly code: SignerRejectionCode; readonly detail: string } | null;
  /** The signers that a later change of trust could let count as they do not, for some kind of this evidence. */
  readonly waiting: readonly Signer[];
}

/**
 * Who signed and whether they could count for what the evidence is, at the snapshot's trust revision. Signatures that no
 * known key made are not among the signers: such evidence could gain as well, which the caller knows.
 */
export function signerStatus(
  trust: TrustSnapshot,
  signers: readonly Signer[],
  types: readonly EvidenceType[],
): SignerStatus {
  const bySigner = signers.map((signer) => ({ signer, ...standingsOf(trust, signer, types) }));
  const judged = bySigner.flatMap((found) => found.judged);
  const best = judged.reduce<Judged | null>(closer, null);
  return {
    // Who only comes near to an identity of an attestor is not one of its signers, but may be told what is amiss; and who
    // signed for one that is deleted signs for nobody.
    standings: judged
      .map(({ standing }) => standing)
      .filter(({ attestor, code }) => code !== 'identity_mismatch' && findAttestor(trust, attestor) !== null),
    rejection: rejectionOf(best),
    waiting: bySigner.filter((found) => !found.countsForAll).map(({ signer }) => signer),
  };
}

interface Judged {
  readonly signer: Signer;
  readonly standing: SignerStanding;
  readonly nearness: Nearness;
}

interface StandingsOfSigner {
  readonly judged: readonly Judged[];
  /** Whether every kind of the evidence has an attestor for which the signer counts. */
  readonly countsForAll: boolean;
}

function standingsOf(trust: TrustSnapshot, signer: Signer, types: readonly EvidenceType[]): StandingsOfSigner {
  const counting = new Set<EvidenceType>();
  const judged = attestorsNear(trust, signer).flatMap((attestor): Judged[] => {
    const perType = types.map((type): Judged => {
      const eligibility = eligibilityOf(trust, attestor, signer, type);
      const standing = standingOf(trust, attestor, signer, eligibility);
      if (standing.counts) counting.add(type);
      return { signer, standing, nearness: eligibility.nearness ?? 'none' };
    });
    const best = perType.reduce<Judged | null>(closer, null);
    return best === null ? [] : [best];
  });
  return { judged, countsForAll: counting.size === types.length };
}

function standingOf(trust: TrustSnapshot, attestor: string, signer: Signer, judged: Eligibility): SignerStanding {
  const code = standingCode(judged.code, trust, attestor);
  return {
    attestor,
    // A key keeps its id for good, also where the attestor has given it up.
    keyId: signer.type === 'key' ? (findLastKey(trust, attestor, signer.thumbprint)?.id ?? null) : null,
    identity: judged.credential?.type === 'identity' ? judged.credential.identity.id : null,
    thumbprint: signer.thumbprint,
    scheme: signer.scheme,
    signedAt: judged.provenAt,
    counts: code === 'counts',
    code,
    message: judged.message,
  };
}

/** The contract's rejections know no revocation: a key revoked, retired or out of its window was not valid then. */
function standingCode(code: AuthorityCode, trust: TrustSnapshot, attestor: string): SignerStanding['code'] {
  const deleted = trust.attestors.get(attestor)?.at(-1)?.attestor === null;
  switch (code) {
    case 'counts':
    case 'identity_mismatch':
    case 'signer_not_allowed':
    case 'key_not_valid_then':
      return code;
    case 'root_not_trusted':
      return 'certificate_invalid';
    case 'signer_revoked':
      return deleted ? 'untrusted_signer' : 'key_not_valid_then';
    case 'wrong_attestor':
      return 'untrusted_signer';
  }
}

function closer(best: Judged | null, next: Judged): Judged {
  return best === null || rank(next) > rank(best) ? next : best;
}

/** Among mismatches that of the nearest identity says most. */
function rank({ standing: { code }, nearness }: Judged): number {
  if (code === 'counts') return REJECTIONS.length;
  return REJECTIONS.indexOf(code) + NEARNESS.indexOf(nearness) / NEARNESS.length;
}

function rejectionOf(best: Judged | null): SignerStatus['rejection'] {
  if (best === null) {
    return { code: 'untrusted_signer', detail: 'no signature is by a key or an identity of a known attestor' };
  }
  const { signer, standing, nearness } = best;
  if (standing.code === 'counts') return null;
  if (standing.code === 'identity_mismatch' && nearness === 'issuer' && signer.type === 'certificate') {
    // Half the world signs by the same issuer: whose identity is named says nothing, and is nobody else's business.
    const { issuer, subjects } = signer.identity;
    const names = subjects.map((subject) => JSON.stringify(subject)).join(', ');
    const who = issuer === null ? `${names}, without an issuer` : `${names} at ${JSON.stringify(issuer)}`;
    return { code: standing.code, detail: `no attestor has an identity for ${who}` };
  }
  return { code: standing.code, detail: standing.message };
}
