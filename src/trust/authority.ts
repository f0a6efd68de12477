import type { Attestor } from './attestor.js';
import {
  ANYWHERE,
  notOneOf,
  questionOf,
  stranger,
  type AuthorityCode,
  type Credential,
  type Eligibility,
  type EvidenceType,
  type Moment,
  type Question,
} from './eligibility.js';
import { identitiesOf, type AttestorState } from './attestor-state.js';
import { judge } from './judge-signer.js';
import type { Signer } from './signer.js';
import { findLastAttestor, findRoot, type TrustSnapshot } from './trust-snapshot.js';

export type { AuthorityCode, Credential, Eligibility, EvidenceType } from './eligibility.js';

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
  /** The key or identity that the signer is in that same state; null where it is none. */
  readonly credential: Credential | null;
  /**
   * When it is proved to be signed, by those whom the credential's trust root trusts in that same state; RFC 3339. null
   * where nobody whom it trusts says so.
   */
  readonly provenAt: string | null;
}

/** What the authority is asked for. */
export interface Claim extends EvidenceType {
  /** The repository a gate named, or null where it named none. */
  readonly repository: string | null;
}

/**
 * Resolves whether one signer speaks for one attestor about one piece of evidence, at the snapshot's trust revision.
 * Times are judged by a signing time that the trust root of the key or identity proves, or else, for keys, by receipt;
 * never by what the signer claims. A certificate always has a proven time, or it does not count.
 *
 * A key or identity counts from `validFrom` (included) until `validUntil`, its retirement or the moment its revocation takes
 * effect (all excluded). A proven time before a revocation takes effect counts, whenever the evidence was received.
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
    return withheld(notOneOf(attestorName), current.attestor ?? findLastAttestor(trust, attestorName));
  }
  const judged = judge(question, latest(trust, current), claim.repository);
  if (judged.code === 'counts') return { ...judged, supports: true, objects: true };
  const place = placeOf(question, states, claim.repository);
  if (place === null) return withheld(judged, judged.attestor ?? findLastAttestor(trust, attestorName));
  return { ...place, code: judged.code, message: judged.message, supports: false, objects: true };
}

function withheld(judged: Eligibility, attestor: Attestor | null): Authority {
  return { ...judged, attestor, supports: false, objects: false };
}

/**
 * Resolves whether a signer could count for an attestor as it is about evidence of this type, wherever the image may be
 * asked for; without objections.
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
  if (current === undefined || question === null) return notOneOf(attestorName);
  return judge(question, latest(trust, current), ANYWHERE);
}

/** The moment by which a signer was judged: a signing time proved under the trust root, else receipt; RFC 3339. */
export function judgedTime({ provenAt }: Pick<Authority, 'provenAt'>, signer: Signer): string {
  return provenAt ?? signer.receivedAt;
}

function latest(trust: TrustSnapshot, state: AttestorState): Moment {
  return { state, rootOf: (name) => findRoot(trust, name), known: Infinity };
}

/**
 * The latest moment since receipt at which trust let the signer count; null where it never did. Between two changes of
 * the attestor and of the trust roots it names nothing but revocations changes, and they only ever get more: so the first
 * moment since receipt stands for all of them.
 */
function placeOf(question: Question, states: readonly AttestorState[], repository: string | null): Eligibility | null {
  const { trust, receivedAt } = question;
  // An unnamed repository withholds support, but it does not silence an objection.
  const asked = repository ?? ANYWHERE;
  const changes = changesOf(question, states);
  for (let index = changes.length - 1; index >= 0; index -= 1) {
    const change = changes[index];
    const next = changes[index + 1];
    if (change === undefined || (next !== undefined && next.at <= receivedAt)) return null;
    const { at, trustRevision } = change;
    const state = states.findLast((candidate) => candidate.trustRevision <= trustRevision);
    if (state === undefined) return null;
    const rootOf: Moment['rootOf'] = (name) => findRoot(trust, name, trustRevision);
    const judged = judge(question, { state, rootOf, known: Math.max(receivedAt, at) }, asked);
    if (judged.code === 'counts') return judged;
  }
  return null;
}

interface Change {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly trustRevision: number;
}

/** When the attestor changed, or a root by which it may judge the signer; in the order of their revisions. */
function changesOf({ trust, signer }: Question, states: readonly AttestorState[]): readonly Change[] {
  // A key by whose time nobody vouches is judged by receipt, whatever any root says.
  if (signer.type === 'key' && signer.times.length === 0) return states;
  const names = new Set(
    signer.type === 'certificate'
      ? identitiesOf(states).map(({ identity }) => identity.trustRoot)
      : states.flatMap(({ keys }) => keys.get(signer.thumbprint)?.key.trustRoot ?? []),
  );
  const roots = [...names].flatMap((name) => trust.roots.get(name) ?? []);
  return [...states, ...roots].sort((a, b) => a.trustRevision - b.trustRevision);
}
