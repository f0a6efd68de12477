import type { Finding } from '../fsck/check-invariants.js';

/** What becomes of invariants as they are looked at, in the order in which they were named. */
export interface FindingList<Invariant extends string> {
  violated(invariant: Invariant, detail: string): void;
  all(): readonly Finding[];
}

export function findingList<const Invariant extends string>(invariants: readonly Invariant[]): FindingList<Invariant> {
  const findings = new Map<Invariant, Finding>(
    invariants.map((invariant) => [invariant, { invariant, table: null, violations: 0, first: null }]),
  );
  return {
    violated(invariant, detail) {
      const { violations = 0, first = null } = findings.get(invariant) ?? {};
      findings.set(invariant, { invariant, table: null, violations: violations + 1, first: first ?? detail });
    },
    all: () => [...findings.values()],
  };
}
