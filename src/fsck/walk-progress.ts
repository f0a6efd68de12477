/** How often a line is written where nobody looks at it as it is written. */
const EVERY_MS = 5_000;
/** How often it is written over on a terminal. */
const TERMINAL_EVERY_MS = 100;

export interface WalkProgress {
  /** So much more was looked at of this, of so much in all; null where that is not known. */
  add(what: string, count: number, total: number | null): void;
  /** Takes the line off a terminal, so that something else can be written. */
  clear(): void;
}

/** Where progress is written: a line at a time, or over and over. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/**
 * Says how far a walk has come: on a terminal in a line that is written over, elsewhere now and then.
 *
 * @param now milliseconds that only grow.
 */
export function walkProgress(out: ProgressOutput, now: () => number = () => performance.now()): WalkProgress {
  let of = '';
  let done = 0;
  let began = now();
  let written = began;
  return {
    add(what, count, total) {
      const present = now();
      if (what !== of) [of, done, began] = [what, 0, present];
      done += count;
      if (present - written < (out.isTTY === true ? TERMINAL_EVERY_MS : EVERY_MS)) return;
      written = present;
      const rate = Math.round(done / Math.max((present - began) / 1_000, 0.001));
      const text = `${of}: ${amountOf(done, total)} looked at, ${rate}/s`;
      out.write(out.isTTY === true ? `\r${text}\u001b[K` : `${text}\n`);
    },
    clear() {
      if (out.isTTY === true) out.write('\r\u001b[K');
    },
  };
}

/** More may have come since the total was counted. */
function amountOf(done: number, total: number | null): string {
  if (total === null) return String(done);
  const share = total === 0 ? 1 : Math.min(1, done / total);
  return `${done} of ${Math.max(done, total)} (${Math.floor(share * 100)} %)`;
}
