import { compileGlob } from '../intoto/glob.js';
import { attestorOf, type Attestor, type AttestorIdentity, type AttestorKey, type AttestorRecord } from './attestor.js';
import { epochOf } from './epoch.js';
import { compilePattern, type CompiledPattern } from './identity-pattern.js';
import type { Thumbprint } from './signer.js';

/** A key with its times as milliseconds since the epoch: evidence counts in `[validFrom, validUntil)`, before `retiredAt`. */
export interface HeldKey {
  readonly key: AttestorKey;
  readonly validFrom: number;
  readonly validUntil: number;
  readonly retiredAt: number;
}

/** An identity with its times, as of a key. */
export interface HeldIdentity {
  readonly identity: AttestorIdentity;
  readonly compare: CompiledPattern;
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
  /** In the order of their ids. */
  readonly identities: readonly HeldIdentity[];
  /** Whether the attestor may speak of this repository; where a gate named none, only an unlimited one may. */
  readonly covers: (repository: string | null) => boolean;
}

/** Every identity of these states of one attestor, each once, as it was last held: an id never stands for two patterns. */
export function identitiesOf(states: readonly AttestorState[]): readonly HeldIdentity[] {
  const known = byStates.get(states);
  if (known !== undefined) return known;
  const latest = new Map(
    states.flatMap(({ identities }) => identities.map((held) => [held.identity.id, held] as const)),
  );
  const all = [...latest.values()];
  byStates.set(states, all);
  return all;
}

/** The history of an attestor is one list from one change of it to the next. */
const byStates = new WeakMap<readonly AttestorState[], readonly HeldIdentity[]>();

/** The state that a record makes. Throws RangeError where one of its times is not one. */
export function stateOf({ at, trustRevision, attestor: recorded }: AttestorRecord): AttestorState {
  const attestor = recorded === null ? null : attestorOf(recorded);
  return {
    at: epochOf(at),
    trustRevision,
    attestor,
    keys: new Map(attestor?.keys.map((key) => [key.thumbprint, { key, ...windowOf(key) }])),
    identities:
      attestor?.identities.map((identity) => ({
        identity,
        compare: compilePattern(identity),
        ...windowOf(identity),
      })) ?? [],
    covers: scopeOf(attestor?.repositories ?? null),
  };
}

function windowOf({ validFrom, validUntil, retiredAt }: Pick<AttestorKey, 'validFrom' | 'validUntil' | 'retiredAt'>): {
  readonly validFrom: number;
  readonly validUntil: number;
  readonly retiredAt: number;
} {
  return {
    validFrom: epochOf(validFrom, -Infinity),
    validUntil: epochOf(validUntil, Infinity),
    retiredAt: epochOf(retiredAt, Infinity),
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
