/** How long one command may spend on trying again, in milliseconds. */
export const PATIENCE = 20_000;

const FIRST_DELAY = 250;
const LONGEST_DELAY = 5_000;

/** A try that may be worth repeating: the service was not reached, or said that it is busy. */
export interface FailedTry {
  /** null where no answer came. */
  readonly status: number | null;
  /** The answer's `Retry-After`, as it stands. */
  readonly retryAfter: string | null;
}

export interface RetryState {
  /** How many tries have failed, this one included. */
  readonly tries: number;
  /** Milliseconds since the first try began. */
  readonly elapsed: number;
  /** The present time in milliseconds, for a `Retry-After` that names a date. */
  readonly now: number;
  /** Whether repeating does no harm even if the lost try was carried out. */
  readonly idempotent: boolean;
}

/**
 * Milliseconds to wait before the next try, or null where there should be none. 429 and 503 mean that nothing was done,
 * so they are repeated always; a lost connection and 502 or 504 leave that open, so only what is idempotent is repeated.
 * What the service asks for in `Retry-After` (RFC 9110, 10.2.3) is honoured as long as patience allows it.
 */
export function delayBeforeRetry(failed: FailedTry, { tries, elapsed, now, idempotent }: RetryState): number | null {
  const nothingDone = failed.status === 429 || failed.status === 503;
  const unclear = failed.status === null || failed.status === 502 || failed.status === 504;
  if (!nothingDone && !(unclear && idempotent)) return null;
  const backoff = Math.min(FIRST_DELAY * 2 ** (tries - 1), LONGEST_DELAY);
  const delay = Math.max(readRetryAfter(failed.retryAfter, now) ?? 0, backoff);
  return elapsed + delay <= PATIENCE ? delay : null;
}

function readRetryAfter(value: string | null, now: number): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
