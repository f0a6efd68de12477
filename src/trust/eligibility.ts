import type { Kind } from '../intoto/predicate-kind.js';
import type { Attestor, AttestorIdentity, AttestorKey } from './attestor.js';
import { identitiesOf, type AttestorState } from './attestor-state.js';
import { epochOf } from './epoch.js';
import type { Nearness } from './identity-pattern.js';
import type { Signer } from './signer.js';
import type { HeldRoot } from './trust-root-state.js';
import type { TrustSnapshot } from './trust-snapshot.js';

/** Why a signer does not count for an attestor, or that it does. */
export type AuthorityCode =
  | 'counts'
  | 'wrong_attestor'
  /** A certificate has the issuer or the subject of an identity, and not all that the identity asks for. */
  | 'identity_mismatch'
  /** It fits an identity and stands no longer, or not at all, under the identity's trust root. */
  | 'root_not_trusted'
  | 'signer_not_allowed'
  | 'signer_revoked'
  | 'key_not_valid_then';

/** What an attestor holds by which a signer is one of its own. */
export type Credential =
  | { readonly type: 'key'; readonly key: AttestorKey }
  | { readonly type: 'identity'; readonly identity: AttestorIdentity };

/** What the evidence is: authority is per kind of fact produced, or per predicate type. */
export interface EvidenceType {
  readonly kind: Kind;
  readonly predicateType: string;
}

/** Whether a signer counts for an attestor at one moment, for a repository or for any. */
export interface Eligibility {
  readonly code: AuthorityCode;
  readonly message: string;
  /** As it is at that moment; null where it does not exist. */
  readonly attestor: Attestor | null;
  /** null where the attestor holds none that the signer is. */
  readonly credential: Credential | null;
  /** When it is proved to be signed, by those whom the credential's trust root trusts; RFC 3339, null where by none. */
  readonly provenAt: string | null;
  /** Of `identity_mismatch`: how near the certificate comes to the identity. */
  readonly nearness?: Nearness;
}

export const ANYWHERE = Symbol('any repository');
export type Repository = string | null | typeof ANYWHERE;

/** One signer, one attestor that its signature may be for, one type of evidence: what no moment and no state changes. */
export interface Question {
  readonly trust: TrustSnapshot;
  readonly name: string;
  readonly signer: Signer;
  readonly type: EvidenceType;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  /** Whether the attestor has ever held the signer's key, or an identity that the signer fits. */
  readonly isItsOwn: boolean;
}

/** null where the signer is nobody whom the attestor knows or has known, nor nearly so. */
export function questionOf(trust: TrustSnapshot, name: string, signer: Signer, type: EvidenceType): Question | null {
  const question = { trust, name, signer, type, receivedAt: epochOf(signer.receivedAt) };
  if (signer.type === 'key') {
    return trust.holders.get(signer.thumbprint)?.has(name) === true ? { ...question, isItsOwn: true } : null;
  }
  const compared = identitiesOf(trust.attestors.get(name) ?? []).map(({ compare }) => compare(signer.identity));
  const isItsOwn = compared.some(({ fits }) => fits);
  const nearly = compared.some((match) => !match.fits && match.nearly !== null);
  return isItsOwn || nearly ? { ...question, isItsOwn } : null;
}

/** Trust at one moment: what the attestor and the trust roots were, and which revocations were on record. */
export interface Moment {
  readonly state: AttestorState;
  readonly rootOf: (name: string) => HeldRoot | null;
  /** Milliseconds since the epoch: what was recorded later binds nothing. */
  readonly known: number;
}

/** What a signer is to an attestor that knows nothing of it. */
export function stranger(message: string): Eligibility {
  return { code: 'wrong_attestor', message, attestor: null, credential: null, provenAt: null };
}

export function notOneOf(name: string): Eligibility {
  return stranger(`not signed by a key or an identity of ${name}`);
}
