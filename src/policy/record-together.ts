import { groupCommit } from '../platform/group-commit.js';
import type { VerdictRecord } from './verdict-record.js';

const MAX_RECORDS_IN_GROUP = 256;
const MAX_RECORDS_WAITING = 10_000;

/**
 * Puts verdicts on record and answers the id under which each stands, in their order. Throws AppError `overloaded` where too
 * many are waiting.
 */
export type RecordVerdicts = (records: readonly VerdictRecord[]) => Promise<readonly string[]>;

/** Records together what callers bring while others are being recorded; what one of them brings is never parted. */
export function recordTogether(recordGroup: RecordVerdicts): RecordVerdicts {
  return groupCommit<readonly VerdictRecord[], readonly string[]>({
    commit: async (groups) => {
      const ids = await recordGroup(groups.flat());
      let taken = 0;
      return groups.map((records) => ids.slice(taken, (taken += records.length)));
    },
    sizeOf: (records) => records.length,
    maxRows: MAX_RECORDS_IN_GROUP,
    maxBytes: MAX_RECORDS_IN_GROUP,
    maxInFlight: 2,
    maxWaiting: MAX_RECORDS_WAITING,
    maxWaitingBytes: MAX_RECORDS_WAITING,
  });
}
