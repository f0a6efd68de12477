import { parseClaimedEvidence, type ClaimedEvidence } from '../intoto/claimed-evidence.js';
import { attestationIdOf, type AttestationId } from '../intoto/digest.js';
import { FormatUnrecognized } from '../intoto/format-unrecognized.js';
import { Malformed } from '../intoto/malformed.js';
import { AppError } from '../platform/app-error.js';

/**
 * What a pipeline posted, in shape but not verified: whatever is read from the payload is claimed by the sender and
 * decides nothing beyond where the evidence is filed.
 */
export interface Submission extends ClaimedEvidence {
  readonly id: AttestationId;
  readonly bytes: Buffer;
}

/**
 * Reads one posted body, told apart by its structure: a DSSE envelope, a Sigstore bundle, a JWS or a cosign layer, around an
 * in-toto Statement v0.1 or v1 where its payload type says so.
 *
 * @throws AppError `envelope_malformed`, `bundle_malformed`, `jws_malformed` or `statement_malformed` with every fault and its
 * path, or `format_unrecognized`.
 */
export function parseSubmission(bytes: Buffer): Submission {
  return asCallersFault(() => ({ id: attestationIdOf(bytes), bytes, ...parseClaimedEvidence(bytes) }));
}

function asCallersFault<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof FormatUnrecognized) {
      const message = 'expected a DSSE envelope, a Sigstore bundle, a JWS or a cosign layer';
      throw new AppError('unsupported', 'format_unrecognized', 'the body is evidence in no form that is taken', {
        errors: [{ path: '', message }],
        cause: error,
      });
    }
    if (!(error instanceof Malformed)) throw error;
    throw new AppError('malformed', `${error.document}_malformed`, `the ${error.document} is malformed`, {
      errors: error.faults,
      cause: error,
    });
  }
}
