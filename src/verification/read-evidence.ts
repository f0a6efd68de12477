import { deriveFacts } from '../facts/derive-facts.js';
import type { DerivedFact } from '../facts/fact.js';
import type { Sha256Digest } from '../intoto/digest.js';
import { parseEnvelope, type Envelope } from '../intoto/envelope.js';
import { Malformed } from '../intoto/malformed.js';
import { isStatementPayloadType, parseStatement } from '../intoto/statement.js';
import { signedDigest, verifySignatures, type SignatureMatch } from '../intoto/verify-envelope.js';
import type { VerificationKeys } from '../trust/verification-keys.js';

/**
 * What an envelope is by mathematics alone: who of the known keys signed what, and what that says. Whether any of them
 * counts is not decided here, so the same bytes and keys give the same reading for ever. Plain data, fit to be handed
 * between threads.
 */
export type EnvelopeReading =
  | {
      readonly state: 'refused';
      readonly code: 'statement_malformed' | 'payload_type_unsupported';
      readonly detail: string;
    }
  | {
      readonly state: 'unsigned';
      readonly code: 'untrusted_signer' | 'signature_invalid';
      readonly detail: string;
      readonly signedDigest: Sha256Digest;
    }
  | {
      readonly state: 'unreadable';
      readonly detail: string;
      readonly signedDigest: Sha256Digest;
      readonly matches: readonly SignatureMatch[];
    }
  | {
      readonly state: 'read';
      readonly signedDigest: Sha256Digest;
      readonly matches: readonly SignatureMatch[];
      /** Whether a signature is left that is by none of the known keys. */
      readonly strangers: boolean;
      readonly predicateType: string;
      readonly facts: PredicateReading;
    };

export type PredicateReading =
  { readonly read: true; readonly facts: readonly DerivedFact[] } | { readonly read: false; readonly detail: string };

/**
 * Reads and verifies one envelope. Never rejects for what the bytes hold. Order of the checks: payload type, signatures
 * (DSSE v1.0.2, verification), then statement and predicate of the very bytes that were verified.
 */
export async function readEnvelope(bytes: Uint8Array, { keys, hints }: VerificationKeys): Promise<EnvelopeReading> {
  const envelope = orMalformed(() => parseEnvelope(bytes));
  if (envelope instanceof Malformed) {
    return { state: 'refused', code: 'statement_malformed', detail: envelope.message };
  }
  if (!isStatementPayloadType(envelope.payloadType)) {
    const detail = `payload type ${envelope.payloadType} is not that of an in-toto Statement`;
    return { state: 'refused', code: 'payload_type_unsupported', detail };
  }
  const { matches, unmatched } = await verifySignatures(envelope, keys, hints);
  const signed = { signedDigest: signedDigest(envelope), matches };
  if (matches.length === 0) return { state: 'unsigned', ...unsigned(envelope, hints), ...signed };
  const statement = orMalformed(() => parseStatement(envelope.payload));
  if (statement instanceof Malformed) return { state: 'unreadable', detail: statement.message, ...signed };
  const { predicateType, predicate } = statement;
  const facts = orMalformed(() => deriveFacts(predicateType, predicate));
  return {
    state: 'read',
    ...signed,
    strangers: unmatched.length > 0,
    predicateType,
    facts: facts instanceof Malformed ? { read: false, detail: facts.message } : { read: true, facts },
  };
}

/** A signature that names a known key and is not by it was damaged or forged; any other is by somebody unknown. */
function unsigned(
  envelope: Envelope,
  hints: VerificationKeys['hints'],
): { readonly code: 'untrusted_signer' | 'signature_invalid'; readonly detail: string } {
  const named = envelope.signatures.find(({ keyid }) => keyid !== null && hints.has(keyid));
  return named === undefined
    ? { code: 'untrusted_signer', detail: 'no signature is by a key of a known attestor' }
    : { code: 'signature_invalid', detail: `the signature that names key ${named.keyid ?? ''} does not verify by it` };
}

function orMalformed<T>(parse: () => T): T | Malformed {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Malformed) return error;
    throw error;
  }
}
