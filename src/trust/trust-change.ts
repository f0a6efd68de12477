import { elementPath } from '../intoto/json-path.js';
import type { Sha256Digest } from '../intoto/digest.js';
import type { TrustRoot } from '../intoto/sigstore/trust-root.js';
import { AppError } from '../platform/app-error.js';
import { admitIdentities } from './admit-identities.js';
import { admitKeys } from './admit-keys.js';
import { applyIdentity, applyKey, applyPut } from './attestor-change.js';
import { attestorGains } from './attestor-gains.js';
import type { Attestor, AttestorIdentity, AttestorKey, IdentityRevocation, KeyRevocation } from './attestor.js';
import { isSameAttestor } from './canonical-attestor.js';
import type { GainCause } from './gain-causes.js';
import { patternOf } from './identity-pattern.js';
import type { AttestorDocument, KeyDocument, RevocationRequest } from './parse-attestor.js';
import type { IdentityDocument } from './parse-identity.js';
import { revocationTerms } from './revocation.js';
import { revocationsBinding, revocationsOfIdentity } from './revocations-binding.js';
import type { StatementAct } from './statement-act.js';
import { findAttestor, identitiesEverHeld, keysEverHeld, type TrustSnapshot } from './trust-snapshot.js';

type Unrecorded<Record> = Omit<Record, 'at' | 'trustRevision'>;

/** One change of trust, to be put on record under a revision of its own. */
export type TrustChange =
  | {
      readonly type: 'attestor';
      readonly name: string;
      readonly previous: Attestor | null;
      /** null: deleted. */
      readonly attestor: Attestor | null;
      /** By what anything could count from here on that could not before; sorted. */
      readonly gains: readonly GainCause[];
    }
  | {
      readonly type: 'root';
      readonly name: string;
      readonly previous: TrustRoot | null;
      /** null: deleted; in the place of the built-in root, that is there again. */
      readonly root: TrustRoot | null;
      readonly gains: readonly GainCause[];
    }
  | { readonly type: 'revocation'; readonly revocation: Unrecorded<KeyRevocation> }
  | { readonly type: 'identity-revocation'; readonly revocation: Unrecorded<IdentityRevocation> }
  | {
      readonly type: 'statement';
      readonly act: Unrecorded<StatementAct>;
      /** The one image that the attestation is about, or null. */
      readonly image: Sha256Digest | null;
    };

/**
 * What a document PUT under an attestor's name changes; null where nothing. Times are RFC 3339.
 *
 * @throws AppError `key_id_taken`, `key_registered` or `key_revoked`, as `admitKeys`; the same of identities.
 */
export function putAttestor(trust: TrustSnapshot, document: AttestorDocument, now: string): TrustChange | null {
  const { name, keys, identities } = document;
  admitKeys(trust, name, keys, (index) => elementPath('keys', index));
  admitIdentities(trust, name, identities, (index) => elementPath('identities', index));
  const previous = findAttestor(trust, name);
  return attestorChange(trust, name, previous, applyPut(previous, document, now));
}

/**
 * What adding one key changes; null where the attestor holds it as named.
 *
 * @throws AppError `attestor_not_found`; `key_id_taken`, `key_registered` or `key_revoked`, as `admitKeys` and `applyKey`.
 */
export function addKey(trust: TrustSnapshot, name: string, key: KeyDocument): TrustChange | null {
  const previous = getAttestor(trust, name);
  admitKeys(trust, name, [key], () => '');
  return attestorChange(trust, name, previous, applyKey(previous, key));
}

/**
 * What adding one identity changes; null where the attestor holds it as named.
 *
 * @throws AppError `attestor_not_found`; `identity_id_taken`, `identity_registered` or `identity_revoked`, as
 * `admitIdentities` and `applyIdentity`.
 */
export function addIdentity(trust: TrustSnapshot, name: string, identity: IdentityDocument): TrustChange | null {
  const previous = getAttestor(trust, name);
  admitIdentities(trust, name, [identity], () => '');
  return attestorChange(trust, name, previous, applyIdentity(previous, identity));
}

/** Deletes an attestor: it supports nothing more. Throws AppError `attestor_not_found`. */
export function deleteAttestor(trust: TrustSnapshot, name: string): TrustChange {
  return { type: 'attestor', name, previous: getAttestor(trust, name), attestor: null, gains: [] };
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

/**
 * What revoking an identity changes, as with a key.
 *
 * @throws AppError `attestor_not_found`, `identity_not_found`, `revocation_not_earlier`, `revocation_malformed`.
 */
export function revokeIdentity(
  trust: TrustSnapshot,
  name: string,
  identityId: string,
  request: RevocationRequest,
  now: string,
): TrustChange | null {
  const identity = getIdentity(trust, name, identityId);
  const terms = revocationTerms(revocationsOfIdentity(trust, name, identity), request, now);
  if (terms === null) return null;
  const pattern = patternOf(identity);
  return { type: 'identity-revocation', revocation: { ...terms, attestor: name, identityId, pattern } };
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

/** An identity that the attestor has or has had, by its id. Throws AppError `attestor_not_found`, `identity_not_found`. */
export function getIdentity(trust: TrustSnapshot, name: string, identityId: string): AttestorIdentity {
  if (!trust.attestors.has(name)) notFound(name);
  const identity = identitiesEverHeld(trust, name).find((candidate) => candidate.id === identityId);
  if (identity !== undefined) return identity;
  throw new AppError('not_found', 'identity_not_found', `attestor ${name} has no such identity`);
}

function attestorChange(
  trust: TrustSnapshot,
  name: string,
  previous: Attestor | null,
  attestor: Attestor,
): TrustChange | null {
  if (isSameAttestor(previous, attestor)) return null;
  return { type: 'attestor', name, previous, attestor, gains: attestorGains(trust, previous, attestor) };
}

function notFound(name: string): never {
  throw new AppError('not_found', 'attestor_not_found', `no attestor is named ${name}`);
}
