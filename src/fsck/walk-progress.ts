/** How often a line is written where nobody looks at it as it is written. */
const EVERY_MS = 5_000;
/** How often it is written over on a terminal. */
const TERMINAL_EVERY_MS = 100;

export interface WalkProgress {
  /** So many more rows were looked at of this. */
  add(what: string, rows: number): void;
  /** Takes the line off a terminal, so that something else can be written. */
  clear(): void;
}

/** Says how far a walk has come: on a terminal in a line that is written over, elsewhere now and then. */
export function walkProgress(out: NodeJS.WriteStream): WalkProgress {
  let of = '';
  let total = 0;
  let began = performance.now();
  let written = began;
  return {
    add(what, rows) {
      const now = performance.now();
      if (what !== of) [of, total, began] = [what, 0, now];
      total += rows;
      if (now - written < (out.isTTY ? TERMINAL_EVERY_MS : EVERY_MS)) return;
      written = now;
      const rate = Math.round(total / Math.max((now - began) / 1_000, 0.001));
      const text = `${of}: ${total} looked at, ${rate}/s`;
      out.write(out.isTTY ? `\r${text}\u001b[K` : `${text}\n`);
    },
    clear() {
      if (out.isTTY) out.write('\r\u001b[K');
    },
  };
}
