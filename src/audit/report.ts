import type { Finding } from '../fsck/check-invariants.js';
import type { Audit } from './audit.js';

/** What an exit status says: everything holds, something does not, it could not be found out. */
export const STATUS = { sound: 0, violated: 1, notFoundOut: 2 } as const;
export type Status = (typeof STATUS)[keyof typeof STATUS];

/** What there is to be said of one invariant. */
export function findingLine({ invariant, violations, first }: Finding): string {
  return first === null ? `ok       ${invariant}` : `VIOLATED ${invariant}: ${violations} times; first: ${first}`;
}

/** What an audit comes to. */
export interface Outcome {
  readonly status: Status;
  /** The last lines, of which the last says all. */
  readonly lines: readonly string[];
  readonly document: object;
}

export function outcomeOf({ findings, notHeld, undecided, entries }: Audit): Outcome {
  const violated = findings.filter((finding) => finding.first !== null);
  const [first] = violated;
  const sound = first === undefined && undecided.length === 0;
  const status = first !== undefined ? STATUS.violated : sound ? STATUS.sound : STATUS.notFoundOut;
  const document = { sound, first: first ?? null, findings, notHeld, undecided, size: entries };
  const all = `${violated.length} of ${findings.length} do not hold`;
  const last =
    first !== undefined
      ? `NOT SOUND: ${all}; the first${placeOf(first)}: ${first.invariant}: ${String(first.first)}`
      : sound
        ? `everything holds, to the log's ${entries} entries`
        : `NOT FOUND OUT: nothing is wrong in the ${entries} entries, but ${undecided.join(', ')} could not be held against them`;
  return { status, lines: [...notHeld.map((text) => `not held ${text}`), last], document };
}

function placeOf({ table }: Finding): string {
  return table === null ? '' : `, in ${table}`;
}
