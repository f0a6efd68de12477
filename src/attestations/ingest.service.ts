import type { AttestationId } from '../intoto/digest.js';
import { groupCommit } from '../platform/group-commit.js';
import type { IngestStore, Receipt, Received } from './ingest.store.js';

/** Two groups being committed keep the disk busy; a third would only make both smaller. */
const MAX_IN_FLIGHT = 2;
const MAX_GROUP_ROWS = 256;
const MAX_GROUP_BYTES = 16 * 1024 * 1024;
const MAX_WAITING_ROWS = 10_000;

export interface IngestOptions {
  readonly store: IngestStore;
  /** Told of what a commit stored, once it is durable; nobody waits for it. */
  readonly announce: (ids: readonly AttestationId[]) => void;
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
      options.announce(received.filter((answer) => answer.created).map((answer) => answer.id));
      return received;
    },
    sizeOf: (receipt) => receipt.submission.bytes.length,
    maxRows: MAX_GROUP_ROWS,
    maxBytes: MAX_GROUP_BYTES,
    maxInFlight: MAX_IN_FLIGHT,
    maxWaiting: MAX_WAITING_ROWS,
  });
}
