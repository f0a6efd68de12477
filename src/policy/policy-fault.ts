import { AppError, type FieldError } from '../platform/app-error.js';

/** One faulty place in a policy document; lines and columns start at 1. */
export interface PolicyFaultPlace extends FieldError {
  /** As in `requirements[2].where.maxSeverity.critical`; empty for the document as a whole. */
  readonly path: string;
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

const MOST_FAULTS = 100;

/**
 * A policy document that cannot be accepted: 400 `policy_malformed`, with every fault found, in the order of the
 * document, up to a hundred.
 */
export class PolicyFault extends AppError {
  declare readonly errors: readonly PolicyFaultPlace[];

  constructor(faults: readonly PolicyFaultPlace[], options: { readonly cause?: unknown } = {}) {
    const errors = [...faults].sort((a, b) => a.line - b.line || a.column - b.column).slice(0, MOST_FAULTS);
    super('malformed', 'policy_malformed', errors.map(faultLine).join('\n'), { ...options, errors });
  }
}

function faultLine(fault: PolicyFaultPlace): string {
  const what = fault.path === '' ? fault.message : `${fault.path}: ${fault.message}`;
  return `${what} (line ${fault.line}, column ${fault.column})`;
}

/** The name that was probably meant: the nearest of `known` within two edits, or null where none is near. */
export function nearestName(given: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let least = 3;
  for (const name of known) {
    const distance = editDistance(given.toLowerCase(), name.toLowerCase(), least);
    if (distance < least) {
      best = name;
      least = distance;
    }
  }
  return best;
}

/** Edits (insert, delete, replace, swap of neighbours) between two words, or `bound` where there are at least so many. */
function editDistance(a: string, b: string, bound: number): number {
  if (Math.abs(a.length - b.length) >= bound) return bound;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replace = (last[j - 1] ?? bound) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(replace, (last[j] ?? bound) + 1, (row[j - 1] ?? bound) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (beforeLast[j - 2] ?? bound) + 1);
      }
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? bound;
}
