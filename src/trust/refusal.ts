import type { HeldIdentity, AttestorState } from './attestor-state.js';
import type { Attestor, IdentityRevocation, KeyRevocation } from './attestor.js';
import type { BindingRevocation } from './binding-revocation.js';
import { ANYWHERE, type Eligibility, type Question, type Repository } from './eligibility.js';

export type Refusal = Pick<Eligibility, 'code' | 'message'>;

/** Why the attestor may not sign this type of evidence, or null. */
export function refusalOfType({ name, type }: Question, attestor: Attestor): Refusal | null {
  if (attestor.kinds !== null) {
    if (attestor.kinds.includes(type.kind)) return null;
    return { code: 'signer_not_allowed', message: `attestor ${name} may not sign kind ${type.kind}` };
  }
  if (attestor.predicateTypes?.includes(type.predicateType) === true) return null;
  return { code: 'signer_not_allowed', message: `attestor ${name} may not sign predicate type ${type.predicateType}` };
}

export interface Timing {
  /** What is judged, for people: `key k1 of trivy`. */
  readonly what: string;
  /** What of it is revoked by a revocation that binds it. */
  readonly revoked: (revocation: KeyRevocation | IdentityRevocation) => string;
  readonly held: Pick<HeldIdentity, 'validFrom' | 'validUntil' | 'retiredAt'>;
  readonly bindings: readonly BindingRevocation<KeyRevocation | IdentityRevocation>[];
  /** Milliseconds since the epoch: what was recorded later binds nothing. */
  readonly known: number;
  /** Milliseconds since the epoch. */
  readonly judgedAt: number;
  readonly happened: 'received' | 'signed';
}

/** Why it does not count at the time by which it is judged, or null: revocations first. */
export function refusalOfTime({ what, revoked, held, bindings, known, judgedAt, happened }: Timing): Refusal | null {
  const binding = bindings.find(({ effectiveFrom, at }) => at <= known && judgedAt >= effectiveFrom);
  if (binding !== undefined) {
    const { revocation } = binding;
    return { code: 'signer_revoked', message: `${revoked(revocation)} is revoked as ${revocation.reason}` };
  }
  if (judgedAt >= held.retiredAt) {
    return { code: 'signer_revoked', message: `${what} was retired before this was ${happened}` };
  }
  if (judgedAt < held.validFrom) {
    return { code: 'key_not_valid_then', message: `${what} was not valid yet when this was ${happened}` };
  }
  if (judgedAt >= held.validUntil) {
    return { code: 'key_not_valid_then', message: `${what} was no longer valid when this was ${happened}` };
  }
  return null;
}

/** Why the attestor may not speak of the repository, or null. */
export function refusalOfPlace({ name }: Question, state: AttestorState, repository: Repository): Refusal | null {
  if (repository === ANYWHERE || state.covers(repository)) return null;
  const where = repository ?? 'an image whose repository is not named';
  return { code: 'signer_not_allowed', message: `attestor ${name} may not speak of ${where}` };
}
