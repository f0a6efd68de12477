import type { AttestationId } from '../intoto/digest.js';
import { groupCommit } from '../platform/group-commit.js';
import type { IngestStore, Receipt, Received } from './ingest.store.js';
import { VERIFY_JOB_SIZE, type VerifyJob } from './verify-queue.js';

/** Two groups being committed keep the disk busy; a third would only make both smaller. */
const MAX_IN_FLIGHT = 2;
const MAX_GROUP_ROWS = 256;
const MAX_GROUP_BYTES = 16 * 1024 * 1024;
const MAX_WAITING_ROWS = 10_000;

export interface IngestOptions {
  readonly store: IngestStore;
  /** Hands one job to the workers; may fail without loss, since the rows themselves are the outbox. */
  readonly enqueue: (job: VerifyJob) => Promise<void>;
  /** Told of a job that could not be handed over, which the sweeper will find later. */
  readonly onEnqueueFailure: (error: unknown, ids: readonly AttestationId[]) => void;
}

/**
 * Accepts evidence: durable before acknowledged, grouped into as few commits as the load asks for, and handed to the
 * workers after the commit. Rejects with AppError `overloaded` when more waits than can soon be written.
 */
export type Ingest = (receipt: Receipt) => Promise<Received>;

export function createIngest(options: IngestOptions): Ingest {
  return groupCommit<Receipt, Received>({
    commit: async (receipts) => {
      const received = await options.store.insertGroup(receipts);
      announce(
        options,
        received.filter((answer) => answer.created).map((answer) => answer.id),
      );
      return received;
    },
    sizeOf: (receipt) => receipt.submission.bytes.length,
    maxRows: MAX_GROUP_ROWS,
    maxBytes: MAX_GROUP_BYTES,
    maxInFlight: MAX_IN_FLIGHT,
    maxWaiting: MAX_WAITING_ROWS,
  });
}

function announce(options: IngestOptions, ids: readonly AttestationId[]): void {
  for (let start = 0; start < ids.length; start += VERIFY_JOB_SIZE) {
    const job = { ids: ids.slice(start, start + VERIFY_JOB_SIZE) };
    options.enqueue(job).catch((error: unknown) => {
      options.onEnqueueFailure(error, job.ids);
    });
  }
}
