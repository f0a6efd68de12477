import { VerificationError } from '@sigstore/verify';
import { CertificateUnusable } from './certificate.js';
import { TimestampUnusable } from './timestamp.js';

export const BUNDLE_FAILURE_CODES = [
  'signature_invalid',
  'untrusted_signer',
  'certificate_invalid',
  'timestamp_missing',
  'log_proof_invalid',
] as const;
export type BundleFailureCode = (typeof BUNDLE_FAILURE_CODES)[number];

/** Why nobody is proved to have signed: one reason of perhaps several, and what exactly, for people. */
export interface BundleFailure {
  readonly code: BundleFailureCode;
  readonly detail: string;
}

const MAX_DETAIL_LENGTH = 300;

/** A failure with its detail cut to a length that can be stored: parts of it may come from what was sent. */
export function failure(code: BundleFailureCode, detail: string): BundleFailure {
  const wellFormed = detail.toWellFormed().replace(/\p{Cc}/gu, ' ');
  return {
    code,
    detail:
      wellFormed.length <= MAX_DETAIL_LENGTH ? wellFormed : `${wellFormed.slice(0, MAX_DETAIL_LENGTH).toWellFormed()}…`,
  };
}

/**
 * The failure that an exception stands for. The library throws its own errors for what it foresees and plain ones for what
 * is out of shape; both are about what the bytes hold, so both refuse, and neither would end otherwise another time.
 */
export function failureOf(error: unknown): BundleFailure {
  if (error instanceof CertificateUnusable) return failure('certificate_invalid', `the certificate ${error.message}`);
  if (error instanceof TimestampUnusable) return failure('timestamp_missing', `a timestamp ${error.message}`);
  if (error instanceof VerificationError) return failure(codeOf(error), textOf(error));
  // Certificates and timestamps are read before the library sees them. What is left are log entries.
  return failure(
    'log_proof_invalid',
    `the proofs are out of shape: ${error instanceof Error ? error.message : 'unknown'}`,
  );
}

function codeOf({ code }: VerificationError): BundleFailureCode {
  switch (code) {
    case 'CERTIFICATE_ERROR':
    case 'PUBLIC_KEY_ERROR':
    case 'NOT_IMPLEMENTED_ERROR':
      return 'certificate_invalid';
    case 'SIGNATURE_ERROR':
      return 'signature_invalid';
    case 'TIMESTAMP_ERROR':
      return 'timestamp_missing';
    case 'TLOG_ERROR':
    case 'TLOG_INCLUSION_PROOF_ERROR':
    case 'TLOG_INCLUSION_PROMISE_ERROR':
    case 'TLOG_MISSING_INCLUSION_ERROR':
    case 'TLOG_BODY_ERROR':
      return 'log_proof_invalid';
  }
}

function textOf(error: VerificationError): string {
  const cause: unknown = error.cause;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}
