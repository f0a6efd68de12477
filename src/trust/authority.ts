import type { Kind } from '../intoto/predicate-kind.js';
import type { Attestor, AttestorKey } from './attestor.js';
import type { Signer } from './signer.js';
import {
  epochOf,
  findLastAttestor,
  revocationsBinding,
  type AttestorState,
  type BindingRevocation,
  type TrustSnapshot,
} from './trust-snapshot.js';

/** Why a signer does not count for an attestor, or that it does. */
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
  /**
   * The attestor for which the signer speaks: as it is, or as it was when the objection got its place, or as it last
   * was; null where it never existed.
   */
  readonly attestor: Attestor | null;
  /** The signer's key in that same state; null where it holds none. */
  readonly key: AttestorKey | null;
}

/** What the evidence is: authority is per kind of fact produced, or per predicate type. */
export interface EvidenceType {
  readonly kind: Kind;
  readonly predicateType: string;
}

/** What the authority is asked for. */
export interface Claim extends EvidenceType {
  /** The repository a gate named, or null where it named none. */
  readonly repository: string | null;
}

/**
 * Resolves whether one signer speaks for one attestor about one piece of evidence, at the snapshot's trust revision.
 * Times are judged by a proven signing time or else by receipt, never by what the signer claims.
 *
 * A key counts from `validFrom` (included) until `validUntil`, its retirement or the moment its revocation takes effect
 * (all excluded). A proven time before a revocation takes effect counts, whenever the evidence was received.
 *
 * @throws RangeError where a time of the signer is not one.
 */
export function authorityOf(trust: TrustSnapshot, attestorName: string, signer: Signer, claim: Claim): Authority {
  const states = trust.attestors.get(attestorName);
  const current = states?.at(-1);
  if (states === undefined || current === undefined) {
    return withheld(stranger(`no attestor is named ${attestorName}`), null);
  }
  const question = questionOf(trust, attestorName, signer, claim);
  if (question === null) {
    return withheld(notAKeyOf(attestorName), current.attestor ?? findLastAttestor(trust, attestorName));
  }
  const judged = judge(question, current, Infinity, claim.repository);
  const { code, message, attestor, key } = judged;
  if (code === 'counts') return { code, message, supports: true, objects: true, attestor, key };
  const place = placeOf(question, states, claim.repository);
  if (place === null) return withheld(judged, attestor ?? findLastAttestor(trust, attestorName));
  return { code, message, supports: false, objects: true, attestor: place.attestor, key: place.key };
}

function withheld({ code, message, key }: Eligibility, attestor: Attestor | null): Authority {
  return { code, message, supports: false, objects: false, attestor, key };
}

/** Whether a signer counts for an attestor as it is, for whatever repository a gate may name; without objections. */
export type Eligibility = Pick<Authority, 'code' | 'message' | 'attestor' | 'key'>;

/**
 * Resolves whether a signer could count for an attestor about evidence of this type, wherever the image may be asked for.
 *
 * @throws RangeError where a time of the signer is not one.
 */
export function eligibilityOf(
  trust: TrustSnapshot,
  attestorName: string,
  signer: Signer,
  type: EvidenceType,
): Eligibility {
  const current = trust.attestors.get(attestorName)?.at(-1);
  const question = questionOf(trust, attestorName, signer, type);
  if (current === undefined || question === null) return notAKeyOf(attestorName);
  return judge(question, current, Infinity, ANYWHERE);
}

/** The moment by which a signer's key is judged: a proven signing time, else receipt; RFC 3339. */
export function judgedTime(signer: Signer): string {
  return signer.provenAt ?? signer.receivedAt;
}

const ANYWHERE = Symbol('any repository');
type Repository = string | null | typeof ANYWHERE;

/** One signer, one attestor that has held its key, one type of evidence: what no moment and no state changes. */
interface Question {
  readonly name: string;
  readonly signer: Signer;
  readonly type: EvidenceType;
  /** Milliseconds since the epoch. */
  readonly judgedAt: number;
  readonly receivedAt: number;
  readonly revocations: readonly BindingRevocation[];
}

