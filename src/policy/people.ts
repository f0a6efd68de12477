import type { Thumbprint } from '../trust/signer.js';
import { findLastAttestor, keysEverHeld, type TrustSnapshot } from '../trust/trust-snapshot.js';

/** Tells people apart: two names and keys that trust ties together are one person. */
export interface People {
  /** One name for a person, whether named or known by a key alone. */
  same(nameOrThumbprint: string): string;
}

const known = new WeakMap<TrustSnapshot, People>();

/**
 * The people of a snapshot. A key that any attestor says is a person's is that person under every attestor, and two
 * names for one key are one person. What attestors no longer hold still tells: otherwise deleting one would turn one
 * person into two.
 */
export function peopleOf(trust: TrustSnapshot): People {
  const before = known.get(trust);
  if (before !== undefined) return before;
  const parents = new Map<string, string>();
  const root = (name: string): string => {
    let at = name;
    for (let parent = parents.get(at); parent !== undefined; parent = parents.get(at)) at = parent;
    return at;
  };
  for (const name of trust.attestors.keys()) {
    for (const { thumbprint, person } of keysEverHeld(trust, name)) {
      if (person === null) continue;
      const [first, second] = [root(named(person)), root(thumbprint)].sort();
      if (first !== undefined && second !== undefined && first !== second) parents.set(second, first);
    }
  }
  const people = { same: root };
  known.set(trust, people);
  return people;
}

/** A person's name apart from every thumbprint: whoever calls himself by a key's thumbprint is not its holder. */
export function named(person: string): string {
  return `person:${person.normalize('NFC')}`;
}

/** Who approves by one signature, as one attestor has it. */
export interface Approver {
  readonly person: string;
  /** Why an approval by this signature does not count, or null. */
  readonly mismatch: string | null;
}

/**
 * The approver behind a signature for an attestor, which holds or has held its key: whom it names, where the attestor
 * may name others; else the person of the key; else its holder, whoever that is. An approval that names nobody is its
 * signer's own; by an attestor that speaks for others it could be anybody's, and does not count.
 */
export function approverOf(
  trust: TrustSnapshot,
  attestorName: string,
  thumbprint: Thumbprint,
  claimedApprover: string | null,
): Approver {
  const people = peopleOf(trust);
  const claimed = claimedApprover === null ? null : people.same(named(claimedApprover));
  const speaksForOthers = findLastAttestor(trust, attestorName)?.mayNameApprovers === true;
  if (speaksForOthers && claimed !== null) return { person: claimed, mismatch: null };
  const key = keysEverHeld(trust, attestorName).find((candidate) => candidate.thumbprint === thumbprint);
  const person = key?.person ?? null;
  const holder = people.same(person === null ? thumbprint : named(person));
  if (claimedApprover === null) {
    return { person: holder, mismatch: speaksForOthers ? 'names no approver, and its signer speaks for others' : null };
  }
  const agrees = person === null || claimed === holder;
  return {
    person: holder,
    mismatch: agrees ? null : `names ${claimedApprover} as approver, but was signed with the key of ${person}`,
  };
}
