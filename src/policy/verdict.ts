import type { VexStatus } from '../facts/fact.js';
import type { AttestationId, Sha256Digest, SubjectDigest } from '../intoto/digest.js';
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

/** A finding that counts for nothing, and the VEX statement that says so. */
export interface RemovedFinding {
  readonly vulnerability: string;
  /** Its package URL, or else its name. */
  readonly package: string | null;
  readonly status: VexStatus;
  readonly justification: string | null;
  /** The VEX document, and the attestor for whom it counts. */
  readonly attestation: AttestationId;
  readonly attestor: string;
}

/** A finding that counts for nothing because the policy says so. */
export interface FindingIgnored {
  readonly vulnerability: string;
  /** Its package URL, or else its name. */
  readonly package: string | null;
  /** As the policy says it: a date holds to its end in UTC. */
  readonly until: string;
  readonly reason: string;
}

/** How evidence about the source is evidence about the image. */
export interface Through {
  /** The attestation of the build that names the commit. */
  readonly build: AttestationId;
  /** In full, 40 or 64 hex digits. */
  readonly commit: string;
}

/** Evidence about another digest that is evidence about the image, by an index that names both. */
export interface Via {
  /** What the other is to the image: an index it is in, or one of its manifests. */
  readonly relation: 'index' | 'manifest';
  readonly digest: Sha256Digest;
  /** What counted of it, sorted. */
  readonly evidence: readonly AttestationId[];
}

export interface RequirementResult {
  readonly id: string;
  readonly status: RequirementStatus;
  readonly code: RequirementCode;
  readonly message: string;
  /** What satisfied the requirement, or for `negative_evidence` what stands against it; sorted. */
  readonly evidence: readonly AttestationId[];
  readonly considered: readonly Considered[];
  /**
   * What would satisfy it, in words a pipeline's author can act on, where it is waived without a waiver; null where it is
   * satisfied or does not apply.
   */
  readonly missing: string | null;
  /** The ids of the waivers without which it would not be met, sorted; only where it is waived. */
  readonly waivers?: readonly string[];
  /**
   * What VEX removed from the scans that were judged, in a verdict each once and the first hundred; absent where no VEX is
   * asked for.
   */
  readonly removed?: readonly RemovedFinding[];
  /** How many were removed in all; in a verdict, beside `removed`. */
  readonly removedCount?: number;
  /**
   * Beside `evidence` and `through`, without what it might not be met: VEX that removed findings, and under a `not` what took the
   * place of what it wants to be absent. All of it, sorted; absent where no VEX is asked for and there is none.
   */
  readonly alsoRestsOn?: readonly AttestationId[];
  /** What `ignore` left out of the scans that were judged, in a verdict the first hundred; absent where it left out nothing. */
  readonly ignored?: readonly FindingIgnored[];
  /** How many it left out in all; in a verdict, beside `ignored`. */
  readonly ignoredCount?: number;
  /** Of a requirement about the source, where the builds name one commit. */
  readonly through?: Through;
  /** Which of the evidence is about other digests, by these; absent where none is. */
  readonly via?: readonly Via[];
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

/** Who had an image allowed whatever the policy says, and why. */
export interface BreakGlass {
  readonly justification: string;
  /** As the history names the caller. */
  readonly by: string;
}

/** A verdict as evaluation gives it: without an identity and without the record that it was given. */
export interface Verdict {
  readonly decision: 'allow' | 'deny';
  /** Evidence for this digest is still being verified. */
  readonly pending: boolean;
  readonly mode: 'enforce' | 'audit';
  /** Under `audit`, or where the glass was broken: the policy enforced would have denied. */
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
  /** The ids of the waivers that requirements needed to be met, sorted. */
  readonly waivers: readonly string[];
  /** Only where it was recorded in spite of what the policy says. */
  readonly breakGlass?: BreakGlass;
  readonly revisions: {
    readonly evidence: number;
    /** Of what is proved about other digests that the verdict depends on; absent where there are none. */
    readonly related?: Readonly<Record<SubjectDigest, number>>;
    /** Of the indexes that concern the image; absent where the policy does not look at them. */
    readonly relations?: number;
    readonly trust: number;
    readonly waivers: number;
  };
}

/** A verdict with the id under which it stands on record. */
export type IdentifiedVerdict = { readonly id: string } & Verdict;
