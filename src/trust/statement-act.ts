import type { AttestationId, Sha256Digest } from '../intoto/digest.js';
import type { SignerId } from './signer.js';

/** `revoked`: it supports no allow any more. `retracted`: it objects to none either. */
export const STATEMENT_ACTS = ['revoked', 'retracted'] as const;
export type StatementActKind = (typeof STATEMENT_ACTS)[number];

/** What was done to what somebody signed, as it is on record. */
export interface StatementAct {
  /** What was signed, however often it is posted. */
  readonly signedDigest: Sha256Digest;
  /** By whom, as the act binds; null: by whomever. */
  readonly signers: readonly SignerId[] | null;
  readonly act: StatementActKind;
  readonly reason: string;
  /** The attestation at which the act was directed. */
  readonly attestation: AttestationId;
  /** RFC 3339 UTC with milliseconds. */
  readonly at: string;
  readonly trustRevision: number;
}
