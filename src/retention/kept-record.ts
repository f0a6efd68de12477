import { parseSubmission } from '../attestations/submission.js';
import { deriveFacts } from '../facts/derive-facts.js';
import { readerRevisionOf } from '../facts/reader-of.js';
import { canonicalJson } from '../intoto/canonical-json.js';
import { attestationIdOf, sha256, type AttestationId, type Sha256Digest } from '../intoto/digest.js';
import { parseEvidence, statementOf } from '../intoto/evidence.js';
import { FormatUnrecognized } from '../intoto/format-unrecognized.js';
import { Malformed } from '../intoto/malformed.js';
import { isStatementPayloadType, parseStatement } from '../intoto/statement.js';
import { AppError } from '../platform/app-error.js';
import type { LatestVerification } from '../verification/latest-verification.js';

/** A fact that an attestation proved, with the reader that made it. */
export interface KeptFact {
  readonly kind: string;
  readonly readerRevision: number;
  readonly predicateType: string;
  /** RFC 3339 with milliseconds. */
  readonly ownTime: string | null;
  readonly content: unknown;
}

/** What is on record of an attestation by its bytes alone, and stays when they are dropped. */
export interface KeptRecord {
  readonly format: string;
  readonly payloadType: string;
  readonly predicateType: string | null;
  readonly kind: string;
  readonly size: number;
  /** `[ordinal, digest, name]`. */
  readonly subjects: readonly (readonly [number, string, string | null])[];
  readonly facts: readonly KeptFact[];
}

/**
 * By what history binds what stays of a dropped envelope: the sha256 of it as canonical JSON. With the bytes nobody can tell any
 * longer whether subjects and facts are what was signed, so it is held against them once more and then sealed.
 */
export function keptDigest({ subjects, facts, ...filing }: KeptRecord): Sha256Digest {
  const { format, payloadType, predicateType, kind, size } = filing;
  const bound = {
    ...{ format, payloadType, predicateType, kind, size },
    subjects: [...subjects].sort(([a, first], [b, second]) => a - b || (first < second ? -1 : 1)),
    facts: facts
      .map((fact) => ({
        kind: fact.kind,
        readerRevision: fact.readerRevision,
        predicateType: fact.predicateType,
        ownTime: fact.ownTime,
        content: fact.content,
      }))
      .sort((a, b) => a.readerRevision - b.readerRevision || (a.kind < b.kind ? -1 : 1)),
  };
  return sha256(Buffer.from(canonicalJson(bound)));
}

/**
 * Whether the bytes are those of the attestation, and it is filed under what they claim with the facts that they give. Facts of
 * earlier readers cannot be derived again, and are not compared.
 */
export function isAsSigned(
  id: AttestationId,
  bytes: Buffer,
  record: KeptRecord,
  latest: LatestVerification | undefined,
): boolean {
  if (attestationIdOf(bytes) !== id) return false;
  const readerRevision = readerRevisionOf(record.predicateType);
  const isRead = latest !== undefined && latest.proved.length > 0 && latest.readerRevision === readerRevision;
  const signed = signedRecord(bytes, isRead ? readerRevision : null);
  if (signed === null) return false;
  const facts = record.facts.filter((fact) => fact.readerRevision === readerRevision && isRead);
  return keptDigest({ ...record, facts }) === keptDigest(signed);
}

/** What the bytes say when they are read again; null where they are no evidence. */
function signedRecord(bytes: Buffer, readerRevision: number | null): KeptRecord | null {
  const submission = orNull(() => parseSubmission(bytes));
  if (submission === null) return null;
  const { format, payloadType, claimedPredicateType, claimedKind, claimedSubjects } = submission;
  return {
    format,
    payloadType,
    predicateType: claimedPredicateType,
    kind: claimedKind,
    size: bytes.length,
    subjects: claimedSubjects.map(({ ordinal, digest, name }) => [ordinal, digest, name]),
    facts: readerRevision === null ? [] : (orNull(() => factsOf(bytes, readerRevision)) ?? []),
  };
}

function factsOf(bytes: Buffer, readerRevision: number): readonly KeptFact[] {
  const { payloadType, payload } = statementOf(parseEvidence(bytes));
  if (!isStatementPayloadType(payloadType)) return [];
  const { predicateType, predicate } = parseStatement(payload);
  return deriveFacts(predicateType, predicate).map(({ content, ownTime }) => ({
    kind: content.kind,
    readerRevision,
    predicateType,
    ownTime,
    // As the database holds it: what is undefined is not there.
    content: JSON.parse(JSON.stringify(content)) as unknown,
  }));
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof AppError || error instanceof Malformed || error instanceof FormatUnrecognized) return null;
    throw error;
  }
}
