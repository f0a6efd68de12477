import {
  attestationAnswer,
  exitCodeOf,
  outcomeText,
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
  readonly json: boolean;
}

/** Seconds; the longest the service waits. */
const WAIT = 30;

/** Requests under way at a time: enough to use the service's batches, few enough not to crowd out others. */
const AT_ONCE = 8;

type Posted =
  | { readonly evidence: Evidence; readonly answer: AttestationAnswer; readonly text: string }
  | { readonly evidence: Evidence; readonly failure: Failure };

/**
 * Posts the evidence in the files, each piece on its own, and prints what became of it in the order given. One that fails
 * keeps none of the others from being posted. Without waiting, being stored is enough for a yes.
 */
export async function post(
  files: readonly string[],
  { wait, json }: PostOptions,
  service: Service,
  surroundings: Surroundings,
): Promise<ExitCode> {
  const evidence = await readEvidence(files, surroundings.stdin);
  const codes: ExitCode[] = [];
  await mapInOrder(
    evidence,
    AT_ONCE,
    (piece) => postOne(piece, wait, service),
    (posted) => {
      if ('failure' in posted && !json) {
        const { evidence: failed, failure } = posted;
        [`${failed.source}: ${failure.message}`, ...failure.details].map(printable).forEach(surroundings.warn);
      } else {
        (json ? [jsonLine(posted)] : postedLines(posted)).forEach(surroundings.print);
      }
      codes.push('failure' in posted ? EXIT.unknown : stored(posted.answer, wait));
    },
  );
  return overall(codes);
}

async function postOne(evidence: Evidence, wait: boolean, service: Service): Promise<Posted> {
  try {
    const answer = await service.request({
      method: 'POST',
      path: '/v1/attestations',
      headers: { 'content-type': 'application/json', ...(wait ? { prefer: `wait=${WAIT}` } : {}) },
      body: evidence.bytes,
      idempotent: true,
      waits: wait ? WAIT : 0,
    });
    if (!answer.ok) return { evidence, failure: failureOf(answer.problem) };
    return { evidence, answer: readAnswer(answer, attestationAnswer), text: answer.bytes.toString('utf8') };
  } catch (error) {
    if (error instanceof Failure) return { evidence, failure: error };
    throw error;
  }
}

function stored(answer: AttestationAnswer, wait: boolean): ExitCode {
  return !wait && answer.status === 'pending' ? EXIT.yes : exitCodeOf(answer);
}

function postedLines(posted: Posted): readonly string[] {
  if ('failure' in posted) return [];
  const { evidence, answer } = posted;
  return [
    `${printable(evidence.source)}  ${printable(answer.id)}`,
    `  ${outcomeText(answer)}`,
    `  ${printable([answer.kind, answer.predicateType].filter((part) => part !== null).join('  '))}`,
    ...subjectLines(answer).map((line) => `  ${line}`),
  ];
}

/** One line a piece of evidence: the answer as it came, or why there is none. */
function jsonLine(posted: Posted): string {
  const { source } = posted.evidence;
  if (!('failure' in posted)) return JSON.stringify({ source, answer: JSON.parse(posted.text) as unknown });
  const { message, details } = posted.failure;
  return JSON.stringify({ source, error: { message, details } });
}
