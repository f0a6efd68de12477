import type { AttestationId, Sha256Digest } from '../intoto/digest.js';
import type { ProvedSigner } from '../intoto/proved-signer.js';

/** What one examination came to, as it goes on record. */
export interface VerificationRecord {
  readonly attestation: AttestationId;
  readonly trustRevision: number;
  readonly readerRevision: number;
  readonly outcome: string;
  readonly code: string | null;
  readonly detail: string | null;
  readonly signedDigest: Sha256Digest | null;
  /** Whom the signers were found to be. */
  readonly signers: readonly object[];
  /** What mathematics showed of them. */
  readonly proved: readonly ProvedSigner[];
  /** The changes of trust by which another examination could find more. */
  readonly gains: readonly string[];
}
