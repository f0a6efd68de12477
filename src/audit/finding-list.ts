import type { Finding } from '../fsck/check-invariants.js';

/** What becomes of invariants as they are looked at, in the order in which they were named. */
export interface FindingList<Invariant extends string> {
  violated(invariant: Invariant, detail: string): void;
  /** That an invariant was not looked at, or not to its end, and why. It holds only as far as nothing is known against it. */
  unheld(invariant: Invariant, why: string): void;
  /** That something besides the invariants is held against nothing; a sentence. */
  remark(text: string): void;
  /** Of every invariant that was looked at in full, and of every one that is violated. */
  all(): readonly Finding[];
  /** What nothing is known of, a sentence each. */
  notHeld(): readonly string[];
}

/** Whoever made what is looked at must not make this grow. */
const MOST_REMARKS = 20;

export function findingList<const Invariant extends string>(invariants: readonly Invariant[]): FindingList<Invariant> {
  const findings = new Map<Invariant, Finding>(
    invariants.map((invariant) => [invariant, { invariant, table: null, violations: 0, first: null }]),
  );
  const unheld = new Map<Invariant, string>();
  const remarks = new Set<string>();
  return {
    violated(invariant, detail) {
      const { violations = 0, first = null } = findings.get(invariant) ?? {};
      findings.set(invariant, { invariant, table: null, violations: violations + 1, first: first ?? detail });
    },
    unheld(invariant, why) {
      if (!unheld.has(invariant)) unheld.set(invariant, why);
    },
    remark(text) {
      if (remarks.size < MOST_REMARKS) remarks.add(text);
    },
    all: () =>
      [...findings].flatMap(([invariant, finding]) =>
        finding.first === null && unheld.has(invariant) ? [] : [finding],
      ),
    notHeld: () => [...[...unheld].map(([invariant, why]) => `that ${invariant}: ${why}`), ...remarks],
  };
}
