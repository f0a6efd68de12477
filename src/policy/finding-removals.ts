import type { Fact, Finding, ScanFact, VexStatement } from '../facts/fact.js';
import type { AttestationId, Sha256Digest } from '../intoto/digest.js';

/** A VEX document as evidence of one attestor. */
export interface VexDocument {
  readonly fact: Fact;
  /** By which a verdict names it. */
  readonly attestation: AttestationId;
  /** The digest that it is about, where that is not the image asked about. */
  readonly about: Sha256Digest | null;
  /** The attestor. */
  readonly voice: string;
}

/** A VEX statement that counts, by one attestor, with its place in time. */
export interface Said {
  readonly statement: VexStatement;
  /** Its place among the statements of its document. */
  readonly index: number;
  readonly document: VexDocument;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** It says, or is proved, when it was made; else only its receipt is known. */
  readonly timed: boolean;
}

/** What VEX statements make of one scan. */
export interface Removed {
  /** The findings that count for nothing, each with the statement that says so. */
  readonly findings: ReadonlyMap<Finding, Said>;
  /** All documents that remove any of them, also those beside which another is named. */
  readonly removing: ReadonlySet<VexDocument>;
  /** Documents that would have removed a finding, each with the newer one that says otherwise. */
  readonly overridden: ReadonlyMap<VexDocument, Said>;
}

/** What VEX statements make of scans. */
export interface FindingRemovals {
  /** @param about the digest that the scan is about, where that is not the image asked about */
  removedFrom(scan: ScanFact, about: Sha256Digest | null): Removed;
}

const NOTHING: Removed = { findings: new Map(), removing: new Set(), overridden: new Map() };

/** Where nobody is named whose statements count. */
export const NO_REMOVALS: FindingRemovals = { removedFrom: () => NOTHING };
