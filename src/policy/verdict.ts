import type { AttestationId, Sha256Digest } from '../intoto/digest.js';
import type { Json } from '../intoto/json.js';
import type { Kind } from '../intoto/predicate-kind.js';

export const REQUIREMENT_STATUSES = ['satisfied', 'unsatisfied', 'waived', 'not_applicable', 'error'] as const;
export type RequirementStatus = (typeof REQUIREMENT_STATUSES)[number];

export const REQUIREMENT_CODES = [
  'satisfied',
  'no_evidence',
  'not_enough_evidence',
  'evidence_too_old',
  'wrong_attestor',
  'signer_revoked',
  'condition_false',
  'negative_evidence',
  'waived',
  'not_applicable',
  'evaluation_error',
] as const;
export type RequirementCode = (typeof REQUIREMENT_CODES)[number];

export const CONSIDERED_CODES = [
  ...REQUIREMENT_CODES,
  'superseded',
  'attestation_revoked',
  'approver_mismatch',
  'duplicate_person',
  'not_valid_yet',
] as const;
export type ConsideredCode = (typeof CONSIDERED_CODES)[number];

export interface Considered {
  readonly attestation: AttestationId;
  readonly code: ConsideredCode;
  readonly message: string;
}

export interface RequirementResult {
  readonly id: string;
  readonly status: RequirementStatus;
  readonly code: RequirementCode;
  readonly message: string;
  /** What satisfied the requirement, or for `negative_evidence` what stands against it; sorted. */
  readonly evidence: readonly AttestationId[];
  readonly considered: readonly Considered[];
  /** What would satisfy it, in words a pipeline's author can act on; null where it is satisfied or does not apply. */
  readonly missing: string | null;
}

/** One thing that would have to be there for a deny to become an allow. */
export interface Missing {
  /** Id of the requirement of the policy's list that it is for. */
  readonly requirement: string;
  /** null where no evidence would do: the place, the policy or an expression would have to be another. */
  readonly kind: Kind | null;
  /** How many pieces of evidence to post; 0 where posting does not help, but a retraction or something else. */
  readonly count: number;
  /** Attestors, any of whom may sign it. */
  readonly from: readonly string[];
  /**
   * What it must meet, in the words of the policy with its parameters in place. Besides, `replaces`: the attestation that it
   * must be newer than; `approver`: who has to give it; `retract`: attestations that stand in the way.
   */
  readonly conditions: Readonly<Record<string, Json>>;
  /** The same for people. */
  readonly text: string;
}

export type ParameterValue = string | number | boolean;
export type Parameters = Readonly<Record<string, ParameterValue>>;

/** A verdict as evaluation gives it: without an identity and without the record that it was given. */
export interface Verdict {
  readonly decision: 'allow' | 'deny';
  /** Evidence for this digest is still being verified. */
  readonly pending: boolean;
  readonly mode: 'enforce' | 'audit';
  /** Under `audit`: enforcement would have denied. */
  readonly wouldDeny: boolean;
  readonly image: { readonly digest: Sha256Digest; readonly repository: string | null };
  readonly policy: { readonly name: string; readonly revision: number; readonly digest: Sha256Digest };
  readonly parameters: Parameters;
  /** RFC 3339 with milliseconds. */
  readonly evaluatedAt: string;
  /** First moment at which time alone could change the answer, exclusive; null where it cannot. */
  readonly validUntil: string | null;
  readonly requirements: readonly RequirementResult[];
  /** The least that would turn a deny into an allow; empty on an allow, and where no requirement applies. */
  readonly missing: readonly Missing[];
  readonly waivers: readonly string[];
  readonly revisions: { readonly evidence: number; readonly trust: number; readonly waivers: number };
}
