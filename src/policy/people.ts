import { identitySignerId, keySignerId, signerIdOf, signerNames, type Signer, type SignerId } from '../trust/signer.js';
import {
  attestorsOf,
  findLastAttestor,
  findLastKey,
  identitiesEverHeld,
  keysEverHeld,
  type TrustSnapshot,
} from '../trust/trust-snapshot.js';
import { NamesTied } from './names-tied.js';

/** Tells people apart: two names and signers that trust ties together are one person. */
export interface People {
  /** One name for a person, whether named or known by what he signs with alone. */
  same(nameOrSigner: string): string;
}

/**
 * The people of a snapshot, as far as these signers show them. A key or a subject that any attestor says is a person's is
 * that person under every attestor, and two names for one are one person. What attestors no longer hold still tells:
 * otherwise deleting one would turn one person into two. A certificate ties all its subjects and its key together, if any of
 * them is somebody's: or else one holder with two certificates, or with a certificate and its bare key, would be two.
 */
export function peopleOf(trust: TrustSnapshot, signers: readonly Signer[]): People {
  return withHolders(saidByAttestors(trust), trust, signers, signerNames);
}

/**
 * Who may be one person, for where people are counted or left out, and nowhere else: whoever may be one is not two there. Beside
 * `peopleOf`, names that differ in case or form alone, or by what nobody sees, are one, and so are a certificate's holder and
 * whoever is named as its subject, under whatever issuer. What somebody said only the very same person takes back.
 */
export function lookalikesOf(trust: TrustSnapshot, signers: readonly Signer[]): People {
  const people = withHolders(alikeByAttestors(trust), trust, signers, (certificate) => [
    ...signerNames(certificate),
    ...certificate.identity.subjects.map((subject) => alike(named(subject))),
  ]);
  return { same: (name) => people.same(alike(name)) };
}

/** What is said, and the names by which each certificate's holder is known, if its subjects are any attestor's. */
function withHolders(
  said: NamesTied,
  trust: TrustSnapshot,
  signers: readonly Signer[],
  namesOf: (certificate: CertificateSigner) => readonly string[],
): NamesTied {
  const certificates = signers.filter(
    (signer): signer is CertificateSigner => signer.type === 'certificate' && attestorsOf(trust, signer).length > 0,
  );
  // Most evaluations have none, and then what is said is shared by all of a snapshot.
  if (certificates.length === 0) return said;
  const people = new NamesTied(said);
  for (const certificate of certificates) people.tieAll(namesOf(certificate));
  return people;
}

type CertificateSigner = Extract<Signer, { readonly type: 'certificate' }>;

const saidByAttestors = tiedByAttestors(named);
const alikeByAttestors = tiedByAttestors((person) => alike(named(person)));

/** What attestors say of persons, by their names in some form; once for each snapshot. */
function tiedByAttestors(nameOf: (person: string) => string): (trust: TrustSnapshot) => NamesTied {
  const known = new WeakMap<TrustSnapshot, NamesTied>();
  return (trust) => {
    const before = known.get(trust);
    if (before !== undefined) return before;
    const people = new NamesTied();
    for (const name of trust.attestors.keys()) {
      for (const [signer, person] of personsOf(trust, name)) people.tie(nameOf(person), signer);
    }
    known.set(trust, people);
    return people;
  };
}

/** As `peopleOf`, without what anybody says of persons: tells signers apart, of whom one person may be several. */
export function signersOf(trust: TrustSnapshot, signers: readonly Signer[]): People {
  return withHolders(new NamesTied(), trust, signers, signerNames);
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

const PERSON = 'person:';

/** A person's name apart from every signer: whoever calls himself by a key's thumbprint is not its holder. */
export function named(person: string): string {
  return `${PERSON}${person.normalize('NFC')}`;
}

/** What is the same for names that people may take for each other; signers as they are. */
export function alike(name: string): string {
  if (!name.startsWith(PERSON)) return name;
  const seen = name.slice(PERSON.length).normalize('NFKC').replace(UNSEEN, '').replace(/\s+/gu, ' ');
  // In capitals first, so that what has none of its own is as it is written with them: ß as ss.
  return `${PERSON}${seen.trim().toUpperCase().toLowerCase().normalize('NFKC')}`;
}

const UNSEEN = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;

/** Who approves by one signature, as one attestor has it. */
export interface Approver {
  readonly person: string;
  /** Why an approval by this signature does not count, or null. */
  readonly mismatch: string | null;
}

/**
 * The approver behind a signature for an attestor, which holds or has held its key or an identity that it fits: whom it names,
 * where the attestor may name others; else the person of the key or subject; else whoever signed. An approval that names
 * nobody is its signer's own; by an attestor that speaks for others it could be anybody's, and does not count.
 */
export function approverOf(
  trust: TrustSnapshot,
  people: People,
  attestorName: string,
  signer: Signer,
  claimedApprover: string | null,
): Approver {
  const claimed = claimedApprover === null ? null : people.same(named(claimedApprover));
  const speaksForOthers = findLastAttestor(trust, attestorName)?.mayNameApprovers === true;
  if (speaksForOthers && claimed !== null) return { person: claimed, mismatch: null };
  const person = personBehind(trust, attestorName, signer);
  const holder = people.same(person === null ? signerIdOf(signer) : named(person));
  if (claimedApprover === null) {
    return { person: holder, mismatch: speaksForOthers ? 'names no approver, and its signer speaks for others' : null };
  }
  const agrees = person === null || claimed === holder;
  const means = signer.type === 'key' ? 'with the key of' : 'as';
  return {
    person: holder,
    mismatch: agrees ? null : `names ${claimedApprover} as approver, but was signed ${means} ${person}`,
  };
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
