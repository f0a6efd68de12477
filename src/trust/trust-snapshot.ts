import { compileGlob } from '../intoto/glob.js';
import type { Attestor, AttestorKey, AttestorRecord, KeyRevocation } from './attestor.js';
import type { Thumbprint } from './signer.js';

/** A key with its times as milliseconds since the epoch: evidence counts in `[validFrom, validUntil)`, before `retiredAt`. */
export interface HeldKey {
  readonly key: AttestorKey;
  readonly validFrom: number;
  readonly validUntil: number;
  readonly retiredAt: number;
}

/** What an attestor was from `at`, in milliseconds since the epoch, until its next state. */
export interface AttestorState {
  readonly at: number;
  readonly trustRevision: number;
  /** null from its deletion on. */
  readonly attestor: Attestor | null;
  readonly keys: ReadonlyMap<Thumbprint, HeldKey>;
  /** Whether the attestor may speak of this repository; where a gate named none, only an unlimited one may. */
  readonly covers: (repository: string | null) => boolean;
}

/** A revocation with its times as milliseconds since the epoch. */
export interface BindingRevocation {
  readonly revocation: KeyRevocation;
  readonly effectiveFrom: number;
  readonly at: number;
}

/** Everything trust knew at one revision; immutable, so one snapshot serves any number of evaluations. */
export interface TrustSnapshot {
  readonly revision: number;
  /** When that revision was recorded, in milliseconds since the epoch; no later revision is recorded before it. */
  readonly at: number;
  /** By attestor name, each history oldest first. Deleted attestors stay: their objections keep their place. */
  readonly attestors: ReadonlyMap<string, readonly AttestorState[]>;
  /** By the key they bind, in the order in which they were recorded. */
  readonly revocations: ReadonlyMap<Thumbprint, readonly BindingRevocation[]>;
  /** The names of the attestors that hold a key or have ever held it. */
  readonly holders: ReadonlyMap<Thumbprint, ReadonlySet<string>>;
}

/** What was recorded between two revisions; each list in the order of its revisions. */
export interface TrustRecords {
  readonly states: readonly AttestorRecord[];
  readonly revocations: readonly KeyRevocation[];
}

/** Trust before anything was recorded. */
export const EMPTY_TRUST: TrustSnapshot = {
  revision: 0,
  at: -Infinity,
  attestors: new Map(),
  revocations: new Map(),
  holders: new Map(),
};

/**
 * The snapshot at `revision`, made from an earlier one and everything that was recorded after it up to there. The
 * earlier one stays as it is.
 *
 * @throws RangeError where a recorded time is not one: nothing may count by a time that cannot be compared.
 */
export function extendTrust(base: TrustSnapshot, revision: number, records: TrustRecords): TrustSnapshot {
  const attestors = new Map(base.attestors);
  const revocations = new Map(base.revocations);
  const holders = new Map(base.holders);
  for (const record of records.states) {
    attestors.set(record.name, [...(attestors.get(record.name) ?? []), stateOf(record)]);
    for (const { thumbprint } of record.attestor?.keys ?? []) {
      if (holders.get(thumbprint)?.has(record.name) !== true) {
        holders.set(thumbprint, new Set([...(holders.get(thumbprint) ?? []), record.name]));
      }
    }
  }
  for (const revocation of records.revocations) {
    const { thumbprint, effectiveFrom, at } = revocation;
    const binding = { revocation, effectiveFrom: epochOf(effectiveFrom, -Infinity), at: epochOf(at) };
    revocations.set(thumbprint, [...(revocations.get(thumbprint) ?? []), binding]);
  }
  const latest = [records.states.at(-1), records.revocations.at(-1)].map((record) =>
    epochOf(record?.at ?? null, -Infinity),
  );
  return { revision, at: Math.max(base.at, ...latest), attestors, revocations, holders };
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

/** The revocations that bind a key under one attestor: its own, and any of the key as compromised. */
export function revocationsBinding(
  trust: TrustSnapshot,
  attestor: string,
  thumbprint: Thumbprint,
): readonly BindingRevocation[] {
  const all = trust.revocations.get(thumbprint) ?? [];
  return all.filter(({ revocation }) => revocation.reason === 'compromised' || revocation.attestor === attestor);
}

/**
 * Milliseconds since the epoch of an RFC 3339 time, or what stands for an absent one.
 *
 * @throws RangeError where the text is not a time.
 */
export function epochOf(time: string): number;
export function epochOf(time: string | null, absent: number): number;
export function epochOf(time: string | null, absent = NaN): number {
  if (time === null) return absent;
  const epoch = Date.parse(time);
  if (Number.isNaN(epoch)) throw new RangeError(`not a time: ${JSON.stringify(time)}`);
  return epoch;
}

function stateOf({ at, trustRevision, attestor }: AttestorRecord): AttestorState {
  return {
    at: epochOf(at),
    trustRevision,
    attestor,
    keys: new Map(attestor?.keys.map((key) => [key.thumbprint, heldKey(key)])),
    covers: scopeOf(attestor?.repositories ?? null),
  };
}

function heldKey(key: AttestorKey): HeldKey {
  return {
    key,
    validFrom: epochOf(key.validFrom, -Infinity),
    validUntil: epochOf(key.validUntil, Infinity),
    retiredAt: epochOf(key.retiredAt, Infinity),
  };
}

/** Remembers the last answer, since one evaluation asks about one repository once for every fact and signer. */
function scopeOf(globs: readonly string[] | null): (repository: string | null) => boolean {
  if (globs === null) return () => true;
  const matchers = globs.map(compileGlob);
  let last: { readonly repository: string; readonly covered: boolean } | null = null;
  return (repository) => {
    if (repository === null) return false;
    if (last?.repository !== repository) {
      last = { repository, covered: matchers.some((matches) => matches(repository)) };
    }
    return last.covered;
  };
}
