import type { z } from 'zod';
import { Failure } from './failure.js';
import { problemLines, type Problem } from './problem.js';
import type { ServiceAnswer } from './service.js';

/** The problem as the reason for which a command has no answer. */
export function failureOf(problem: Problem): Failure {
  const [head = '', ...details] = problemLines(problem);
  return new Failure(head, details);
}

/**
 * Reads the answer in the shape a command relies on. Throws Failure where the service refused the request, and where its
 * answer has another shape: a page of somebody else's is never taken for a yes.
 */
export function readAnswer<T>(answer: ServiceAnswer, shape: z.ZodType<T>): T {
  if (!answer.ok) throw failureOf(answer.problem);
  let json: unknown;
  try {
    json = JSON.parse(answer.bytes.toString('utf8'));
  } catch (cause) {
    throw new Failure('the answer is not JSON; is this the address of an Assay service?', [], { cause });
  }
  return readShape(json, shape);
}

/** Reads a part of an answer. Throws Failure where it has another shape. */
export function readShape<T>(json: unknown, shape: z.ZodType<T>): T {
  const read = shape.safeParse(json);
  if (read.success) return read.data;
  const details = read.error.issues.map(({ path, message }) => `  ${path.map(String).join('.')}: ${message}`);
  throw new Failure('the answer is not what this version of the command expects', details, { cause: read.error });
}
