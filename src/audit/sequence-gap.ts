import type { HeaderLine } from './archive-line.js';

/** Longer than a change may take from its first moment to its commit, which is when it gets its place. */
const PLACED_WITHIN_MS = 90_000;

/**
 * Whether entries between those made at these times must be in an archive of the scope: they are of the period as well, since
 * entries stand in the order of commits, and so in that of time but for what a change takes. Near an end of the period they may
 * have been made outside of it, and in an archive about an image any entry may be about something else.
 */
export function isGapProof({ digest, since, until }: HeaderLine['scope'], times: readonly (string | null)[]): boolean {
  if (digest !== null) return false;
  return times.every((time) => {
    // Behind an end that is open there is nothing that may be missing.
    if (time === null) return true;
    const at = Date.parse(time);
    const isLate = since === null || at - Date.parse(since) > PLACED_WITHIN_MS;
    const isEarly = until === null || Date.parse(until) - at > PLACED_WITHIN_MS;
    return isLate && isEarly;
  });
}

/** Sequences as they are told of. */
export function span(first: number, last: number): string {
  return first === last ? `entry ${first}` : `the entries ${first} to ${last}`;
}
