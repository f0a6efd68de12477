import type { SubjectDigest } from './digest.js';
import { parseEvidence, statementOf, type Evidence } from './evidence.js';
import { kindOf, type Kind } from './predicate-kind.js';
import { claimedStatement, isStatementPayloadType } from './statement.js';

export interface ClaimedSubject {
  readonly ordinal: number;
  readonly name: string | null;
  readonly digest: SubjectDigest;
}

/** What evidence says of itself, in shape but not verified. */
export interface ClaimedEvidence {
  readonly format: Evidence['format'];
  readonly payloadType: string;
  /** null where the payload is of another type than an in-toto Statement; such evidence is kept and then rejected. */
  readonly claimedPredicateType: string | null;
  readonly claimedKind: Kind;
  readonly claimedSubjects: readonly ClaimedSubject[];
}

/**
 * Reads one envelope, told apart by its structure, around an in-toto Statement v0.1 or v1 where its payload type says so.
 * Throws FormatUnrecognized, or Malformed of the document at fault.
 */
export function parseClaimedEvidence(bytes: Buffer): ClaimedEvidence {
  const evidence = parseEvidence(bytes);
  const { payloadType, payload } = statementOf(evidence);
  const filed = { format: evidence.format, payloadType };
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
}
