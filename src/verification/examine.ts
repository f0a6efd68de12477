import { deriveFacts } from '../facts/derive-facts.js';
import type { DerivedFact } from '../facts/fact.js';
import type { Sha256Digest } from '../intoto/digest.js';
import { parseEnvelope, type Envelope } from '../intoto/envelope.js';
import { Malformed } from '../intoto/malformed.js';
import { kindOf } from '../intoto/predicate-kind.js';
import { isStatementPayloadType, parseStatement, type Statement } from '../intoto/statement.js';
import { signedDigest, verifySignatures, type SignatureMatch } from '../intoto/verify-envelope.js';
import { signerStatus, type SignerStanding } from '../trust/signer-status.js';
import type { TrustSnapshot } from '../trust/trust-snapshot.js';
import { verificationKeys } from '../trust/verification-keys.js';
import type { Outcome, RejectionCode } from './outcome.js';

/** A signer as the verification keeps it: whose key it is found to be, and whether it could count at that time. */
export interface ExaminedSigner extends SignerStanding {
  readonly identity: null;
  readonly signedAt: null;
}

/** What one run of signature checking found, at one trust revision. */
export interface Examination {
  readonly outcome: Outcome;
  readonly trustRevision: number;
  /** What was signed; null where the bytes are no envelope or could not be examined. */
  readonly signedDigest: Sha256Digest | null;
  /** Mathematics alone: which known keys signed. Facts are proved by these, and trust resolves later which count. */
  readonly matches: readonly SignatureMatch[];
  readonly signers: readonly ExaminedSigner[];
  readonly facts: readonly DerivedFact[];
  /** Whether a later change of trust could let more of it count. */
  readonly couldGain: boolean;
}

/** What is examined: the bytes as received, and when that was. */
export interface Evidence {
  readonly bytes: Buffer;
  readonly receivedAt: Date;
}

/**
 * Verifies one envelope against every key trust has ever known, and derives what it proves. Never throws for what the
 * evidence holds: that is a rejection. Order of the checks: payload type, signatures (DSSE v1.0.2, verification), statement
 * and predicate of the very bytes that were verified, and last whether a signer may speak.
 */
export async function examine(evidence: Evidence, trust: TrustSnapshot): Promise<Examination> {
  const envelope = orMalformed(() => parseEnvelope(evidence.bytes));
  if (envelope instanceof Malformed) return refused(trust, 'statement_malformed', envelope.message);
  if (!isStatementPayloadType(envelope.payloadType)) {
    const detail = `payload type ${envelope.payloadType} is not that of an in-toto Statement`;
    return refused(trust, 'payload_type_unsupported', detail);
  }
  const { keys, hints } = verificationKeys(trust);
  const { matches, unmatched } = await verifySignatures(envelope, keys, hints);
  const found = { trustRevision: trust.revision, signedDigest: signedDigest(envelope), matches };
  if (matches.length === 0) {
    return { ...found, outcome: unsigned(envelope, hints), signers: [], facts: [], couldGain: true };
  }
  const statement = orMalformed(() => parseStatement(envelope.payload));
  if (statement instanceof Malformed) {
    return {
      ...found,
      ...rejected('statement_malformed', statement.message),
      signers: [],
      facts: [],
      couldGain: false,
    };
  }
  const facts = orMalformed(() => deriveFacts(statement.predicateType, statement.predicate));
  const { standings, rejection, couldGain } = signerStatus(
    trust,
    matches.map(({ thumbprint, scheme }) => ({ type: 'key', thumbprint, scheme, ...received(evidence) })),
    claimsOf(statement, facts),
  );
  const signers = standings.map((standing) => ({ ...standing, identity: null, signedAt: null }));
  if (facts instanceof Malformed) {
    return { ...found, ...rejected('predicate_malformed', facts.message), signers, facts: [], couldGain };
  }
  return {
    ...found,
    ...(rejection === null ? { outcome: VERIFIED } : rejected(rejection.code, rejection.detail)),
    signers,
    facts,
    couldGain: couldGain || unmatched.length > 0,
  };
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

const VERIFIED: Outcome = { outcome: 'verified', code: null, detail: null };

function rejected(code: RejectionCode, detail: string): { readonly outcome: Outcome } {
  return { outcome: { outcome: 'rejected', code, detail } };
}

function refused(trust: TrustSnapshot, code: RejectionCode, detail: string): Examination {
  const nothing = { signedDigest: null, matches: [], signers: [], facts: [], couldGain: false };
  return { ...nothing, ...rejected(code, detail), trustRevision: trust.revision };
}

/** A signature that names a known key and is not by it was damaged or forged; any other is by somebody unknown. */
function unsigned(envelope: Envelope, hints: ReadonlyMap<string, unknown>): Outcome {
  const named = envelope.signatures.find(({ keyid }) => keyid !== null && hints.has(keyid));
  return named === undefined
    ? rejected('untrusted_signer', 'no signature is by a key of a known attestor').outcome
    : rejected('signature_invalid', `the signature that names key ${named.keyid ?? ''} does not verify by it`).outcome;
}

function claimsOf(
  statement: Statement,
  facts: readonly DerivedFact[] | Malformed,
): readonly { readonly kind: ReturnType<typeof kindOf>; readonly predicateType: string }[] {
  const { predicateType } = statement;
  if (facts instanceof Malformed || facts.length === 0) return [{ kind: kindOf(predicateType), predicateType }];
  return facts.map((fact) => ({ kind: fact.content.kind, predicateType }));
}

function received(evidence: Evidence): { readonly receivedAt: string; readonly provenAt: null } {
  return { receivedAt: evidence.receivedAt.toISOString(), provenAt: null };
}

function orMalformed<T>(parse: () => T): T | Malformed {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Malformed) return error;
    throw error;
  }
}
