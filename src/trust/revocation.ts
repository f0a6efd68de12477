import { AppError } from '../platform/app-error.js';
import type { KeyRevocation } from './attestor.js';
import type { BindingRevocation } from './binding-revocation.js';
import { epochOf } from './epoch.js';
import type { RevocationRequest } from './parse-attestor.js';

/** What a request for revocation comes to, before it is on record. */
export type RevocationTerms = Pick<KeyRevocation, 'reason' | 'effectiveFrom'>;

/**
 * The terms to put on record for a key or an identity, given the revocations that bind it already; null where those say as much. A
 * revocation takes effect at once and is never taken back: it may only be moved earlier, and `superseded` may become
 * `compromised`. Without a moment given, `superseded` means from `now` (RFC 3339) on, and `compromised` ever.
 *
 * @throws AppError `revocation_not_earlier` where the request would loosen what binds already, `revocation_malformed` where
 * its moment lies ahead: until then it would go on counting, and nothing could stop the revocation any more.
 */
export function revocationTerms(
  binding: readonly BindingRevocation<RevocationTerms>[],
  request: RevocationRequest,
  now: string,
): RevocationTerms | null {
  const { reason } = request;
  const effectiveFrom = request.effectiveFrom ?? (reason === 'superseded' ? now : null);
  if (epochOf(effectiveFrom, -Infinity) > epochOf(now)) throw ahead(now);
  if (binding.length === 0) return { reason, effectiveFrom };

  const current = Math.min(...binding.map((revocation) => revocation.effectiveFrom));
  const isCompromised = binding.some(({ revocation }) => revocation.reason === 'compromised');
  const asked = epochOf(effectiveFrom, -Infinity);
  if (asked < current) return { reason, effectiveFrom };
  const stronger = reason === 'compromised' && !isCompromised;
  if (asked === current) return stronger ? { reason, effectiveFrom } : null;
  // Asked again without a moment, what is superseded already stays superseded from when it was.
  if (request.effectiveFrom === null && !isCompromised) return null;
  throw notEarlier(strictest(binding));
}

/** The revocation that takes the most away: effective the earliest, and of two such the one as compromised. */
export function strictest<Terms extends RevocationTerms>(binding: readonly BindingRevocation<Terms>[]): Terms | null {
  const [first] = binding.toSorted((a, b) => compare(a.effectiveFrom, b.effectiveFrom) || weight(b) - weight(a));
  return first?.revocation ?? null;
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

function weight({ revocation }: BindingRevocation<RevocationTerms>): number {
  return revocation.reason === 'compromised' ? 1 : 0;
}

function ahead(now: string): AppError {
  const message = `must not be later than now, ${now}; to plan ahead, give it a validUntil`;
  return new AppError('malformed', 'revocation_malformed', 'a revocation takes effect at once', {
    errors: [{ path: 'effectiveFrom', message }],
  });
}

function notEarlier(current: RevocationTerms | null): AppError {
  const since = current?.effectiveFrom ?? null;
  const terms = `${current?.reason ?? 'superseded'} ${since === null ? 'ever' : `from ${since} on`}`;
  return new AppError(
    'conflict',
    'revocation_not_earlier',
    `it is revoked as ${terms}; a revocation may only be moved earlier, or from superseded to compromised`,
  );
}
