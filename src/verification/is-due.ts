import { readerRevisionOf } from '../facts/reader-of.js';
import type { LatestVerification } from './latest-verification.js';

/**
 * Whether another examination could find what the latest one did not: there was none, it could not find out, trust has
 * grown since by what it waits for, or what somebody known signed has a later reader. What was dropped cannot be examined
 * again: what was found out by then stands.
 */
export function isDue(latest: LatestVerification | undefined): boolean {
  if (latest?.dropped === true) return false;
  if (latest === undefined || latest.outcome === 'error' || latest.gained) return true;
  return latest.proved.length > 0 && latest.readerRevision < readerRevisionOf(latest.predicateType);
}
