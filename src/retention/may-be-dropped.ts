import { ROOT_CAUSE } from '../trust/gain-causes.js';
import { isDue } from '../verification/is-due.js';
import type { LatestVerification } from '../verification/latest-verification.js';

/** What is known of an attestation that a rule is about, at one moment and under the lock of retention. */
export interface DropCandidate {
  /** Whether the envelope hashes to the id of its attestation, and says what is on record by it. */
  readonly isIntact: boolean;
  readonly latest: LatestVerification | undefined;
  /** Ids of the legal holds in force that it falls under. */
  readonly holds: readonly string[];
}

/** Why an envelope stays although a rule is about it. */
export type Keeping =
  /** It, or what is on record by it, was changed, and it is all that tells of it. */
  | { readonly because: 'altered' }
  | { readonly because: 'held'; readonly holds: readonly string[] }
  /** It has not been examined, could not be, or is due to be examined again. */
  | { readonly because: 'unexamined' }
  /** Another key, root or reader may yet find in it what nobody could so far. */
  | { readonly because: 'unsettled' };

/**
 * Why the envelope has to stay, or null where it may be dropped: nobody can examine it afterwards. Whatever may still come to
 * speak against an image therefore stays: an objection that is lost would be an allow too many. A hold goes before everything
 * but an envelope that was altered.
 */
export function whyKept({ isIntact, latest, holds }: DropCandidate): Keeping | null {
  if (!isIntact) return { because: 'altered' };
  if (holds.length > 0) return { because: 'held', holds };
  if (latest === undefined || isDue(latest)) return { because: 'unexamined' };
  return isSettled(latest) ? null : { because: 'unsettled' };
}

/**
 * Whether all that it says by anybody's signature is in the facts already. A signer who is proved and does not count is there
 * with them, and counts as soon as trust lets it; a signature that nobody is known to have made, a certificate that no root
 * vouches for, and a predicate that cannot be read are not.
 */
function isSettled({ code, proved, gains }: LatestVerification): boolean {
  if (gains.some((cause) => cause.startsWith('key:'))) return false;
  // Whom no root vouches for yet. Who is proved already another root could vouch for once more, which brings no new word.
  if (gains.length > 0 && proved.length === 0) return false;
  // But it could prove when a key signed.
  if (gains.includes(ROOT_CAUSE) && proved.some(({ type }) => type === 'key')) return false;
  return code !== 'predicate_malformed' && (code !== 'statement_malformed' || proved.length === 0);
}
