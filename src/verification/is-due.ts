import type { LatestVerification } from './verification.store.js';

/**
 * Whether another examination could find what the latest one did not: there was none, it could not find out, trust has
 * grown since and a signature was left that may count by that, or a predicate it could not read has a later reader.
 */
export function isDue(latest: LatestVerification | undefined, gainRevision: number, readerRevision: number): boolean {
  if (latest === undefined || latest.outcome === 'error') return true;
  if (latest.couldGain && latest.trustRevision < gainRevision) return true;
  return latest.unreadable && latest.readerRevision < readerRevision;
}
