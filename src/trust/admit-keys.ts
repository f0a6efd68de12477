import { memberPath } from '../intoto/json-path.js';
import { AppError, type FieldError } from '../platform/app-error.js';
import type { KeyDocument } from './parse-attestor.js';
import { revocationsBinding } from './revocations-binding.js';
import { findAttestor, keysEverHeld, type TrustSnapshot } from './trust-snapshot.js';

/**
 * Checks that an attestor may hold these keys. `pathOf` gives the path of the key at an index.
 *
 * Within one attestor a key id and a public key belong to each other for good, through retirement and deletion, so that
 * what is on record by a key's id never comes to speak of another key. A revoked key is not brought in: as compromised
 * nowhere, as superseded not where it was. One that was revoked while the attestor names it may go on being named, which
 * gives it nothing back.
 *
 * @throws AppError `key_id_taken` where an id is given to another key, `key_registered` where a key is given another id,
 * `key_revoked`.
 */
export function admitKeys(
  trust: TrustSnapshot,
  name: string,
  keys: readonly KeyDocument[],
  pathOf: (index: number) => string,
): void {
  refuseTakenIds(trust, name, keys, pathOf);
  refuseRevoked(trust, name, keys, pathOf);
}

function refuseTakenIds(
  trust: TrustSnapshot,
  name: string,
  keys: readonly KeyDocument[],
  pathOf: (index: number) => string,
): void {
  const held = keysEverHeld(trust, name);
  const taken: FieldError[] = [];
  const registered: FieldError[] = [];
  for (const [index, key] of keys.entries()) {
    const path = memberPath(pathOf(index), 'id');
    const sameId = held.find((candidate) => candidate.id === key.id);
    const sameKey = held.find((candidate) => candidate.thumbprint === key.thumbprint);
    if (sameId !== undefined && sameId.thumbprint !== key.thumbprint) {
      taken.push({ path, message: `id ${key.id} is that of ${sameId.thumbprint}` });
    } else if (sameKey !== undefined && sameKey.id !== key.id) {
      registered.push({ path, message: `this public key has the id ${sameKey.id}` });
    }
  }
  if (taken.length > 0) {
    const detail = 'a key id stands for one public key for good; give a new key a new id';
    throw new AppError('conflict', 'key_id_taken', detail, { errors: [...taken, ...registered] });
  }
  if (registered.length > 0) {
    const detail = 'a public key keeps the id under which the attestor first held it';
    throw new AppError('conflict', 'key_registered', detail, { errors: registered });
  }
}

function refuseRevoked(
  trust: TrustSnapshot,
  name: string,
  keys: readonly KeyDocument[],
  pathOf: (index: number) => string,
): void {
  const current = findAttestor(trust, name)?.keys ?? [];
  const named = new Set(current.filter((key) => key.retiredAt === null).map((key) => key.thumbprint));
  const errors = keys.flatMap(({ thumbprint }, index): FieldError[] => {
    const [binding] = named.has(thumbprint) ? [] : revocationsBinding(trust, name, thumbprint);
    if (binding === undefined) return [];
    const { reason, attestor, keyId } = binding.revocation;
    const message = `this public key was revoked as ${reason}, as key ${keyId} of attestor ${attestor}`;
    return [{ path: memberPath(pathOf(index), 'publicKey'), message }];
  });
  if (errors.length === 0) return;
  throw new AppError('conflict', 'key_revoked', 'a revoked key cannot be added again', { errors });
}
