import type { AttestationId, Sha256Digest } from '../intoto/digest.js';
import type { Json } from '../intoto/json.js';
import type { Kind } from '../intoto/predicate-kind.js';
import type { Signer } from '../trust/signer.js';

export type { Json } from '../intoto/json.js';

/** RFC 3339, UTC, millisecond precision, as `new Date(...).toISOString()` writes it. */
export type Timestamp = string;

export interface BuildFact {
  readonly kind: 'build';
  readonly builder: string;
  readonly buildType: string | null;
  /** Canonical repository URL (no `git+`, no `.git`, no `@ref`), ref and commit, as far as the provenance names them. */
  readonly source: { readonly repository: string | null; readonly ref: string | null; readonly commit: string | null };
  readonly invocation: string | null;
  readonly startedAt: Timestamp | null;
  readonly finishedAt: Timestamp | null;
  readonly materials: readonly { readonly uri: string | null; readonly digest: Readonly<Record<string, string>> }[];
  readonly parameters: Json;
  /** Whoever started it, by the names that the builder's platform knows them by; absent where it names nobody. */
  readonly startedBy?: readonly string[];
}

/** `unknown` is a class of its own and never "none"; `negligible` is Grype's lowest, `none` a CVSS score of 0. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'negligible', 'none', 'unknown'] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface Finding {
  readonly id: string;
  readonly severity: Severity;
  /** Highest CVSS base score known for the finding, 0 to 10, or null. */
  readonly cvss: number | null;
  readonly package: { readonly name: string | null; readonly version: string | null; readonly purl: string | null };
  readonly fixedIn: readonly string[];
}

export interface ScanFact {
  readonly kind: 'scan';
  /** Name without version, such as `trivy`, or the scanner's URI where no tool is recognised. */
  readonly scanner: string;
  readonly scannerVersion: string | null;
  readonly databaseAt: Timestamp | null;
  readonly scannedAt: Timestamp | null;
  readonly findings: readonly Finding[];
  readonly counts: Readonly<Record<Severity, number>>;
}

export interface TestFact {
  readonly kind: 'test';
  /** `unknown` for any word the specification does not define: never a pass. */
  readonly result: 'passed' | 'warned' | 'failed' | 'unknown';
  readonly suite: string | null;
  readonly url: string | null;
  /** Where it ran: `hardware`, `region` and whatever else the configuration's annotations name; values are strings. */
  readonly environment: Readonly<Record<string, string>>;
  readonly configuration: readonly Json[];
  readonly passed: readonly string[];
  readonly warned: readonly string[];
  readonly failed: readonly string[];
}

/** Somebody as an approval names them. */
export interface Approver {
  readonly id: string;
  readonly name: string | null;
}

export interface ApprovalFact {
  readonly kind: 'approval';
  readonly decision: 'approved' | 'rejected';
  /** null where the predicate names nobody: then whoever signed it decided. */
  readonly approver: Approver | null;
  /** Who else decided the same in the same statement; absent where nobody did. */
  readonly coApprovers?: readonly Approver[];
  readonly role: string | null;
  /** null where the approval names none. */
  readonly environments: readonly string[] | null;
  readonly regions: readonly string[] | null;
  readonly reason: string | null;
  readonly reference: string | null;
  /** null where the predicate does not say. */
  readonly approvedAt: Timestamp | null;
  readonly expiresAt: Timestamp | null;
}

/** One thing that a bill of materials says is in the artifact. */
export interface Component {
  readonly name: string;
  readonly version: string | null;
  /** In canonical form; null where there is none or it is not well-formed. */
  readonly purl: string | null;
  /** SPDX ids, names or expressions, as they are written. */
  readonly licences: readonly string[];
}

export const SBOM_FORMATS = ['cyclonedx', 'spdx'] as const;

export interface SbomFact {
  readonly kind: 'sbom';
  readonly format: (typeof SBOM_FORMATS)[number];
  readonly specVersion: string;
  /** Nested ones after what they are part of; the artifact itself is none, where the format tells it apart. */
  readonly components: readonly Component[];
  readonly counts: { readonly components: number; readonly withoutPurl: number; readonly withoutLicence: number };
}

export const VEX_STATUSES = ['not_affected', 'affected', 'fixed', 'under_investigation'] as const;
export type VexStatus = (typeof VEX_STATUSES)[number];

/** What a VEX statement speaks of: by id, package URL in canonical form, or digests by algorithm (`sha256`). */
export interface VexComponent {
  readonly id: string | null;
  readonly purl: string | null;
  readonly hashes: Readonly<Record<string, string>>;
}

export interface VexStatement {
  readonly vulnerability: { readonly id: string; readonly aliases: readonly string[] };
  /** null: the subjects of the attestation. An empty list speaks of nothing. */
  readonly products: readonly (VexComponent & { readonly subcomponents: readonly VexComponent[] })[] | null;
  readonly status: VexStatus;
  readonly justification: string | null;
  /** Why, or what to do, in words for people. */
  readonly detail: string | null;
  /** When it was said: its own time, or else its document's. */
  readonly at: Timestamp | null;
}

export interface VexFact {
  readonly kind: 'vex';
  readonly author: string | null;
  /** Which document of its author, and which version of it, as far as it says. */
  readonly document: string | null;
  readonly version: number | null;
  readonly statements: readonly VexStatement[];
}

export interface SummaryFact {
  readonly kind: 'summary';
  readonly verifier: string;
  readonly result: 'passed' | 'failed';
  /** SLSA levels and what else a VSA verified; `FAILED` where it says so. */
  readonly levels: readonly string[];
  readonly policy: { readonly uri: string | null; readonly digest: Readonly<Record<string, string>> } | null;
  readonly resourceUri: string | null;
  readonly timeVerified: Timestamp | null;
  /** Properties that a simple verification result says hold. */
  readonly properties: readonly string[];
}

/** A predicate this service does not read further: kept whole, for `check` by predicate type. */
export interface OtherFact {
  readonly kind: 'other';
  readonly predicate: Json;
}

/** What a verified payload says, in normal form. */
export type FactContent = BuildFact | ScanFact | TestFact | ApprovalFact | SbomFact | VexFact | SummaryFact | OtherFact;

/** A fact as derived from one statement, before it is tied to images and signers. */
export interface DerivedFact {
  readonly content: FactContent;
  readonly predicateType: string;
  /** When the predicate says it happened, or null where its type has no time of its own. Claimed by the signer. */
  readonly ownTime: Timestamp | null;
}

/** One fact about one image, as evaluation sees it. */
export interface Fact {
  /** Unique among an image's facts; the order of ids is the order in which they were proved. */
  readonly id: string;
  readonly attestation: AttestationId;
  readonly kind: Kind;
  readonly predicateType: string;
  /** What was signed, by whomever: acts on what an attestation says bind this. */
  readonly signedDigest: Sha256Digest;
  /** Distinct signers whose signature over exactly these bytes verifies. Whether one counts is for trust to say. */
  readonly signers: readonly Signer[];
  /** When this service first received evidence with this content and one of these signers. */
  readonly receivedAt: Timestamp;
  readonly ownTime: Timestamp | null;
  readonly content: FactContent;
}
