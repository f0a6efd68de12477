import { AppError } from '../platform/app-error.js';
import type { Attestor, AttestorKey } from './attestor.js';
import { isSameAttestor } from './canonical-attestor.js';
import type { AttestorDocument, KeyDocument } from './parse-attestor.js';
import { epochOf } from './trust-snapshot.js';

/**
 * The attestor that a document makes of the previous one. A key the document leaves out is kept, retired from `now` on
 * (RFC 3339) unless it was retired before; a key named again is no longer retired. Nothing else of the previous remains.
 * Keys are told apart by thumbprint; that ids and keys agree with the previous is for `admitKeys` to say.
 */
export function applyPut(previous: Attestor | null, document: AttestorDocument, now: string): Attestor {
  const before = previous?.keys ?? [];
  const named = new Set(document.keys.map((key) => key.thumbprint));
  const left = before.filter((key) => !named.has(key.thumbprint));
  return {
    ...document,
    keys: byId([
      ...document.keys.map((key) => ({ ...key, retiredAt: null })),
      ...left.map((key) => ({ ...key, retiredAt: key.retiredAt ?? now })),
    ]),
  };
}

/**
 * The attestor with one more key, or with a retired one taken back. A key that is there as named changes nothing.
 *
 * @throws AppError `key_id_taken` where the attestor names it with other terms.
 */
export function applyKey(previous: Attestor, document: KeyDocument): Attestor {
  const key = { ...document, retiredAt: null };
  const known = previous.keys.find((candidate) => candidate.id === key.id);
  const next = { ...previous, keys: byId([...previous.keys.filter((candidate) => candidate !== known), key]) };
  if (known !== undefined && known.retiredAt === null && !isSameAttestor(previous, next)) {
    throw new AppError(
      'conflict',
      'key_id_taken',
      `key ${key.id} is there already; PUT the attestor to change its terms`,
    );
  }
  return next;
}

/**
 * Whether anything could count as evidence under the next state that could not under the previous one: then evidence is
 * waiting to be looked at again. True also where that is hard to rule out, as between two lists of globs. What a verdict
 * makes of counted evidence (persons, builders, who names approvers) is read at each verdict and gains nothing here.
 */
export function gains(previous: Attestor | null, next: Attestor | null): boolean {
  if (next === null) return false;
  if (previous === null) return next.keys.length > 0;
  const before = new Map(previous.keys.map((key) => [key.thumbprint, key]));
  return widened(previous, next) || next.keys.some((key) => keyGains(before.get(key.thumbprint), key));
}

function widened(previous: Attestor, next: Attestor): boolean {
  return (
    adds(previous.kinds ?? [], next.kinds ?? []) ||
    adds(previous.predicateTypes ?? [], next.predicateTypes ?? []) ||
    (previous.repositories !== null && (next.repositories === null || adds(previous.repositories, next.repositories)))
  );
}

function keyGains(before: AttestorKey | undefined, key: AttestorKey): boolean {
  if (before === undefined) return true;
  return (
    adds(before.schemes, key.schemes) ||
    epochOf(key.validFrom, -Infinity) < epochOf(before.validFrom, -Infinity) ||
    epochOf(key.validUntil, Infinity) > epochOf(before.validUntil, Infinity) ||
    epochOf(key.retiredAt, Infinity) > epochOf(before.retiredAt, Infinity)
  );
}

function adds<T>(before: readonly T[], after: readonly T[]): boolean {
  return after.some((element) => !before.includes(element));
}

function byId(keys: readonly AttestorKey[]): readonly AttestorKey[] {
  return [...keys].sort((a, b) => (a.id < b.id ? -1 : 1));
}
