import type { DerivedFact } from '../facts/fact.js';
import type { Sha256Digest } from '../intoto/digest.js';
import { kindOf } from '../intoto/predicate-kind.js';
import type { SignatureMatch } from '../intoto/verify-envelope.js';
import type { EvidenceType } from '../trust/authority.js';
import { signerOf } from '../trust/signer.js';
import { signerStatus, type SignerStanding } from '../trust/signer-status.js';
import type { TrustSnapshot } from '../trust/trust-snapshot.js';
import type { Outcome, RejectionCode } from './outcome.js';
import type { EnvelopeReading, PredicateReading } from './read-envelope.js';

/** What one run of signature checking found, at one trust revision. */
export interface Examination {
  readonly outcome: Outcome;
  readonly trustRevision: number;
  /** What was signed; null where the bytes are no envelope or could not be examined. */
  readonly signedDigest: Sha256Digest | null;
  /** Mathematics alone: which known keys signed. Facts are proved by these, and trust resolves later which count. */
  readonly matches: readonly SignatureMatch[];
  /** Whose keys and identities they are found to be, and whether they could count at that time. */
  readonly signers: readonly SignerStanding[];
  readonly facts: readonly DerivedFact[];
  /** Whether a later change of trust could let more of it count. */
  readonly couldGain: boolean;
}

/**
 * What an envelope comes to at one trust revision: verified where at least one signer could count for what it proves,
 * else rejected for the reason that came closest.
 */
export function examine(reading: EnvelopeReading, receivedAt: Date, trust: TrustSnapshot): Examination {
  const nothing = {
    trustRevision: trust.revision,
    signedDigest: null,
    matches: [],
    signers: [],
    facts: [],
    couldGain: false,
  };
  switch (reading.state) {
    case 'refused':
      return { ...nothing, outcome: rejected(reading.code, reading.detail) };
    case 'unsigned': {
      const { signedDigest, code, detail } = reading;
      return { ...nothing, outcome: rejected(code, detail), signedDigest, couldGain: true };
    }
    case 'unreadable': {
      const { signedDigest, matches, detail } = reading;
      return { ...nothing, outcome: rejected('statement_malformed', detail), signedDigest, matches };
    }
    case 'read':
      return { ...nothing, ...judged(reading, receivedAt, trust) };
  }
}

/** The record of an attestation that could not be examined, after the last try. */
export function couldNotFindOut(trustRevision: number, reason: unknown): Examination {
  const detail = `verification failed: ${reason instanceof Error ? reason.name : 'unknown reason'}`;
  return {
    outcome: { outcome: 'error', code: 'verification_error', detail },
    trustRevision,
    signedDigest: null,
    matches: [],
    signers: [],
    facts: [],
    couldGain: false,
  };
}

function judged(
  { signedDigest, matches, strangers, predicateType, facts }: Extract<EnvelopeReading, { state: 'read' }>,
  receivedAt: Date,
  trust: TrustSnapshot,
): Omit<Examination, 'trustRevision'> {
  const receipt = { receivedAt: receivedAt.toISOString() };
  const { standings, rejection, waiting } = signerStatus(
    trust,
    matches.map(({ thumbprint, scheme }) => signerOf({ type: 'key', thumbprint, scheme, times: [] }, receipt)),
    typesOf(predicateType, facts),
  );
  return {
    outcome: outcomeOf(facts, rejection),
    signedDigest,
    matches,
    signers: standings,
    facts: facts.read ? facts.facts : [],
    couldGain: waiting.length > 0 || strangers,
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
