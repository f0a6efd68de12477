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

export interface ApprovalFact {
  readonly kind: 'approval';
  readonly decision: 'approved' | 'rejected';
  readonly approver: { readonly id: string; readonly name: string | null };
  readonly role: string | null;
  /** null where the approval names none. */
  readonly environments: readonly string[] | null;
  readonly regions: readonly string[] | null;
  readonly reason: string | null;
  readonly reference: string | null;
  readonly approvedAt: Timestamp;
  readonly expiresAt: Timestamp | null;
}

/** A predicate this service does not read further: kept whole, for `check` by predicate type. */
export interface OtherFact {
  readonly kind: Exclude<Kind, 'build' | 'scan' | 'test' | 'approval'>;
  readonly predicate: Json;
}

/** What a verified payload says, in normal form. */
export type FactContent = BuildFact | ScanFact | TestFact | ApprovalFact | OtherFact;

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
