import type { Fact } from '../facts/fact.js';
import { CLOCK_SKEW, type Signer } from '../trust/signer.js';
import { epochOf } from '../trust/trust-snapshot.js';

/** When evidence came about, in milliseconds since the epoch, as far as it is known. */
export interface Times {
  /** What the predicate says, never later than receipt; claimed by the signer. */
  readonly own: number | null;
  /** A signing time that somebody vouches for, never later than receipt. */
  readonly proven: number | null;
  readonly received: number;
}

/**
 * The earliest that the evidence can have come about. Every signer counts, and everybody who vouches for a time, whatever
 * trust thinks of them: or else revoking one of two would make the evidence younger.
 */
export function earliestTimes(fact: Fact): Times {
  return timesOf(fact, epochOf(fact.receivedAt), fact.signers, Math.min);
}

/** The latest that evidence by these of its signers can have come about. */
export function latestTimes(fact: Fact, signers: readonly Signer[]): Times {
  const received = Math.max(
    epochOf(fact.receivedAt),
    ...signers.map((signer) => epochOf(signer.lastReceivedAt ?? signer.receivedAt)),
  );
  return timesOf(fact, received, signers, Math.max);
}

function timesOf(
  fact: Fact,
  received: number,
  signers: readonly Signer[],
  choose: (...times: number[]) => number,
): Times {
  const proven = signers.flatMap(({ times, receivedAt }) => {
    // What is said to be signed long after it came shows nothing of when it was.
    const last = epochOf(receivedAt) + CLOCK_SKEW;
    return times.map(({ at }) => epochOf(at)).filter((at) => at <= last);
  });
  return {
    own: fact.ownTime === null ? null : Math.min(epochOf(fact.ownTime), received),
    proven: proven.length === 0 ? null : Math.min(choose(...proven), received),
    received,
  };
}

/** The time by which evidence ages, and what it is called. */
export function ageingTime(times: Times): { readonly at: number; readonly by: string } {
  if (times.own !== null && times.own < times.received) return { at: times.own, by: 'its own time' };
  if (times.own !== null) return { at: times.received, by: 'its receipt' };
  if (times.proven !== null) return { at: times.proven, by: 'its proven signing time' };
  return { at: times.received, by: 'its receipt' };
}
