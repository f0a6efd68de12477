import type { AttestationId } from '../intoto/digest.js';
import { VERIFY_JOB_SIZE, type VerifyJob } from './verify-queue.js';

/** Ids held back while the queue is slow; what is beyond is left to the sweeper. */
const MOST_WAITING = 100_000;

export interface AnnouncerOptions {
  /** Hands jobs to the workers; may fail without loss, since the rows themselves are the outbox. */
  readonly enqueue: (jobs: readonly VerifyJob[]) => Promise<void>;
  /** Told of attestations that could not be handed over, which the sweeper will find later. */
  readonly onFailure: (error: unknown, attestations: number) => void;
}

/**
 * Hands received attestations to the workers, after their commit and without anybody waiting for it. One call to the queue
 * is under way at a time, and what is received meanwhile goes with the next, in jobs that are the fuller the more comes.
 */
export function createAnnouncer({ enqueue, onFailure }: AnnouncerOptions): (ids: readonly AttestationId[]) => void {
  let waiting: AttestationId[] = [];
  let sending = false;

  async function send(): Promise<void> {
    sending = true;
    while (waiting.length > 0) {
      const ids = waiting;
      waiting = [];
      await enqueue(jobsOf(ids)).catch((error: unknown) => {
        onFailure(error, ids.length);
      });
    }
    sending = false;
  }

  return (ids) => {
    if (waiting.length + ids.length > MOST_WAITING) {
      onFailure(new Error('too many attestations wait for the queue'), ids.length);
      return;
    }
    waiting.push(...ids);
    if (!sending && waiting.length > 0) void send();
  };
}

function jobsOf(ids: readonly AttestationId[]): readonly VerifyJob[] {
  const jobs: VerifyJob[] = [];
  for (let start = 0; start < ids.length; start += VERIFY_JOB_SIZE) {
    jobs.push({ ids: ids.slice(start, start + VERIFY_JOB_SIZE) });
  }
  return jobs;
}
