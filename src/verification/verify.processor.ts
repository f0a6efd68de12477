import { isAttestationId, type AttestationId } from '../intoto/digest.js';
import { VERIFY_JOB_SIZE, type VerifyJob } from '../attestations/verify-queue.js';
import type { Job } from '../platform/queue-worker.js';
import type { Examined, VerificationService } from './verification.service.js';

/** Tries of one job, the first included; between them the pause doubles from a second. */
export const VERIFY_ATTEMPTS = 5;
export const VERIFY_BACKOFF = { type: 'exponential', delay: 1_000 } as const;

export interface ProcessorOptions {
  readonly service: Pick<VerificationService, 'examine' | 'giveUp'>;
  /** Hands jobs back to the queue. */
  readonly enqueue: (jobs: readonly VerifyJob[]) => Promise<void>;
  readonly onExamined: (examined: readonly Examined[]) => void;
}

/**
 * Handles one job of the verify queue. A group that fails comes back as single jobs, so that one attestation nobody can
 * examine does not hold up its neighbours. A single one that fails is tried again, and after its last try ends as outcome
 * `error`. Rejects only where the queue shall try again.
 */
export function createVerifyProcessor(options: ProcessorOptions): (job: Job) => Promise<void> {
  return async (job) => {
    const ids = readIds(job.data);
    try {
      options.onExamined(await options.service.examine(ids));
    } catch (error) {
      const [id] = ids;
      if (ids.length > 1) await options.enqueue(ids.map((single) => ({ ids: [single] })));
      else if (id !== undefined && job.attemptsMade + 1 >= job.attempts) {
        options.onExamined(await options.service.giveUp(id, error));
      } else throw error;
    }
  };
}

/** The ids a job carries. What is no id is left out: the sweeper finds whatever a damaged job stood for. */
function readIds(data: unknown): readonly AttestationId[] {
  if (typeof data !== 'object' || data === null || !('ids' in data) || !Array.isArray(data.ids)) return [];
  return data.ids
    .slice(0, VERIFY_JOB_SIZE)
    .filter((id): id is AttestationId => typeof id === 'string' && isAttestationId(id));
}
