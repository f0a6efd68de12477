import { z } from 'zod';
import type { AttestationId, Sha256Digest } from '../intoto/digest.js';
import { malformed, shapeFaults } from './document-faults.js';
import type { SignerId } from './signer.js';
import type { StatementAct, StatementActKind } from './statement-act.js';
import type { TrustChange } from './trust-change.js';
import type { TrustSnapshot } from './trust-snapshot.js';

/** What is left of a statement by one signer, the weakest last. */
export type StatementStanding = 'standing' | StatementActKind;

/**
 * What acts on record leave of what was signed, by one signer under all the names that he may be known by. What is retracted
 * is so for good.
 */
export function standingOf(
  trust: TrustSnapshot,
  signedDigest: Sha256Digest,
  names: readonly SignerId[],
): StatementStanding {
  return weakest(
    actsOn(trust, signedDigest)
      .filter(({ signers }) => signers === null || names.some((name) => signers.includes(name)))
      .map(({ act }) => act),
  );
}

/** At what an act is directed: what was signed, by these signers or, where they are null, by whomever. */
export interface StatementTarget {
  readonly signedDigest: Sha256Digest;
  readonly signers: readonly SignerId[] | null;
  /** The attestation that was named; the act binds every other with what was signed as well. */
  readonly attestation: AttestationId;
  /** The one image that it is about, or null. */
  readonly image?: Sha256Digest | null;
}

/**
 * What revoking or retracting a statement changes; null where as much was done already. What was revoked may still be
 * retracted; what was retracted need not be revoked.
 */
export function actOnStatement(
  trust: TrustSnapshot,
  { signedDigest, signers, attestation, image = null }: StatementTarget,
  act: StatementActKind,
  reason: string,
): TrustChange | null {
  const standings =
    signers === null
      ? [weakest(actsOn(trust, signedDigest).flatMap((each) => (each.signers === null ? [each.act] : [])))]
      : signers.map((signer) => standingOf(trust, signedDigest, [signer]));
  if (standings.every((standing) => standing === act || standing === 'retracted')) return null;
  const sorted = signers === null ? null : [...new Set(signers)].sort();
  return { type: 'statement', act: { signedDigest, signers: sorted, act, reason, attestation }, image };
}

/** The last act on record that binds what was signed by any of these signers; null where none does. */
export function lastActOn(trust: TrustSnapshot, { signedDigest, signers }: StatementTarget): StatementAct | null {
  const binds = (act: StatementAct): boolean =>
    act.signers === null || (signers ?? []).some((signer) => act.signers?.includes(signer) === true);
  return actsOn(trust, signedDigest).findLast(binds) ?? null;
}

/** What is POSTed to revoke or retract an attestation. */
export const actDocument = z
  .strictObject({
    reason: z
      .string()
      .min(1)
      .max(1000)
      .regex(/^(?:[^\p{Cc}\p{Cs}]|[\n\t])*$/u, 'must hold no control character')
      .describe('Why; it is on record for good'),
  })
  .meta({ id: 'StatementActDocument' });

/** Reads the request to revoke or retract an attestation. Throws AppError `act_malformed`. */
export function parseActRequest(body: unknown): { readonly reason: string } {
  const shape = actDocument.safeParse(body);
  if (!shape.success) throw malformed('act', shapeFaults(shape.error));
  return shape.data;
}

function actsOn(trust: TrustSnapshot, signedDigest: Sha256Digest): readonly StatementAct[] {
  return trust.statements.get(signedDigest) ?? [];
}

function weakest(acts: readonly StatementActKind[]): StatementStanding {
  if (acts.includes('retracted')) return 'retracted';
  return acts.length > 0 ? 'revoked' : 'standing';
}
