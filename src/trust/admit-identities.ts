import { memberPath } from '../intoto/json-path.js';
import { AppError, type FieldError } from '../platform/app-error.js';
import { patternName } from './identity-pattern.js';
import type { IdentityDocument } from './parse-identity.js';
import { revocationsOfIdentity } from './revocations-binding.js';
import { findAttestor, identitiesEverHeld, type TrustSnapshot } from './trust-snapshot.js';

/**
 * Checks that an attestor may hold these identities. `pathOf` gives the path of the identity at an index.
 *
 * Within one attestor an id and a pattern belong to each other for good, as with keys: what is on record by an id never
 * comes to speak of others. An identity that was revoked is not brought in: as compromised nowhere, as superseded not where
 * it was. One that was revoked while the attestor names it may go on being named, which gives it nothing back.
 *
 * @throws AppError `identity_id_taken` where an id is given to another pattern, `identity_registered` where a pattern is
 * given another id, `identity_revoked`.
 */
export function admitIdentities(
  trust: TrustSnapshot,
  name: string,
  identities: readonly IdentityDocument[],
  pathOf: (index: number) => string,
): void {
  refuseTakenIds(trust, name, identities, pathOf);
  refuseRevoked(trust, name, identities, pathOf);
}

function refuseTakenIds(
  trust: TrustSnapshot,
  name: string,
  identities: readonly IdentityDocument[],
  pathOf: (index: number) => string,
): void {
  const held = identitiesEverHeld(trust, name);
  const taken: FieldError[] = [];
  const registered: FieldError[] = [];
  for (const [index, identity] of identities.entries()) {
    const path = memberPath(pathOf(index), 'id');
    const pattern = patternName(identity);
    const sameId = held.find(({ id }) => id === identity.id);
    const samePattern = held.find((candidate) => patternName(candidate) === pattern);
    if (sameId !== undefined && patternName(sameId) !== pattern) {
      taken.push({
        path,
        message: `id ${identity.id} is that of ${sameId.subject ?? sameId.subjectGlob ?? 'another'}`,
      });
    } else if (samePattern !== undefined && samePattern.id !== identity.id) {
      registered.push({ path, message: `this identity has the id ${samePattern.id}` });
    }
  }
  if (taken.length > 0) {
    const detail =
      'an identity id stands for one issuer, subject, set of claims and trust root for good; give another one another id';
    throw new AppError('conflict', 'identity_id_taken', detail, { errors: [...taken, ...registered] });
  }
  if (registered.length > 0) {
    const detail = 'an identity keeps the id under which the attestor first held it';
    throw new AppError('conflict', 'identity_registered', detail, { errors: registered });
  }
}

function refuseRevoked(
  trust: TrustSnapshot,
  name: string,
  identities: readonly IdentityDocument[],
  pathOf: (index: number) => string,
): void {
  const current = findAttestor(trust, name)?.identities ?? [];
  const named = new Set(current.filter((identity) => identity.retiredAt === null).map(({ id }) => id));
  const errors = identities.flatMap((identity, index): FieldError[] => {
    const [binding] = named.has(identity.id) ? [] : revocationsOfIdentity(trust, name, identity);
    if (binding === undefined) return [];
    const { reason, attestor, identityId } = binding.revocation;
    const message = `it was revoked as ${reason}, as identity ${identityId} of attestor ${attestor}`;
    return [{ path: pathOf(index), message }];
  });
  if (errors.length === 0) return;
  throw new AppError('conflict', 'identity_revoked', 'a revoked identity cannot be added again', { errors });
}
