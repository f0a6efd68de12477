import { isDeepStrictEqual } from 'node:util';
import { parseSubmission, type Submission } from '../attestations/submission.js';
import { deriveFacts } from '../facts/derive-facts.js';
import type { DerivedFact } from '../facts/fact.js';
import { readerRevisionOf } from '../facts/reader-of.js';
import { identityText, signerKey } from '../facts/stored-signer.js';
import { attestationIdOf } from '../intoto/digest.js';
import { parseEvidence, statementOf, type Evidence as Signed, type SignedPayload } from '../intoto/evidence.js';
import { FormatUnrecognized } from '../intoto/format-unrecognized.js';
import { Malformed } from '../intoto/malformed.js';
import { earliestVouched } from '../intoto/proved-signer.js';
import { isStatementPayloadType, parseStatement } from '../intoto/statement.js';
import { statementDigest } from '../intoto/statement-digest.js';
import { signedDigest } from '../intoto/verify-envelope.js';
import { AppError } from '../platform/app-error.js';
import {
  EVIDENCE_ROWS,
  type EvidenceRow,
  type FactRow,
  type StoredFactSigner,
  type VerificationRow,
} from './evidence-row.js';
import { walkRows, type Walk } from './walk.js';

const PAGE_SIZE = 500;

/** An attestation as it is stored, and what its bytes say when they are read again. */
interface Evidence {
  readonly row: EvidenceRow;
  /** null where the bytes are missing or are not evidence. */
  readonly found: Found | null;
}

interface Found {
  readonly submission: Submission;
  readonly signed: Signed;
  /** What was signed, as it is named, and as earlier releases named it. */
  readonly signedDigests: readonly string[];
  /** null where the predicate cannot be read as its type, or there is none. */
  readonly facts: readonly DerivedFact[] | null;
}

/** Evidence, and what was found out about it, against its bytes; that signatures verify is the examinations' walk. */
export const EVIDENCE: readonly Walk[] = [
  walkRows<EvidenceRow, Evidence>({
    table: 'attestations',
    start: [''],
    pageSize: PAGE_SIZE,
    text: EVIDENCE_ROWS,
    read: (row) => ({ row, found: row.bytes === null ? null : read(row.bytes) }),
    faultOf: {
      'every attestation has its envelope, which hashes to its id': ({ row: { id, bytes, dropped } }) => {
        if (bytes === null)
          return dropped ? null : `${id} has no envelope of the time it was received at, and none was dropped`;
        const actual = attestationIdOf(bytes);
        return actual === id
          ? null
          : `the envelope of ${id}, in envelopes, is not what was received: it hashes to ${actual}`;
      },
      'an attestation is filed under what its envelope claims': filingFault,
      'an attestation was found out about once at a trust and reader revision': repetitionFault,
      'verified is what somebody signed who could count': outcomeFault,
      'the facts of an envelope are what its predicate gives when it is read again': factsFault,
      'the signers of a fact are those that a verification matched': signersFault,
    },
  }),
];

function read(bytes: Buffer): Found | null {
  try {
    const submission = parseSubmission(bytes);
    const signed = parseEvidence(bytes);
    const statement = statementOf(signed);
    return {
      submission,
      signed,
      signedDigests: [statementDigest(statement), signedDigest(statement)],
      facts: factsOf(statement),
    };
  } catch (error) {
    if (error instanceof AppError || error instanceof Malformed || error instanceof FormatUnrecognized) return null;
    throw error;
  }
}

