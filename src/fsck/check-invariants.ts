import { EVIDENCE } from './evidence.js';
import { examinationWalk } from './examinations.js';
import { FACTS } from './facts.js';
import { historyWalks } from './history.js';
import { IMAGE_RELATIONS } from './image-relations.js';
import { IMAGES } from './images.js';
import { logWalks, type LogExpectation } from './log.js';
import { logLengthWalk } from './log-length.js';
import { POLICIES } from './policies.js';
import { ROWS_AND_ENTRIES } from './rows-and-entries.js';
import { RETENTION } from './retention.js';
import { REVISIONS } from './revisions.js';
import { SEARCH } from './search.js';
import { STATEMENT_ACTS_BIND } from './statement-acts.js';
import { TIMES } from './times.js';
import { TOKENS } from './tokens.js';
import { trustGainsWalk } from './trust-gains.js';
import { VERDICTS } from './verdicts.js';
import { WAIVERS } from './waivers.js';
import { sortedOut } from './sorted-out.js';
import { Unreachable, type Reading, type Walk } from './walk.js';

/** What became of one invariant. */
export interface Finding {
  readonly invariant: string;
  /** The table through whose rows it was looked for; null where these are several. */
  readonly table: string | null;
  /** How often it is violated. */
  readonly violations: number;
  /** What is wrong in the first place, or null where nothing is. */
  readonly first: string | null;
}

export interface CheckOptions {
  /** Looked at in one statement, where that is fewer than usual. */
  readonly mostRows?: number;
  /** Which walks, in their order; all of them by default. */
  readonly walks?: readonly Walk[];
  /** Told of each page of a walk how many rows it had. */
  readonly onRows?: (walk: Walk, rows: number) => void;
  /** Told of each walk's findings when it is done. */
  readonly onWalked?: (findings: readonly Finding[]) => void;
  /** Told, when a walk is done, what it could hold against nothing: a sentence each. */
  readonly onUnheld?: (sentence: string) => void;
}

/**
 * Every walk there is: first whether the log was cut short, then whether its entries are what it has the hashes of and it is
 * what was signed, then whether all that is on record is what the entries tell of. For one use: walks remember what they read.
 */
export function everyWalk(log: LogExpectation = { keys: null, kept: [] }): readonly Walk[] {
  return [
    logLengthWalk(log.kept),
    ...historyWalks(),
    ...logWalks(log),
    ...ROWS_AND_ENTRIES,
    ...TIMES,
    ...EVIDENCE,
    examinationWalk(),
    ...STATEMENT_ACTS_BIND,
    ...FACTS,
    ...IMAGES,
    ...IMAGE_RELATIONS,
    ...POLICIES,
    ...WAIVERS,
    ...VERDICTS,
    ...RETENTION,
    ...REVISIONS,
    ...TOKENS,
    trustGainsWalk(),
    ...SEARCH,
  ];
}

/** That the database went out of reach on the way, and what had been found out by then. */
export class CutShort extends Unreachable {
  constructor(
    cause: Unreachable,
    readonly findings: readonly Finding[],
  ) {
    super(cause.message, { cause });
  }
}

/**
 * Holds everything that is stored against every invariant and answers a finding for each, in a fixed order. Reads only, in
 * pages, so memory does not grow with what is stored. May run while the service is at work: each statement compares
 * what belongs to one moment. A row that cannot be read violates what was to be held of it; nothing that is stored makes this throw.
 *
 * @param reading under the session settings of the service: times are compared as text in UTC.
 * @throws CutShort where the database cannot be read any more.
 */
export async function checkInvariants(reading: Reading, options: CheckOptions = {}): Promise<readonly Finding[]> {
  const { mostRows = Infinity, walks = everyWalk(), onRows = () => undefined, onWalked = () => undefined } = options;
  const { onUnheld = () => undefined } = options;
  const sorted = sortedOut(reading);
  const all: Finding[] = [];
  for (const walk of walks) {
    const { invariants, table, violations } = walk;
    const findings = new Map<string, Finding>(
      invariants.map((invariant) => [invariant, { invariant, table, violations: 0, first: null }]),
    );
    const unheld = new Map<string, { readonly count: number; readonly first: string }>();
    const violated = (invariant: string, detail: string): void => {
      const before = findings.get(invariant);
      if (before === undefined) throw new Error(`a walk does not name its invariant ${invariant}`);
      findings.set(invariant, { ...before, violations: before.violations + 1, first: before.first ?? detail });
    };
    try {
      const told = violations(sorted, mostRows, (rows) => {
        onRows(walk, rows);
      });
      for await (const one of told) {
        if ('unheld' in one) {
          const { count, first } = unheld.get(one.unheld) ?? { count: 0, first: one.detail };
          unheld.set(one.unheld, { count: count + 1, first });
        } else violated(one.invariant, one.detail);
      }
    } catch (error) {
      if (error instanceof Unreachable) {
        const broken = [...findings.values()].filter(({ first }) => first !== null);
        onWalked(broken);
        throw new CutShort(error, [...all, ...broken]);
      }
      for (const invariant of invariants) violated(invariant, error instanceof Error ? error.message : String(error));
    }
    onWalked([...findings.values()]);
    for (const [what, { count, first }] of unheld) onUnheld(`${what}: ${count}, the first ${first}`);
    all.push(...findings.values());
  }
  return all;
}
