import type { DerivedFact } from '../facts/fact.js';
import type { Sha256Digest } from '../intoto/digest.js';
import { kindOf } from '../intoto/predicate-kind.js';
import type { ProvedSigner } from '../intoto/proved-signer.js';
import type { EvidenceType } from '../trust/authority.js';
import { waitsFor as causesWaitedFor, type GainCause } from '../trust/gain-causes.js';
import { signerOf } from '../trust/signer.js';
import { signerStatus, type SignerStanding } from '../trust/signer-status.js';
import type { TrustSnapshot } from '../trust/trust-snapshot.js';
import type { Outcome, RejectionCode } from './outcome.js';
import type { EvidenceReading, PredicateReading } from './read-evidence.js';

/** What one run of signature checking found, at one trust revision. */
export interface Examination {
  readonly outcome: Outcome;
  readonly trustRevision: number;
  /** What was signed; null where the bytes are no evidence or could not be examined. */
  readonly signedDigest: Sha256Digest | null;
  /** Mathematics alone: who signed. Facts are proved by these, and trust resolves later which count. */
  readonly proved: readonly ProvedSigner[];
  /** Whose signers they are found to be, and whether they could count at that time. */
  readonly signers: readonly SignerStanding[];
  readonly facts: readonly DerivedFact[];
  /** The changes of trust by which another examination could find more; sorted. */
  readonly gains: readonly GainCause[];
}

/**
 * What evidence comes to at one trust revision: verified where at least one signer could count for what it proves, else
 * rejected for the reason that came closest.
 */
export function examine(reading: EvidenceReading, receivedAt: Date, trust: TrustSnapshot): Examination {
  const nothing = { trustRevision: trust.revision, signedDigest: null, proved: [], signers: [], facts: [], gains: [] };
  switch (reading.state) {
    case 'refused':
      return { ...nothing, outcome: rejected(reading.code, reading.detail) };
    case 'unsigned': {
      const { signedDigest, code, detail, waitsFor } = reading;
      return { ...nothing, outcome: rejected(code, detail), signedDigest, gains: waitsFor };
    }
    case 'unreadable': {
      const { signedDigest, signers, detail } = reading;
      return { ...nothing, outcome: rejected('statement_malformed', detail), signedDigest, proved: signers };
    }
    case 'read':
      return { ...nothing, ...judged(reading, receivedAt.toISOString(), trust) };
  }
}

/** The record of an attestation that could not be examined, after the last try. */
export function couldNotFindOut(trustRevision: number, reason: unknown): Examination {
  const detail = `verification failed: ${reason instanceof Error ? reason.name : 'unknown reason'}`;
  return {
    outcome: { outcome: 'error', code: 'verification_error', detail },
    trustRevision,
    signedDigest: null,
    proved: [],
    signers: [],
    facts: [],
    gains: [],
  };
}

function judged(
  { signedDigest, signers, waitsFor, predicateType, facts }: Extract<EvidenceReading, { state: 'read' }>,
  receivedAt: string,
  trust: TrustSnapshot,
): Omit<Examination, 'trustRevision'> {
  const { standings, rejection, waiting } = signerStatus(
    trust,
    signers.map((signer) => signerOf(signer, { receivedAt })),
    typesOf(predicateType, facts),
  );
  return {
    outcome: outcomeOf(facts, rejection),
    signedDigest,
    proved: signers,
    signers: standings,
    facts: facts.read ? facts.facts : [],
    gains: [
      ...new Set([...waitsFor, ...causesWaitedFor(waiting.map((signer) => ({ type: 'signer', signer })))]),
    ].sort(),
  };
}

function outcomeOf(
  facts: PredicateReading,
  rejection: { readonly code: RejectionCode; readonly detail: string } | null,
): Outcome {
  if (!facts.read) return rejected('predicate_malformed', facts.detail);
  return rejection === null
    ? { outcome: 'verified', code: null, detail: null }
    : rejected(rejection.code, rejection.detail);
}

/** The kinds the evidence would have to be signed for: those of its facts, or that of its type where it gave none. */
function typesOf(predicateType: string, facts: PredicateReading): readonly EvidenceType[] {
  if (!facts.read || facts.facts.length === 0) return [{ kind: kindOf(predicateType), predicateType }];
  return facts.facts.map((fact) => ({ kind: fact.content.kind, predicateType }));
}

function rejected(code: RejectionCode, detail: string): Outcome {
  return { outcome: 'rejected', code, detail };
}
