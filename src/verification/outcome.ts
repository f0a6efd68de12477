/** Why evidence was rejected. Closed and stable: codes are API. */
export const REJECTION_CODES = [
  'signature_invalid',
  'untrusted_signer',
  'signer_not_allowed',
  'key_not_valid_then',
  'payload_type_unsupported',
  'statement_malformed',
  'predicate_malformed',
  'certificate_invalid',
  'timestamp_missing',
  'log_proof_invalid',
  'identity_mismatch',
] as const;
export type RejectionCode = (typeof REJECTION_CODES)[number];

export type Outcome =
  | { readonly outcome: 'verified'; readonly code: null; readonly detail: null }
  | { readonly outcome: 'rejected'; readonly code: RejectionCode; readonly detail: string }
  /** Could not be found out, after the last try. */
  | { readonly outcome: 'error'; readonly code: 'verification_error'; readonly detail: string };
