import type { Sha256Digest } from '../intoto/digest.js';
import type { ProvedSigner } from '../intoto/proved-signer.js';
import type { TrustRoot } from '../intoto/sigstore/trust-root.js';
import { identitiesOf, stateOf, type AttestorState } from './attestor-state.js';
import {
  PUBLIC_GOOD,
  type Attestor,
  type AttestorIdentity,
  type AttestorKey,
  type AttestorRecord,
  type IdentityRevocation,
  type KeyRevocation,
} from './attestor.js';
import {
  bindingOf,
  identityBindingOf,
  type BindingIdentityRevocation,
  type BindingRevocation,
} from './binding-revocation.js';
import { epochOf } from './epoch.js';
import type { PatternMatch } from './identity-pattern.js';
import type { Thumbprint } from './signer.js';
import type { StatementAct } from './statement-act.js';
import { holdRoot, type HeldRoot, type RootState, type TrustRootRecord } from './trust-root-state.js';

export { epochOf } from './epoch.js';

/** Everything trust knew at one revision; immutable, so one snapshot serves any number of evaluations. */
export interface TrustSnapshot {
  readonly revision: number;
  /** When that revision was recorded, in milliseconds since the epoch; no later revision is recorded before it. */
  readonly at: number;
  /** By attestor name, each history oldest first. Deleted attestors stay: their objections keep their place. */
  readonly attestors: ReadonlyMap<string, readonly AttestorState[]>;
  /** By name, each history oldest first; that of `public-good` begins with the root that is built in. */
  readonly roots: ReadonlyMap<string, readonly RootState[]>;
  /** By the key they bind, in the order in which they were recorded. */
  readonly revocations: ReadonlyMap<Thumbprint, readonly BindingRevocation[]>;
  /** In the order in which they were recorded. */
  readonly identityRevocations: readonly BindingIdentityRevocation[];
  /** By what was signed, in the order in which they were recorded. */
  readonly statements: ReadonlyMap<Sha256Digest, readonly StatementAct[]>;
  /** The names of the attestors that hold a key or have ever held it. */
  readonly holders: ReadonlyMap<Thumbprint, ReadonlySet<string>>;
}

/** What was recorded between two revisions; each list in the order of its revisions, none where nothing was. */
export interface TrustRecords {
  readonly states?: readonly AttestorRecord[];
  readonly revocations?: readonly KeyRevocation[];
  readonly identityRevocations?: readonly IdentityRevocation[];
  readonly roots?: readonly TrustRootRecord[];
  readonly statements?: readonly StatementAct[];
}

/** Trust before anything was recorded. `publicGood` is the trust root that is built in; null: none is. */
export function emptyTrust(publicGood: TrustRoot | null): TrustSnapshot {
  const builtIn =
    publicGood === null
      ? []
      : [{ at: -Infinity, trustRevision: 0, held: holdRoot(PUBLIC_GOOD, publicGood), builtIn: true }];
  return {
    revision: 0,
    at: -Infinity,
    attestors: new Map(),
    roots: new Map(builtIn.length === 0 ? [] : [[PUBLIC_GOOD, builtIn]]),
    revocations: new Map(),
    identityRevocations: [],
    statements: new Map(),
    holders: new Map(),
  };
}

/**
 * The snapshot at `revision`, made from an earlier one and everything that was recorded after it up to there. The
 * earlier one stays as it is.
 *
 * @throws RangeError where a recorded time is not one: nothing may count by a time that cannot be compared.
 */
export function extendTrust(base: TrustSnapshot, revision: number, records: TrustRecords): TrustSnapshot {
  const { states = [], revocations = [], identityRevocations = [], roots = [], statements = [] } = records;
  const latest = [states, revocations, identityRevocations, roots, statements].map((list) =>
    epochOf(list.at(-1)?.at ?? null, -Infinity),
  );
  return {
    revision,
    at: Math.max(base.at, ...latest),
    attestors: extended(base.attestors, states, ({ name }) => name, stateOf),
    roots: extended(
      base.roots,
      roots,
      ({ name }) => name,
      (record) => rootStateOf(base, record),
    ),
    revocations: extended(base.revocations, revocations, ({ thumbprint }) => thumbprint, bindingOf),
    identityRevocations: [...base.identityRevocations, ...identityRevocations.map(identityBindingOf)],
    statements: extended(
      base.statements,
      statements,
      ({ signedDigest }) => signedDigest,
      (act) => act,
    ),
    holders: holdersWith(base.holders, states),
  };
}

