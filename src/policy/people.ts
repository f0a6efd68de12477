import { identitySignerId, keySignerId, signerIdOf, type Signer, type SignerId } from '../trust/signer.js';
import {
  findLastAttestor,
  findLastKey,
  identitiesEverHeld,
  keysEverHeld,
  type TrustSnapshot,
} from '../trust/trust-snapshot.js';

/** Tells people apart: two names and signers that trust ties together are one person. */
export interface People {
  /** One name for a person, whether named or known by what he signs with alone. */
  same(nameOrSigner: string): string;
}

const known = new WeakMap<TrustSnapshot, People>();

/**
 * The people of a snapshot. A key or a subject that any attestor says is a person's is that person under every attestor, and
 * two names for one are one person. What attestors no longer hold still tells: otherwise deleting one would turn one
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
    for (const [signer, person] of personsOf(trust, name)) {
      const [first, second] = [root(named(person)), root(signer)].sort();
      if (first !== undefined && second !== undefined && first !== second) parents.set(second, first);
    }
  }
  const people = { same: root };
  known.set(trust, people);
  return people;
}

/** Whom an attestor says, or has said, that keys and subjects are. */
function* personsOf(trust: TrustSnapshot, attestorName: string): Iterable<readonly [SignerId, string]> {
  for (const key of keysEverHeld(trust, attestorName)) {
    if (key.person !== null) yield [keySignerId(key.thumbprint), key.person];
  }
  for (const { issuer, subject, person } of identitiesEverHeld(trust, attestorName)) {
    if (person !== null && subject !== null) yield [identitySignerId(issuer, subject), person];
  }
}

/** A person's name apart from every signer: whoever calls himself by a key's thumbprint is not its holder. */
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
 * The approver behind a signature for an attestor, which holds or has held its key or an identity that it fits: whom it names,
 * where the attestor may name others; else the person of the key or subject; else whoever signed.
 */
export function approverOf(
  trust: TrustSnapshot,
  attestorName: string,
  signer: Signer,
  claimedApprover: string,
): Approver {
  const people = peopleOf(trust);
  const claimed = people.same(named(claimedApprover));
  if (findLastAttestor(trust, attestorName)?.mayNameApprovers === true) return { person: claimed, mismatch: null };
  const person = personBehind(trust, attestorName, signer);
  if (person === null) return { person: people.same(bestKnown(people, signer)), mismatch: null };
  const agrees = claimed === people.same(named(person));
  const means = signer.type === 'key' ? 'with the key of' : 'as';
  return {
    person: people.same(named(person)),
    mismatch: agrees ? null : `names ${claimedApprover} as approver, but was signed ${means} ${person}`,
  };
}

/** Of several subjects of one certificate the one of which trust knows more. */
function bestKnown(people: People, signer: Signer): SignerId {
  if (signer.type === 'key') return signerIdOf(signer);
  const { issuer, subjects } = signer.identity;
  const names = subjects.map((subject) => identitySignerId(issuer, subject));
  return names.find((name) => people.same(name) !== name) ?? signerIdOf(signer);
}

function personBehind(trust: TrustSnapshot, attestorName: string, signer: Signer): string | null {
  if (signer.type === 'key') return findLastKey(trust, attestorName, signer.thumbprint)?.person ?? null;
  const { issuer, subjects } = signer.identity;
  const said = identitiesEverHeld(trust, attestorName).find(
    (identity) =>
      identity.person !== null &&
      identity.issuer === issuer &&
      identity.subject !== null &&
      subjects.includes(identity.subject),
  );
  return said?.person ?? null;
}
