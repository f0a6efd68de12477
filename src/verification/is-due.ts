import type { LatestVerification } from './verification.store.js';

/**
 * Whether another examination could find what the latest one did not: there was none, it could not find out, trust has
 * grown since by what it waits for, or a predicate it could not read has a later reader.
 */
export function isDue(latest: LatestVerification | undefined, readerRevision: number): boolean {
  if (latest === undefined || latest.outcome === 'error' || latest.gained) return true;
  return latest.code === 'predicate_malformed' && latest.readerRevision < readerRevision;
}
