import { compileGlob } from '../intoto/glob.js';
import type { Kind } from '../intoto/predicate-kind.js';
import type { Attestor, AttestorKey, AttestorState, KeyRevocation, TrustSnapshot } from './attestor.js';
import type { Signer } from './signer.js';

/** Why a signer does not count for an attestor, or that it does. Codes are those of a verdict's considered evidence. */
export type AuthorityCode =
  'counts' | 'wrong_attestor' | 'signer_not_allowed' | 'signer_revoked' | 'key_not_valid_then';

export interface Authority {
  readonly code: AuthorityCode;
  readonly message: string;
  /** Helps to allow: the signer may, at this trust revision, sign this kind for this repository at its proven time. */
  readonly supports: boolean;
  /**
   * Stands in the way where it is negative. Trust that goes away takes support and never objections: this is true when
   * the signer could count at some moment since the evidence was received, even if it no longer does.
   */
  readonly objects: boolean;
  /** The attestor as it is, or as it last was where it has been deleted; null where it never existed. */
  readonly attestor: Attestor | null;
  readonly key: AttestorKey | null;
}

/** What the authority is asked for. */
export interface Claim {
  readonly kind: Kind;
  readonly predicateType: string;
  /** The repository a gate named, or null where it named none. */
  readonly repository: string | null;
}

/**
 * Resolves whether one signer speaks for one attestor about one piece of evidence, at the snapshot's trust revision.
 * Times are judged by a proven signing time or else by receipt, never by what the signer claims.
 */
export function authorityOf(trust: TrustSnapshot, attestorName: string, signer: Signer, claim: Claim): Authority {
  const states = trust.attestors.get(attestorName);
  const last = states?.at(-1);
  if (states === undefined || last === undefined) {
    return refuse('wrong_attestor', `no attestor is named ${attestorName}`, false, null, null);
  }
  const judged = judge(trust.revocations, attestorName, last, signer, claim);
  if (judged.code === 'counts') return { ...judged, supports: true, objects: true };
  return { ...judged, supports: false, objects: hadPlace(trust, attestorName, states, signer, claim) };
}

/** The moment by which a signer's key is judged: a proven signing time, else receipt; RFC 3339. */
export function judgedTime(signer: Signer): string {
  return signer.provenAt ?? signer.receivedAt;
}

type Judgement = Pick<Authority, 'code' | 'message' | 'attestor' | 'key'>;

function judge(
  revocations: readonly KeyRevocation[],
  name: string,
  state: AttestorState,
  signer: Signer,
  claim: Claim,
): Judgement {
  const { attestor } = state;
  if (attestor === null) return judgement('signer_revoked', `attestor ${name} was deleted`, null, null);
  const key = attestor.keys.find((candidate) => candidate.thumbprint === signer.thumbprint);
  if (key === undefined) return judgement('wrong_attestor', `not signed by a key of ${name}`, attestor, null);
  if (!key.schemes.includes(signer.scheme)) {
    return judgement('signer_not_allowed', `key ${key.id} of ${name} may not sign as ${signer.scheme}`, attestor, key);
  }
  if (!maySpeakOf(attestor, claim)) {
    const what = attestor.kinds === null ? `predicate type ${claim.predicateType}` : `kind ${claim.kind}`;
    return judgement('signer_not_allowed', `attestor ${name} may not sign ${what}`, attestor, key);
  }
  const time = Date.parse(judgedTime(signer));
  const revocation = revocations.find((candidate) => applies(candidate, name, signer, time));
  if (revocation !== undefined) {
    return judgement('signer_revoked', `key ${key.id} of ${name} is revoked as ${revocation.reason}`, attestor, key);
  }
  if (key.retiredAt !== null && time >= Date.parse(key.retiredAt)) {
    return judgement('signer_revoked', `key ${key.id} of ${name} was retired before this was received`, attestor, key);
  }
  if (key.validFrom !== null && time < Date.parse(key.validFrom)) {
    return judgement('key_not_valid_then', `key ${key.id} of ${name} was not valid yet`, attestor, key);
  }
  if (key.validUntil !== null && time > Date.parse(key.validUntil)) {
    return judgement('key_not_valid_then', `key ${key.id} of ${name} was no longer valid`, attestor, key);
  }
  if (!coversRepository(attestor, claim.repository)) {
    const where = claim.repository ?? 'an image whose repository is not named';
    return judgement('signer_not_allowed', `attestor ${name} may not speak of ${where}`, attestor, key);
  }
  return judgement('counts', `signed by key ${key.id} of ${name}`, attestor, key);
}

/** Whether some state of the attestor, in force at receipt or later, would have let the signer count as known then. */
function hadPlace(
  trust: TrustSnapshot,
  name: string,
  states: readonly AttestorState[],
  signer: Signer,
  claim: Claim,
): boolean {
  const received = Date.parse(signer.receivedAt);
  return states.some((state, index) => {
    const next = states[index + 1];
    if (next !== undefined && Date.parse(next.at) <= received) return false;
    const moment = Math.max(received, Date.parse(state.at));
    const known = trust.revocations.filter((revocation) => Date.parse(revocation.at) <= moment);
    // An unnamed repository withholds support, but it does not silence an objection.
    const asked = claim.repository === null && state.attestor !== null ? withoutRepositories(state) : state;
    return judge(known, name, asked, signer, claim).code === 'counts';
  });
}

function withoutRepositories(state: AttestorState): AttestorState {
  return state.attestor === null ? state : { ...state, attestor: { ...state.attestor, repositories: null } };
}

function maySpeakOf(attestor: Attestor, claim: Claim): boolean {
  if (attestor.kinds !== null) return attestor.kinds.includes(claim.kind);
  return attestor.predicateTypes?.includes(claim.predicateType) ?? false;
}

function coversRepository(attestor: Attestor, repository: string | null): boolean {
  if (attestor.repositories === null) return true;
  return repository !== null && attestor.repositories.some((glob) => compileGlob(glob)(repository));
}

function applies(revocation: KeyRevocation, attestor: string, signer: Signer, time: number): boolean {
  if (revocation.thumbprint !== signer.thumbprint) return false;
  if (revocation.reason === 'superseded' && revocation.attestor !== attestor) return false;
  return revocation.effectiveFrom === null || time >= Date.parse(revocation.effectiveFrom);
}

function judgement(
  code: AuthorityCode,
  message: string,
  attestor: Attestor | null,
  key: AttestorKey | null,
): Judgement {
  return { code, message, attestor, key };
}

function refuse(
  code: AuthorityCode,
  message: string,
  objects: boolean,
  attestor: Attestor | null,
  key: AttestorKey | null,
): Authority {
  return { code, message, supports: false, objects, attestor, key };
}
