import { canonicalJson } from './canonical-json.js';
import { sha256, type Sha256Digest } from './digest.js';
import type { SignedPayload } from './evidence.js';
import { parseStrictJson } from './json.js';
import { Malformed } from './malformed.js';
import { isStatementPayloadType } from './statement.js';
import { signedDigest } from './verify-envelope.js';

/**
 * Identifies what was said, whoever signed it and in whatever bytes: the sha256 of the statement as canonical JSON. White
 * space, the order of members, the form of the evidence and the spelling of its payload type make no other statement of
 * it: what was said twice counts once, and what was taken back is so however it is signed again. A payload that is no
 * statement's, or no JSON, is identified by its PAE (`signedDigest`).
 */
export function statementDigest(signed: SignedPayload): Sha256Digest {
  if (!isStatementPayloadType(signed.payloadType)) return signedDigest(signed);
  try {
    return sha256(Buffer.from(canonicalJson(parseStrictJson(signed.payload, { document: 'statement' }))));
  } catch (error) {
    if (error instanceof Malformed) return signedDigest(signed);
    throw error;
  }
}
