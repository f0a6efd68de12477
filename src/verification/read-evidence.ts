import { deriveFacts } from '../facts/derive-facts.js';
import type { DerivedFact } from '../facts/fact.js';
import type { Sha256Digest } from '../intoto/digest.js';
import { parseEvidence, statementOf } from '../intoto/evidence.js';
import { FormatUnrecognized } from '../intoto/format-unrecognized.js';
import { Malformed } from '../intoto/malformed.js';
import type { ProvedSigner } from '../intoto/proved-signer.js';
import { isStatementPayloadType, parseStatement } from '../intoto/statement.js';
import { statementDigest } from '../intoto/statement-digest.js';
import type { GainCause } from '../trust/gain-causes.js';
import type { RejectionCode } from './outcome.js';
import type { VerificationMaterial } from './verification-material.js';
import { verifyEvidence } from './verify-evidence.js';

/**
 * What evidence is by mathematics alone: who signed what, by which keys and certificates, and what that says. Whether any of
 * them counts is not decided here, so the same bytes and material give the same reading for ever. Plain data, fit to be
 * handed between threads.
 */
export type EvidenceReading =
  | {
      readonly state: 'refused';
      readonly code: 'statement_malformed' | 'payload_type_unsupported';
      readonly detail: string;
    }
  | {
      readonly state: 'unsigned';
      readonly code: RejectionCode;
      readonly detail: string;
      readonly signedDigest: Sha256Digest;
      readonly waitsFor: readonly GainCause[];
    }
  | {
      readonly state: 'unreadable';
      readonly detail: string;
      readonly signedDigest: Sha256Digest;
      readonly signers: readonly ProvedSigner[];
    }
  | {
      readonly state: 'read';
      readonly signedDigest: Sha256Digest;
      readonly signers: readonly ProvedSigner[];
      /** The changes of trust by which further signatures could be matched. */
      readonly waitsFor: readonly GainCause[];
      readonly predicateType: string;
      readonly facts: PredicateReading;
    };

export type PredicateReading =
  { readonly read: true; readonly facts: readonly DerivedFact[] } | { readonly read: false; readonly detail: string };

/**
 * Reads and verifies one piece of evidence in whatever form. Never rejects for what the bytes hold. Order of the checks:
 * payload type, signatures (DSSE v1.0.2, verification), then statement and predicate of the very bytes that were verified.
 */
export async function readEvidence(bytes: Uint8Array, material: VerificationMaterial): Promise<EvidenceReading> {
  const evidence = orMalformed(() => parseEvidence(bytes));
  if (evidence instanceof Error) return { state: 'refused', code: 'statement_malformed', detail: evidence.message };
  const signed = statementOf(evidence);
  const { payloadType, payload } = signed;
  if (!isStatementPayloadType(payloadType)) {
    const detail = `payload type ${payloadType} is not that of an in-toto Statement`;
    return { state: 'refused', code: 'payload_type_unsupported', detail };
  }
  const { signers, failure, waitsFor } = await verifyEvidence(evidence, material);
  const signedDigest = statementDigest(signed);
  if (failure !== null) return { state: 'unsigned', ...failure, signedDigest, waitsFor };
  const statement = orMalformed(() => parseStatement(payload));
  if (statement instanceof Error) return { state: 'unreadable', detail: statement.message, signedDigest, signers };
  const { predicateType, predicate } = statement;
  const facts = orMalformed(() => deriveFacts(predicateType, predicate));
  return {
    state: 'read',
    signedDigest,
    signers,
    waitsFor,
    predicateType,
    facts: facts instanceof Error ? { read: false, detail: facts.message } : { read: true, facts },
  };
}

function orMalformed<T>(parse: () => T): T | Malformed | FormatUnrecognized {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Malformed || error instanceof FormatUnrecognized) return error;
    throw error;
  }
}
