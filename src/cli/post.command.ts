import { attestationIdOf } from '../intoto/digest.js';
import {
  attestationAnswer,
  exitCodeOf,
  outcomeText,
  signersText,
  subjectLines,
  type AttestationAnswer,
} from './attestation-answer.js';
import { failureOf, readAnswer } from './answer.js';
import { readEvidence, type Evidence } from './evidence-files.js';
import { EXIT, overall, type ExitCode } from './exit-code.js';
import { Failure } from './failure.js';
import { mapInOrder } from './map-in-order.js';
import { printable } from './printable.js';
import type { Service } from './service.js';
import type { Surroundings } from './surroundings.js';

export interface PostOptions {
  /** Whether to wait until each attestation is verified or rejected. */
  readonly wait: boolean;
  /** Whether only to be told what would come of it. */
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** Seconds; the longest the service waits. */
const WAIT = 30;

/** Requests under way at a time: enough to use the service's batches, few enough not to crowd out others. */
const AT_ONCE = 8;

/** What became of one piece of evidence, or why that is not known. */
type Posted =
  | { readonly source: string; readonly answer: AttestationAnswer; readonly text: string }
  | { readonly source: string; readonly failure: Failure };

/**
 * Posts the evidence in the files, each piece on its own, and prints what became of it in the order given. One that fails
 * keeps none of the others from being posted. Without waiting, being stored is enough for a yes; a dry run stores nothing.
 */
export async function post(
  files: readonly string[],
  { wait, dryRun, json }: PostOptions,
  service: Service,
  { stdin, print, warn }: Surroundings,
): Promise<ExitCode> {
  const evidence = await readEvidence(files, stdin);
  const codes: ExitCode[] = [];
  await mapInOrder(
    evidence,
    AT_ONCE,
    (piece) => postOne(piece, { wait, dryRun }, service),
    (posted) => {
      codes.push('failure' in posted ? EXIT.unknown : stored(posted.answer, wait));
      if (json) print(jsonLine(posted));
      else if ('failure' in posted) failureLines(posted.source, posted.failure).forEach(warn);
      else answerLines(posted.source, posted.answer).forEach(print);
    },
  );
  return overall(codes);
}

async function postOne(
  { source, bytes }: Evidence,
  { wait, dryRun }: Pick<PostOptions, 'wait' | 'dryRun'>,
  service: Service,
): Promise<Posted> {
  try {
    const response = await service.request({
      method: 'POST',
      path: dryRun ? '/v1/attestations?dryRun=true' : '/v1/attestations',
      headers: { 'content-type': 'application/json', ...(wait ? { prefer: `wait=${WAIT}` } : {}) },
      body: bytes,
      idempotent: true,
      waits: wait ? WAIT : 0,
    });
    if (!response.ok) return { source, failure: failureOf(response.problem) };
    const answer = readAnswer(response, attestationAnswer);
    if (answer.id !== attestationIdOf(bytes)) {
      return { source, failure: new Failure(`the answer is about something else than what was posted: ${answer.id}`) };
    }
    return { source, answer, text: response.bytes.toString('utf8') };
  } catch (error) {
    if (error instanceof Failure) return { source, failure: error };
    throw error;
  }
}

function stored(answer: AttestationAnswer, wait: boolean): ExitCode {
  return !wait && answer.status === 'pending' ? EXIT.yes : exitCodeOf(answer);
}

function answerLines(source: string, answer: AttestationAnswer): readonly string[] {
  const signers = signersText(answer);
  return [
    `${source}  ${answer.id}`,
    `  ${outcomeText(answer)}`,
    ...(signers === null ? [] : [`  signed by ${signers}`]),
    `  ${[answer.kind, answer.predicateType].filter((part) => part !== null).join('  ')}`,
    ...subjectLines(answer).map((line) => `  ${line}`),
  ].map(printable);
}

function failureLines(source: string, { message, details }: Failure): readonly string[] {
  return [`${source}: ${message}`, ...details].map(printable);
}

/** One line a piece of evidence: the answer as it came, or why there is none. */
function jsonLine(posted: Posted): string {
  const { source } = posted;
  if (!('failure' in posted)) return JSON.stringify({ source, answer: JSON.parse(posted.text) as unknown });
  const { message, details } = posted.failure;
  return JSON.stringify({ source, error: { message, details } });
}
