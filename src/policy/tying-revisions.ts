import type { ProvedSigner } from '../intoto/proved-signer.js';
import { identitySignerId, keySignerId, signerNames, type SignerId } from '../trust/signer.js';
import type { AttestorState } from '../trust/attestor-state.js';
import { attestorsOf, type TrustSnapshot } from '../trust/trust-snapshot.js';
import { NamesTied } from './names-tied.js';
import { alike, named } from './people.js';

/** Those whom a policy may count apart, and all who signed about the image. */
export interface ToldApart {
  readonly signers: readonly ProvedSigner[];
  /** Whom evidence about it names, as `named` is given them. */
  readonly people: readonly string[];
  /** Whose certificates tie names together, whether or not they are told apart. */
  readonly everybody: readonly ProvedSigner[];
}

/**
 * The trust revisions from which on other ones of these are one person, or one signer, than before, ascending: by whichever key
 * or subject they are tied or no longer are, and whichever attestor says so. Those at which some attestor comes to say another
 * thing, and these stay as they were, are none of them.
 */
export function tyingRevisions(trust: TrustSnapshot, toldApart: ToldApart): readonly number[] {
  const names = namesOf(toldApart);
  const certificates = certificatesIn(trust, toldApart.everybody);
  const sayings = sayingsAbout(trust, names, certificates);
  const revisions = new Set([...sayings, ...certificates].map(({ trustRevision }) => trustRevision));
  const tying: number[] = [];
  const standing = new Map<string, Saying>();
  let next = 0;
  let before = partOf(names, [], []);
  for (const revision of [...revisions].sort((a, b) => a - b)) {
    for (let saying = sayings[next]; saying !== undefined && saying.trustRevision <= revision; saying = sayings[next]) {
      standing.set(saying.source, saying);
      next += 1;
    }
    const known = certificates.filter(({ trustRevision }) => trustRevision <= revision);
    const after = partOf(names, [...standing.values()], known);
    if (after !== before) tying.push(revision);
    before = after;
  }
  return tying.filter((revision) => revision > 0);
}

/** What an attestor says from a revision on of one key, or of one identity: whose it is; null: nobody's. */
interface Saying {
  readonly trustRevision: number;
  /** Of the attestor and the key or identity. */
  readonly source: string;
  readonly signer: SignerId;
  readonly person: string | null;
}

/** What one certificate ties, from the revision on at which it is the first time somebody's. */
interface Certificate {
  readonly trustRevision: number;
  readonly names: readonly SignerId[];
  readonly subjects: readonly string[];
}

function namesOf({ signers, people }: ToldApart): readonly string[] {
  const subjects = signers.flatMap((signer) => (signer.type === 'certificate' ? signer.identity.subjects : []));
  return [...new Set([...signers.flatMap(signerNames), ...[...subjects, ...people].map(named)])].sort();
}

function certificatesIn(trust: TrustSnapshot, everybody: readonly ProvedSigner[]): readonly Certificate[] {
  return everybody.flatMap((signer): Certificate[] => {
    if (signer.type !== 'certificate') return [];
    const { identity } = signer;
    const states = attestorsOf(trust, signer).flatMap((name) => trust.attestors.get(name) ?? []);
    const fitting = states.filter(({ identities }) => identities.some(({ compare }) => compare(identity).fits));
    if (fitting.length === 0) return [];
    const trustRevision = Math.min(...fitting.map((state) => state.trustRevision));
    return [{ trustRevision, names: signerNames(signer), subjects: identity.subjects }];
  });
}

interface AllSayings {
  /** In the order of their revisions. */
  readonly sayings: readonly Saying[];
  /** By every saying that there ever was. */
  readonly tied: NamesTied;
}

const known = new WeakMap<TrustSnapshot['attestors'], AllSayings>();

/** What attestors ever said, once for each history of them. */
function allSayings({ attestors }: TrustSnapshot): AllSayings {
  const before = known.get(attestors);
  if (before !== undefined) return before;
  const sayings = [...attestors]
    .flatMap(([name, states]) => [...sayingsOf(name, states)])
    .sort((a, b) => a.trustRevision - b.trustRevision);
  const tied = new NamesTied();
  for (const { signer, person } of sayings) if (person !== null) tied.tie(alike(named(person)), signer);
  const all = { sayings, tied };
  known.set(attestors, all);
  return all;
}

/** What it no longer holds an attestor goes on saying. */
function* sayingsOf(attestor: string, states: readonly AttestorState[]): Iterable<Saying> {
  const last = new Map<string, string>();
  for (const { trustRevision, keys, identities } of states) {
    const held: Saying[] = [...keys.values()].map(({ key: { thumbprint, person } }) => ({
      trustRevision,
      source: JSON.stringify([attestor, 'key', thumbprint]),
      signer: keySignerId(thumbprint),
      person,
    }));
    for (const { identity } of identities) {
      const { id, issuer, subject, person } = identity;
      if (subject === null) continue;
      const source = JSON.stringify([attestor, 'identity', id]);
      held.push({ trustRevision, source, signer: identitySignerId(issuer, subject), person });
    }
    for (const saying of held) {
      const said = JSON.stringify([saying.signer, saying.person]);
      if ((last.get(saying.source) ?? JSON.stringify([saying.signer, null])) === said) continue;
      last.set(saying.source, said);
      yield saying;
    }
  }
}

/** Of all that was ever said, what some chain of sayings and certificates leads to from these names. */
function sayingsAbout(
  trust: TrustSnapshot,
  names: readonly string[],
  certificates: readonly Certificate[],
): readonly Saying[] {
  const { sayings, tied } = allSayings(trust);
  const reached = new NamesTied(tied);
  for (const certificate of certificates) reached.tieAll(alikeNamesOf(certificate));
  const reachable = new Set(names.map((name) => reached.same(alike(name))));
  return sayings.filter(({ signer }) => reachable.has(reached.same(signer)));
}

/** Which of the names are one, in each of the ways in which they are told apart; as one text. */
function partOf(names: readonly string[], sayings: readonly Saying[], certificates: readonly Certificate[]): string {
  const [people, lookalikes, signers] = [new NamesTied(), new NamesTied(), new NamesTied()];
  for (const { signer, person } of sayings) {
    if (person === null) continue;
    people.tie(named(person), signer);
    lookalikes.tie(alike(named(person)), signer);
  }
  for (const certificate of certificates) {
    people.tieAll(certificate.names);
    lookalikes.tieAll(alikeNamesOf(certificate));
    signers.tieAll(certificate.names);
  }
  return JSON.stringify([
    placesOf(names, people.same),
    placesOf(names, (name) => lookalikes.same(alike(name))),
    placesOf(names, signers.same),
  ]);
}

/** Of each name the place of the first that is the same. */
function placesOf(names: readonly string[], same: (name: string) => string): readonly number[] {
  const first = new Map<string, number>();
  return names.map((name, index) => {
    const one = same(name);
    const place = first.get(one) ?? index;
    first.set(one, place);
    return place;
  });
}

function alikeNamesOf({ names, subjects }: Certificate): readonly string[] {
  return [...names, ...subjects.map((subject) => alike(named(subject)))];
}