function factsOf({ payloadType, payload }: SignedPayload): readonly DerivedFact[] | null {
  if (!isStatementPayloadType(payloadType)) return null;
  const { predicateType, predicate } = parseStatement(payload);
  try {
    return deriveFacts(predicateType, predicate);
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

function filingFault({ row, found }: Evidence): string | null {
  if (row.bytes === null) return null;
  if (found === null) return `the envelope of ${row.id} cannot be read`;
  const { submission } = found;
  const claimed = submission.claimedSubjects
    .map(({ ordinal, digest, name }) => [ordinal, digest, name] as const)
    .sort(([a, first], [b, second]) => a - b || (first < second ? -1 : 1));
  const compared: readonly (readonly [string, unknown, unknown])[] = [
    ['size', row.size, row.bytes.length],
    ['format', row.format, submission.format],
    ['payload type', row.payloadType, submission.payloadType],
    ['predicate type', row.predicateType, submission.claimedPredicateType],
    ['kind', row.kind, submission.claimedKind],
    ['subjects', row.subjects, claimed],
  ];
  const wrong = compared.filter(([, filed, says]) => !isDeepStrictEqual(filed, says)).map(([what]) => what);
  return wrong.length === 0 ? null : `${row.id} is filed under another ${wrong.join(', ')} than it claims`;
}

/** What could not be found out may be tried again at the same revisions; what was found out would be found again. */
function repetitionFault({ row: { id, verifications } }: Evidence): string | null {
  const revisions = verifications
    .filter(({ outcome }) => outcome !== 'error')
    .map((each) => `${each.trustRevision}.${each.readerRevision}`);
  const repeated = revisions.find((revision, index) => revisions.indexOf(revision) !== index);
  return repeated === undefined ? null : `${id} has two verifications at trust and reader revision ${repeated}`;
}

function outcomeFault({ row: { id, verifications } }: Evidence): string | null {
  for (const { trustRevision, outcome, code, signers } of verifications) {
    const verified = outcome === 'verified';
    const what = `the verification of ${id} at trust revision ${trustRevision} says ${outcome}`;
    if (verified !== (code === null)) return `${what} with code ${code ?? 'null'}`;
    if (verified && !signers.some((signer) => signer.counts)) return `${what}, and nobody who signed counted`;
  }
  return null;
}

function factsFault({ row, found }: Evidence): string | null {
  if (found === null) return null;
  const expected = new Map((found.facts ?? []).map((fact) => [fact.content.kind, fact]));
  const readerRevision = readerRevisionOf(row.predicateType);
  const stored = row.facts.filter((fact) => fact.readerRevision === readerRevision);
  const alien = row.verifications.find(
    (each) => each.signedDigest !== null && !found.signedDigests.includes(each.signedDigest),
  );
  if (alien !== undefined)
    return `a verification of ${row.id} is of ${alien.signedDigest ?? ''}, which it does not say`;
  for (const fact of stored) {
    const derived = expected.get(fact.kind);
    if (derived === undefined) return `fact ${fact.id} of ${row.id} is of kind ${fact.kind}, which it does not give`;
    const differs = differenceOf(fact, derived);
    if (differs !== null) return `fact ${fact.id}, ${fact.kind}, is not what ${row.id} says: it has another ${differs}`;
  }
  const proving = row.verifications.some((each) => each.readerRevision === readerRevision && each.proved.length > 0);
  const missing = [...expected.keys()].find((kind) => !stored.some((fact) => fact.kind === kind));
  return proving && missing !== undefined ? `the ${missing} fact that ${row.id} proves is missing` : null;
}

/** What a stored fact says otherwise than its envelope; null where nothing is. */
function differenceOf(stored: FactRow, { content, predicateType, ownTime }: DerivedFact): string | null {
  const json = JSON.stringify(content);
  const dated = stored.ownTime === null ? null : milliseconds(stored.ownTime);
  if (dated !== ownTime) return `time of its own, ${dated ?? 'none'} for ${ownTime ?? 'none'}`;
  if (stored.predicateType !== predicateType) return `predicate type, ${stored.predicateType} for ${predicateType}`;
  if (!isDeepStrictEqual(stored.content, JSON.parse(json))) return 'content';
  return stored.size === Buffer.byteLength(json) ? null : 'size';
}

function signersFault({ row }: Evidence): string | null {
  for (const fact of row.facts) {
    const matched = matchedSigners(row.verifications, fact);
    const kept = new Set(fact.signers.map(({ signer }) => signer));
    const invented = [...kept].find((signer) => !matched.has(signer));
    if (invented !== undefined) return `fact ${fact.id} of ${row.id} has signer ${invented}, whom nothing matched`;
    const lost = [...matched].find((signer) => !kept.has(signer));
    if (lost !== undefined) return `fact ${fact.id} of ${row.id} lacks its signer ${lost}`;
    const altered = fact.signers.find((signer) => !isAsNamed(signer));
    if (altered !== undefined)
      return `signer ${altered.signer} of fact ${fact.id} of ${row.id} is kept with another proof`;
    // Signers are kept to the millisecond, as all that trust compares.
    const redated = fact.signers.find(({ receivedAt }) => milliseconds(receivedAt) !== milliseconds(row.receivedAt));
    if (redated !== undefined) {
      return `fact ${fact.id} of ${row.id} was received at ${redated.receivedAt} by fact_signers, and the attestation at ${row.receivedAt}`;
    }
  }
  return null;
}

/** The name of a stored signer holds a digest of its proof, from which the rest of the row follows. */
function isAsNamed({ signer, proof, provenAt, identity }: StoredFactSigner): boolean {
  if (proof === null) return signer.split('|').length === 2 && provenAt === null && identity === null;
  const vouched = earliestVouched(proof);
  return (
    signerKey(proof) === signer &&
    (provenAt === null ? null : milliseconds(provenAt)) === vouched &&
    identity === (proof.type === 'key' ? null : identityText(proof.identity))
  );
}

function milliseconds(time: string): string {
  return new Date(time).toISOString();
}

/** By the fact's own reader: another reader's verifications made facts of their own. */
function matchedSigners(verifications: readonly VerificationRow[], fact: FactRow): ReadonlySet<string> {
  return new Set(
    verifications
      .filter((each) => each.signedDigest === fact.signedDigest && each.readerRevision === fact.readerRevision)
      .flatMap((each) => each.proved.map(signerKey)),
  );
}
