import type { AttestationId } from '../intoto/digest.js';
import { AppError } from '../platform/app-error.js';
import { toProblem } from '../platform/problem.js';
import { toAnswer, toPreviewAnswer, type AttestationAnswer, type PreviewAnswer } from './attestation.answer.js';
import type { AttestationRow, Preview } from './attestation.store.js';
import { awaitVerification } from './awaiting-verification.js';
import type { Ingest } from './ingest.service.js';
import type { Received } from './ingest.store.js';
import { parseSubmission, type Submission } from './submission.js';

export interface EvidencePort {
  readonly ingest: Ingest;
  /** One attestation as it stands; calls of one turn share a query. */
  readonly find: (id: AttestationId) => Promise<AttestationRow | undefined>;
  /** What the evidence would come to if it were received at this moment; stores nothing. */
  readonly preview: (submission: Submission) => Promise<Preview>;
  /** Whether it has been examined; calls of one turn share a query. */
  readonly isExamined: (id: AttestationId) => Promise<boolean | undefined>;
}

/** Who posts, and how long they wait for an outcome. */
export interface Posting {
  readonly actor: string;
  readonly requestId: string;
  readonly waitSeconds: number;
  /** Whether to tell what would come of it and store nothing. */
  readonly dryRun: boolean;
  /** Ends a wait when the client has gone. */
  readonly signal: AbortSignal;
}

export interface Posted {
  readonly status: 200 | 201;
  readonly attestation: AttestationAnswer | PreviewAnswer;
}

/** What became of one line of a JSON Lines body: an attestation, or a problem document of its own. */
export type PostedLine = { readonly line: number } & (
  Posted | { readonly status: number; readonly problem: Readonly<Record<string, unknown>> }
);

const MOST_LINES = 10_000;
/** Lines under way at once, so that one large bundle neither waits line by line nor crowds out everybody else. */
const LINES_AT_ONCE = 64;

/**
 * Accepts one attestation. It is durable when this resolves, whether it was stored by this request (201) or before (200).
 *
 * @throws AppError for a body that is not evidence in shape, and `overloaded`.
 */
export async function postEvidence(port: EvidencePort, body: Buffer, posting: Posting): Promise<Posted> {
  const submission = parseSubmission(body);
  if (!posting.dryRun) return receive(port, submission, posting);
  return { status: 200, attestation: toPreviewAnswer(submission, await port.preview(submission)) };
}

/**
 * Accepts a JSON Lines body, one attestation a line; empty lines are passed over. A line that is refused stands for itself
 * alone, and its answer is the problem document that it would have got by itself.
 *
 * @throws AppError `too_many_lines`
 */
export async function postLines(port: EvidencePort, body: Buffer, posting: Posting): Promise<readonly PostedLine[]> {
  const lines = linesOf(body);
  if (lines.length > MOST_LINES) {
    throw new AppError(
      'too_large',
      'too_many_lines',
      `a body may have ${MOST_LINES} lines, this one has ${lines.length}`,
    );
  }
  const answers: PostedLine[] = [];
  for (let start = 0; start < lines.length; start += LINES_AT_ONCE) {
    const group = lines.slice(start, start + LINES_AT_ONCE);
    answers.push(...(await Promise.all(group.map((line) => postLine(port, line, posting)))));
  }
  return answers;
}

async function postLine(port: EvidencePort, line: Line, posting: Posting): Promise<PostedLine> {
  try {
    return { line: line.number, ...(await postEvidence(port, line.bytes, posting)) };
  } catch (error) {
    const { status, body } = toProblem(error, posting.requestId);
    return { line: line.number, status, problem: { ...body } };
  }
}

async function receive(port: EvidencePort, submission: Submission, posting: Posting): Promise<Posted> {
  const received = await port.ingest({ submission, actor: posting.actor });
  if (posting.waitSeconds > 0) {
    await awaitVerification(received.id, posting.waitSeconds, port.isExamined, posting.signal);
  }
  const status = received.created ? 201 : 200;
  if (received.created && posting.waitSeconds === 0) {
    return { status, attestation: freshAnswer(submission, received, posting.actor) };
  }
  const row = await port.find(received.id);
  if (row === undefined) throw new Error(`attestation ${received.id} was stored and is not found`);
  return { status, attestation: toAnswer(row) };
}

/** What a read would answer right after the commit, without the read. */
function freshAnswer(submission: Submission, received: Received, actor: string): AttestationAnswer {
  return {
    id: received.id,
    status: 'pending',
    receivedAt: received.receivedAt.toISOString(),
    receivedBy: actor,
    predicateType: submission.claimedPredicateType,
    kind: submission.claimedKind,
    subjects: submission.claimedSubjects.map(({ name, digest }) => ({ name, digest })),
    verification: null,
    dropped: null,
    history: { entry: received.entry, sequence: null },
  };
}

interface Line {
  /** From 1, empty lines counted. */
  readonly number: number;
  readonly bytes: Buffer;
}

function linesOf(body: Buffer): readonly Line[] {
  const lines: Line[] = [];
  let number = 0;
  for (let start = 0; start < body.length;) {
    const newline = body.indexOf(0x0a, start);
    const end = newline < 0 ? body.length : newline;
    const bytes = body.subarray(start, body[end - 1] === 0x0d && end > start ? end - 1 : end);
    number += 1;
    if (!isBlank(bytes)) lines.push({ number, bytes });
    start = end + 1;
  }
  return lines;
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09);
}
