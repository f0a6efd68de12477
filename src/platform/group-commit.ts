import { AppError } from './app-error.js';
import { isRefusedByValue } from './sql-state.js';

export interface GroupCommitOptions<R, A> {
  /** Makes all rows durable in one statement or none, and answers for each, in the order given. */
  readonly commit: (rows: readonly R[]) => Promise<readonly A[]>;
  readonly maxRows: number;
  /** Most bytes of one group; a larger row goes alone. */
  readonly maxBytes: number;
  readonly sizeOf: (row: R) => number;
  /** Most groups being committed at once. */
  readonly maxInFlight: number;
  /** Most rows waiting; one more is refused as `overloaded`. */
  readonly maxWaiting: number;
  /** Most bytes waiting; default eight groups. */
  readonly maxWaitingBytes?: number;
  /** Whether an error is about a row, so that others may succeed without it. Default: a value refused by the database. */
  readonly isRowFault?: (error: unknown) => boolean;
}

interface Waiting<R, A> {
  readonly row: R;
  readonly bytes: number;
  readonly resolve: (answer: A) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Commits rows of many callers together: while groups are being committed further rows gather, and the next group starts
 * the moment one is done, so an idle service answers at once and a busy one commits many rows at the price of one.
 *
 * The promise resolves when the row is durable. When a group fails because of a row, it is committed again in halves until
 * the bad row fails alone; any other failure, such as a lost connection, fails the whole group, and then whether it was
 * committed is unknown. Rows therefore have to be safe to submit again.
 */
export function groupCommit<R, A>(options: GroupCommitOptions<R, A>): (row: R) => Promise<A> {
  const { maxRows, maxBytes, sizeOf, maxInFlight, maxWaiting, isRowFault = isRefusedByValue } = options;
  const maxWaitingBytes = options.maxWaitingBytes ?? 8 * maxBytes;
  let waiting: Waiting<R, A>[] = [];
  let waitingBytes = 0;
  let inFlight = 0;
  let scheduled = false;

  /** The oldest rows that fit into one group, at least one. */
  function take(): readonly Waiting<R, A>[] {
    let rows = 0;
    let bytes = 0;
    for (const next of waiting) {
      if (rows > 0 && (rows === maxRows || bytes + next.bytes > maxBytes)) break;
      rows += 1;
      bytes += next.bytes;
    }
    const group = waiting.slice(0, rows);
    waiting = waiting.slice(rows);
    waitingBytes -= bytes;
    return group;
  }

  async function settle(group: readonly Waiting<R, A>[]): Promise<void> {
    let answers: readonly A[];
    try {
      answers = await options.commit(group.map(({ row }) => row));
      if (answers.length !== group.length) throw new Error(`${group.length} rows got ${answers.length} answers`);
    } catch (error) {
      if (group.length > 1 && isRowFault(error)) {
        const half = Math.ceil(group.length / 2);
        await settle(group.slice(0, half));
        await settle(group.slice(half));
      } else {
        for (const { reject } of group) reject(error);
      }
      return;
    }
    // An index past the end was ruled out above; an answer may itself be undefined.
    group.forEach(({ resolve }, index) => {
      resolve(answers[index] as A);
    });
  }

  async function send(): Promise<void> {
    inFlight += 1;
    await settle(take());
    inFlight -= 1;
    fill();
  }

  function fill(): void {
    while (waiting.length > 0 && inFlight < maxInFlight) void send();
  }

  return (row) =>
    new Promise((resolve, reject) => {
      const bytes = sizeOf(row);
      const full = waiting.length >= maxWaiting || (waiting.length > 0 && waitingBytes + bytes > maxWaitingBytes);
      if (full) {
        reject(
          new AppError('overloaded', 'overloaded', 'more is waiting to be written than can be taken on', {
            retryAfterSeconds: 1,
          }),
        );
        return;
      }
      waiting.push({ row, bytes, resolve, reject });
      waitingBytes += bytes;
      if (scheduled || inFlight >= maxInFlight) return;
      scheduled = true;
      // Rows submitted in one go share a group; nothing else can run in between.
      queueMicrotask(() => {
        scheduled = false;
        fill();
      });
    });
}
