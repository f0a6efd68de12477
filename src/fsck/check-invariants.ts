import { evidenceWalk } from './evidence.js';
import { FACTS } from './facts.js';
import { HISTORY } from './history.js';
import { IMAGE_RELATIONS } from './image-relations.js';
import { IMAGES } from './images.js';
import { ROWS_AND_ENTRIES } from './rows-and-entries.js';
import { REVISIONS } from './revisions.js';
import { VERDICTS } from './verdicts.js';
import type { Reading } from './walk.js';

/** What became of one invariant. */
export interface Finding {
  readonly invariant: string;
  /** How often it is violated. */
  readonly violations: number;
  /** What is wrong in the first place, or null where nothing is. */
  readonly first: string | null;
}

/**
 * Holds everything that is stored against every invariant and answers a finding for each, in a fixed order. Reads only, in
 * pages, so memory does not grow with what is stored. May run while the service is at work: each statement compares
 * what belongs to one moment.
 *
 * @param reading under the session settings of the service: times are compared as text in UTC.
 * @param mostRows looked at in one statement, where that is fewer than usual.
 */
export async function checkInvariants(reading: Reading, mostRows = Infinity): Promise<readonly Finding[]> {
  const findings = new Map<string, Finding>();
  const walks = [
    evidenceWalk(),
    ...FACTS,
    ...IMAGES,
    ...IMAGE_RELATIONS,
    ...ROWS_AND_ENTRIES,
    ...HISTORY,
    ...VERDICTS,
    ...REVISIONS,
  ];
  for (const { invariants, violations } of walks) {
    for (const invariant of invariants) findings.set(invariant, { invariant, violations: 0, first: null });
    for await (const { invariant, detail } of violations(reading, mostRows)) {
      const { violations: before = 0, first = null } = findings.get(invariant) ?? {};
      findings.set(invariant, { invariant, violations: before + 1, first: first ?? detail });
    }
  }
  return [...findings.values()];
}