/** null where the signer's key is none that the attestor holds or has held. */
function questionOf(trust: TrustSnapshot, name: string, signer: Signer, type: EvidenceType): Question | null {
  if (trust.holders.get(signer.thumbprint)?.has(name) !== true) return null;
  const receivedAt = epochOf(signer.receivedAt);
  return {
    name,
    signer,
    type,
    judgedAt: epochOf(signer.provenAt, receivedAt),
    receivedAt,
    revocations: revocationsBinding(trust, name, signer.thumbprint),
  };
}

/** Judges by one state of the attestor and by the revocations that were on record at the moment `known`. */
function judge(question: Question, state: AttestorState, known: number, repository: Repository): Eligibility {
  const { name, signer, type, judgedAt } = question;
  const { attestor } = state;
  if (attestor === null) return { ...stranger(`attestor ${name} was deleted`), code: 'signer_revoked' };
  const held = state.keys.get(signer.thumbprint);
  if (held === undefined) return { ...notAKeyOf(name), attestor };
  const { key } = held;
  const because = (code: AuthorityCode, message: string): Eligibility => ({ code, message, attestor, key });
  if (!key.schemes.includes(signer.scheme)) {
    return because('signer_not_allowed', `key ${key.id} of ${name} may not sign as ${signer.scheme}`);
  }
  if (!maySpeakOf(attestor, type)) {
    const what = attestor.kinds === null ? `predicate type ${type.predicateType}` : `kind ${type.kind}`;
    return because('signer_not_allowed', `attestor ${name} may not sign ${what}`);
  }
  const binding = question.revocations.find(({ effectiveFrom, at }) => at <= known && judgedAt >= effectiveFrom);
  if (binding !== undefined) {
    return because('signer_revoked', `key ${key.id} of ${name} is revoked as ${binding.revocation.reason}`);
  }
  const when = signer.provenAt === null ? 'received' : 'signed';
  if (judgedAt >= held.retiredAt) {
    return because('signer_revoked', `key ${key.id} of ${name} was retired before this was ${when}`);
  }
  if (judgedAt < held.validFrom) {
    return because('key_not_valid_then', `key ${key.id} of ${name} was not valid yet when this was ${when}`);
  }
  if (judgedAt >= held.validUntil) {
    return because('key_not_valid_then', `key ${key.id} of ${name} was no longer valid when this was ${when}`);
  }
  if (repository !== ANYWHERE && !state.covers(repository)) {
    const where = repository ?? 'an image whose repository is not named';
    return because('signer_not_allowed', `attestor ${name} may not speak of ${where}`);
  }
  return because('counts', `signed by key ${key.id} of ${name}`);
}

/**
 * The latest state, in force at receipt or later, that let the signer count by what was known at its first moment since
 * receipt; null where none did. Revocations only ever get more, so a state that withheld then withholds throughout.
 */
function placeOf(question: Question, states: readonly AttestorState[], repository: string | null): Eligibility | null {
  const { receivedAt } = question;
  // An unnamed repository withholds support, but it does not silence an objection.
  const asked = repository ?? ANYWHERE;
  for (let index = states.length - 1; index >= 0; index -= 1) {
    const state = states[index];
    const next = states[index + 1];
    if (state === undefined || (next !== undefined && next.at <= receivedAt)) return null;
    const judged = judge(question, state, Math.max(receivedAt, state.at), asked);
    if (judged.code === 'counts') return judged;
  }
  return null;
}

function maySpeakOf(attestor: Attestor, type: EvidenceType): boolean {
  if (attestor.kinds !== null) return attestor.kinds.includes(type.kind);
  return attestor.predicateTypes?.includes(type.predicateType) ?? false;
}

function stranger(message: string): Eligibility {
  return { code: 'wrong_attestor', message, attestor: null, key: null };
}

function notAKeyOf(name: string): Eligibility {
  return stranger(`not signed by a key of ${name}`);
}
