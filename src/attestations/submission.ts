import { attestationIdOf, type AttestationId, type SubjectDigest } from '../intoto/digest.js';
import { parseEnvelope, type Envelope } from '../intoto/envelope.js';
import { asObject, parseStrictJson } from '../intoto/json.js';
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
  readonly format: 'dsse';
  readonly payloadType: string;
  /** null where the payload is of another type than an in-toto Statement; such evidence is kept and then rejected. */
  readonly claimedPredicateType: string | null;
  readonly claimedKind: Kind;
  readonly claimedSubjects: readonly ClaimedSubject[];
}

/**
 * Reads one posted body, told apart by its structure: a DSSE envelope, around an in-toto Statement v0.1 or v1 where its
 * payload type says so.
 *
 * @throws AppError `envelope_malformed` or `statement_malformed` with every fault and its path, or `format_unrecognized`.
 */
export function parseSubmission(bytes: Buffer): Submission {
  return asCallersFault(() => {
    const envelope = parseEnvelopeOf(bytes);
    const filed = { id: attestationIdOf(bytes), bytes, format: 'dsse', payloadType: envelope.payloadType } as const;
    if (!isStatementPayloadType(envelope.payloadType)) {
      return { ...filed, claimedPredicateType: null, claimedKind: 'other', claimedSubjects: [] };
    }
    const { claimedPredicateType, claimedSubjects } = claimedStatement(envelope.payload);
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

function parseEnvelopeOf(bytes: Buffer): Envelope {
  const json = parseStrictJson(bytes, { document: 'envelope' });
  const object = asObject(json);
  if (object === null || !['payload', 'payloadType', 'signatures'].some((name) => Object.hasOwn(object, name))) {
    throw new AppError('unsupported', 'format_unrecognized', 'the body is not a DSSE envelope', {
      errors: [{ path: '', message: 'expected an object with payload, payloadType and signatures' }],
    });
  }
  return parseEnvelope(json);
}

function asCallersFault<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new AppError('malformed', `${error.document}_malformed`, `the ${error.document} is malformed`, {
      errors: error.faults,
      cause: error,
    });
  }
}
