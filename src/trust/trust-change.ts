import { elementPath } from '../intoto/json-path.js';
import { AppError } from '../platform/app-error.js';
import { admitKeys } from './admit-keys.js';
import { applyKey, applyPut, gains } from './attestor-change.js';
import type { Attestor, AttestorKey, KeyRevocation } from './attestor.js';
import { isSameAttestor } from './canonical-attestor.js';
import type { AttestorDocument, KeyDocument, RevocationRequest } from './parse-attestor.js';
import { revocationTerms } from './revocation.js';
import { findAttestor, keysEverHeld, revocationsBinding, type TrustSnapshot } from './trust-snapshot.js';

/** One change of trust, to be put on record under a revision of its own. */
export type TrustChange =
  | {
      readonly type: 'attestor';
      readonly name: string;
      readonly previous: Attestor | null;
      /** null: deleted. */
      readonly attestor: Attestor | null;
      /** Whether anything could count from here on that could not before. */
      readonly gains: boolean;
    }
  | { readonly type: 'revocation'; readonly revocation: Omit<KeyRevocation, 'at' | 'trustRevision'> };

/**
 * What a document PUT under an attestor's name changes; null where nothing. Times are RFC 3339.
 *
 * @throws AppError `key_id_taken`, `key_registered` or `key_revoked`, as `admitKeys`.
 */
export function putAttestor(trust: TrustSnapshot, document: AttestorDocument, now: string): TrustChange | null {
  admitKeys(trust, document.name, document.keys, (index) => elementPath('keys', index));
  const previous = findAttestor(trust, document.name);
  const attestor = applyPut(previous, document, now);
  return attestorChange(document.name, previous, attestor);
}

/**
 * What adding one key changes; null where the attestor holds it as named.
 *
 * @throws AppError `attestor_not_found`; `key_id_taken`, `key_registered` or `key_revoked`, as `admitKeys` and `applyKey`.
 */
export function addKey(trust: TrustSnapshot, name: string, key: KeyDocument): TrustChange | null {
  const previous = getAttestor(trust, name);
  admitKeys(trust, name, [key], () => '');
  const attestor = applyKey(previous, key);
  return attestorChange(name, previous, attestor);
}

/** Deletes an attestor: it supports nothing more. Throws AppError `attestor_not_found`. */
export function deleteAttestor(trust: TrustSnapshot, name: string): TrustChange {
  return { type: 'attestor', name, previous: getAttestor(trust, name), attestor: null, gains: false };
}

/**
 * What revoking a key changes; null where it is revoked that strongly already. A key of a deleted attestor may still be
 * revoked, so that nobody brings it in again.
 *
 * @throws AppError `attestor_not_found`, `key_not_found`, `revocation_not_earlier`, `revocation_malformed`.
 */
export function revokeKey(
  trust: TrustSnapshot,
  name: string,
  keyId: string,
  request: RevocationRequest,
  now: string,
): TrustChange | null {
  const { thumbprint } = getKey(trust, name, keyId);
  const terms = revocationTerms(revocationsBinding(trust, name, thumbprint), request, now);
  if (terms === null) return null;
  return { type: 'revocation', revocation: { ...terms, thumbprint, attestor: name, keyId } };
}

/** The attestor as it is. Throws AppError `attestor_not_found`. */
export function getAttestor(trust: TrustSnapshot, name: string): Attestor {
  return findAttestor(trust, name) ?? notFound(name);
}

/** A key that the attestor holds or has held, by its id. Throws AppError `attestor_not_found` or `key_not_found`. */
export function getKey(trust: TrustSnapshot, name: string, keyId: string): AttestorKey {
  if (!trust.attestors.has(name)) notFound(name);
  const key = keysEverHeld(trust, name).find((candidate) => candidate.id === keyId);
  if (key === undefined) throw new AppError('not_found', 'key_not_found', `attestor ${name} has no such key`);
  return key;
}

function attestorChange(name: string, previous: Attestor | null, attestor: Attestor): TrustChange | null {
  if (isSameAttestor(previous, attestor)) return null;
  return { type: 'attestor', name, previous, attestor, gains: gains(previous, attestor) };
}

function notFound(name: string): never {
  throw new AppError('not_found', 'attestor_not_found', `no attestor is named ${name}`);
}
