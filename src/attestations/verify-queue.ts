import type { AttestationId } from '../intoto/digest.js';

/** The queue by which stored evidence reaches the workers. */
export const VERIFY_QUEUE = 'verify';

/** One committed ingest group, or what the sweeper found: the ids and nothing else. */
export interface VerifyJob {
  readonly ids: readonly AttestationId[];
}

/** How many attestations one job carries at most; also what a worker verifies together. */
export const VERIFY_JOB_SIZE = 64;