/** The attestor as it is, or null where it was deleted or never existed. */
export function findAttestor(trust: TrustSnapshot, name: string): Attestor | null {
  return trust.attestors.get(name)?.at(-1)?.attestor ?? null;
}

/** The attestor as it is, or as it last was where it has been deleted; null where it never existed. */
export function findLastAttestor(trust: TrustSnapshot, name: string): Attestor | null {
  return trust.attestors.get(name)?.findLast((state) => state.attestor !== null)?.attestor ?? null;
}

/** Every key the attestor holds or has held, each once, as it last held it. */
export function keysEverHeld(trust: TrustSnapshot, name: string): readonly AttestorKey[] {
  const latest = new Map<Thumbprint, AttestorKey>();
  for (const { attestor } of trust.attestors.get(name) ?? []) {
    for (const key of attestor?.keys ?? []) latest.set(key.thumbprint, key);
  }
  return [...latest.values()];
}

/** Every identity the attestor has or has had, each once, as it last had it. */
export function identitiesEverHeld(trust: TrustSnapshot, name: string): readonly AttestorIdentity[] {
  return identitiesOf(trust.attestors.get(name) ?? []).map(({ identity }) => identity);
}

/** A key of the attestor as it last held it; null where it never did. */
export function findLastKey(trust: TrustSnapshot, name: string, thumbprint: Thumbprint): AttestorKey | null {
  const states = trust.attestors.get(name) ?? [];
  return states.findLast(({ keys }) => keys.has(thumbprint))?.keys.get(thumbprint)?.key ?? null;
}

/** The attestors, by name, that hold or have held a signer's key, or an identity that it fits. */
export function attestorsOf(trust: TrustSnapshot, signer: ProvedSigner): readonly string[] {
  return attestorsWhere(trust, signer, ({ fits }) => fits);
}

/** Those, and the attestors with an identity to which a certificate comes near. */
export function attestorsNear(trust: TrustSnapshot, signer: ProvedSigner): readonly string[] {
  return attestorsWhere(trust, signer, (match) => match.fits || match.nearly !== null);
}

function attestorsWhere(
  trust: TrustSnapshot,
  signer: ProvedSigner,
  isOne: (match: PatternMatch) => boolean,
): readonly string[] {
  if (signer.type === 'key') return [...(trust.holders.get(signer.thumbprint) ?? [])].sort();
  const named = [...trust.attestors].filter(([, states]) =>
    identitiesOf(states).some(({ compare }) => isOne(compare(signer.identity))),
  );
  return named.map(([name]) => name).sort();
}

/** The trust root as it is, or as it was at an earlier revision; null where it was deleted or never existed. */
export function findRoot(trust: TrustSnapshot, name: string, trustRevision = Infinity): HeldRoot | null {
  const states = trust.roots.get(name) ?? [];
  return states.findLast((state) => state.trustRevision <= trustRevision)?.held ?? null;
}

/** The histories by key with the records added, each behind those it follows. */
function extended<Key, Held, Added>(
  base: ReadonlyMap<Key, readonly Held[]>,
  records: readonly Added[],
  keyOf: (record: Added) => Key,
  hold: (record: Added) => Held,
): ReadonlyMap<Key, readonly Held[]> {
  if (records.length === 0) return base;
  const all = new Map(base);
  for (const record of records) all.set(keyOf(record), [...(all.get(keyOf(record)) ?? []), hold(record)]);
  return all;
}

function holdersWith(base: TrustSnapshot['holders'], states: readonly AttestorRecord[]): TrustSnapshot['holders'] {
  if (states.length === 0) return base;
  const holders = new Map(base);
  for (const { name, attestor } of states) {
    for (const { thumbprint } of attestor?.keys ?? []) {
      const names = holders.get(thumbprint) ?? new Set();
      if (!names.has(name)) holders.set(thumbprint, new Set([...names, name]));
    }
  }
  return holders;
}

function rootStateOf(base: TrustSnapshot, { name, at, trustRevision, root }: TrustRootRecord): RootState {
  const moment = { at: epochOf(at), trustRevision };
  if (root !== null) return { ...moment, held: holdRoot(name, root), builtIn: false };
  // What was put in the place of the built-in root is deleted; the built-in one is there again.
  const [first] = base.roots.get(name) ?? [];
  return first?.builtIn === true ? { ...first, ...moment } : { ...moment, held: null, builtIn: false };
}
