import { attestationIdOf, type AttestationId, type SubjectDigest } from '../intoto/digest.js';
import { parseEvidence, statementOf, type Evidence } from '../intoto/evidence.js';
import { FormatUnrecognized } from '../intoto/format-unrecognized.js';
import { Malformed } from '../intoto/malformed.js';
import { kindOf, type Kind } from '../intoto/predicate-kind.js';
import { claimedStatement, isStatementPayloadType } from '../intoto/statement.js';
import { AppError } from '../platform/app-error.js';

export interface ClaimedSubject {
  readonly ordinal: number;
  readonly name: string | null;
  readonly digest: SubjectDigest;
}

/**
 * What a pipeline posted, in shape but not verified: whatever is read from the payload is claimed by the sender and
 * decides nothing beyond where the evidence is filed.
 */
export interface Submission {
  readonly id: AttestationId;
  readonly bytes: Buffer;
  readonly format: Evidence['format'];
  readonly payloadType: string;
  /** null where the payload is of another type than an in-toto Statement; such evidence is kept and then rejected. */
  readonly claimedPredicateType: string | null;
  readonly claimedKind: Kind;
  readonly claimedSubjects: readonly ClaimedSubject[];
}

/**
 * Reads one posted body, told apart by its structure: a DSSE envelope, a Sigstore bundle, a JWS or a cosign layer, around an
 * in-toto Statement v0.1 or v1 where its payload type says so.
 *
 * @throws AppError `envelope_malformed`, `bundle_malformed`, `jws_malformed` or `statement_malformed` with every fault and its
 * path, or `format_unrecognized`.
 */
export function parseSubmission(bytes: Buffer): Submission {
  return asCallersFault(() => {
    const evidence = parseEvidence(bytes);
    const { payloadType, payload } = statementOf(evidence);
    const filed = { id: attestationIdOf(bytes), bytes, format: evidence.format, payloadType };
    if (!isStatementPayloadType(payloadType)) {
      return { ...filed, claimedPredicateType: null, claimedKind: 'other', claimedSubjects: [] };
    }
    const { claimedPredicateType, claimedSubjects } = claimedStatement(payload);
    return {
      ...filed,
      claimedPredicateType,
      claimedKind: kindOf(claimedPredicateType),
      claimedSubjects: claimedSubjects.flatMap((subject, ordinal) =>
        subject.digests.map((digest) => ({ ordinal, name: subject.name, digest })),
      ),
    };
  });
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
