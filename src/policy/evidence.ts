import type { Fact } from '../facts/fact.js';
import type { AttestationId, Sha256Digest } from '../intoto/digest.js';
import type { SignerId } from '../trust/signer.js';
import type { Conditions, Line } from './conditions.js';
import type { Times } from './evidence-times.js';
import type { FindingRemovals } from './finding-removals.js';
import type { ConsideredCode } from './verdict.js';

/** One signature over a fact, as one attestor's. */
export interface Route {
  readonly attestor: string;
  readonly signer: SignerId;
  /** How people call the signer: `key k1 of qa`. */
  readonly label: string;
}

/** One fact as a member of one group, with what it may do there. */
export interface Entry {
  readonly fact: Fact;
  /** By which a verdict names it: one that bears a signature by which it helps, or else one of those whose evidence it is. */
  readonly attestation: AttestationId;
  /** The digest that it is about, where that is not the image asked about. */
  readonly about: Sha256Digest | null;
  /** Evidence of one group speaks of one thing in one voice: the newest of it stands for the rest. */
  readonly group: string;
  /** Whose evidence it is: the approver of an approval, else the attestor. */
  readonly voice: string;
  /** The people whom it names under this voice, or the voice itself where it names nobody; of an approval. */
  readonly approvers: readonly string[];
  /** It counts where it passes. */
  readonly helps: boolean;
  /** It stands in the way where it does not pass. */
  readonly hinders: boolean;
  /** The signatures by which it helps. */
  readonly routes: readonly Route[];
  /** Why it does not help. */
  readonly refusal: Refusal | null;
  /** The least recent that it can be. */
  readonly earliest: Times;
  /** The most recent that it can be. */
  latest(): Times;
  /** The highest SLSA level concluded for a builder by those whose evidence this is. */
  levelOf(builder: string): number;
}

export interface Refusal {
  readonly code: ConsideredCode;
  readonly message: string;
}

/** Evidence that takes no part. */
export interface Refused {
  readonly fact: Fact;
  /** By which a verdict names it. */
  readonly attestation: AttestationId;
  readonly refusal: Refusal;
}

/** An entry that does not count, and why. */
export interface Rejected {
  readonly entry: Entry;
  readonly reason: Refusal;
}

/** All that a requirement has to weigh, as no moment changes it. */
export interface Gathered {
  readonly conditions: Conditions;
  readonly lines: readonly GatheredLine[];
  /** Evidence of the kind that takes no part. */
  readonly refused: readonly Refused[];
  /** Evidence that is about none of the lines. */
  readonly beside: readonly Rejected[];
  /** null where the requirement names nobody whose VEX counts. */
  readonly vex: GatheredVex | null;
}

/** The VEX documents about the image, and what those that count make of scans. */
export interface GatheredVex {
  readonly entries: readonly Entry[];
  readonly refused: readonly Refused[];
  readonly removals: FindingRemovals;
}

export interface GatheredLine {
  readonly line: Line;
  readonly chosen: readonly Entry[];
  /** What speaks of the line's matter without proving it. */
  readonly near: readonly Rejected[];
}

/** Orders entries by what they are, so that no order of facts shows in a verdict. */
export function byAttestation(a: Entry, b: Entry): number {
  return ordered(a.fact.attestation, b.fact.attestation) || ordered(a.group, b.group) || ordered(a.fact.id, b.fact.id);
}

function ordered(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
