import { z } from 'zod';
import { printable } from './printable.js';

const problemDocument = z.object({
  title: z.string().optional(),
  code: z.string().optional(),
  detail: z.string().optional(),
  requestId: z.string().optional(),
  errors: z
    .array(
      z.object({
        path: z.string(),
        message: z.string(),
        line: z.number().optional(),
        column: z.number().optional(),
      }),
    )
    .optional(),
});

/** What the service says of a request it did not carry out (RFC 9457). */
export interface Problem {
  readonly status: number;
  readonly title: string;
  readonly code: string | null;
  readonly detail: string | null;
  /** One line for each faulty place. */
  readonly errors: readonly string[];
  readonly requestId: string | null;
}

/** Reads a problem document. An answer that is none (a proxy's page, say) still makes a problem, of its status alone. */
export function parseProblem(status: number, body: string): Problem {
  const { title, code, detail, requestId, errors = [] } = read(body);
  return {
    status,
    title: title ?? `the service answered ${status}`,
    code: code ?? null,
    detail: detail ?? null,
    errors: errors.map(({ path, message, line, column }) => {
      const place = line === undefined ? '' : ` (line ${line}${column === undefined ? '' : `, column ${column}`})`;
      return `${path === '' ? '' : `${path}: `}${message}${place}`;
    }),
    requestId: requestId ?? null,
  };
}

/** The problem for people: what, why and each faulty place, and the id under which the service's log has it. */
export function problemLines(problem: Problem): readonly string[] {
  const { status, title, code, detail, errors, requestId } = problem;
  const head = `${title} (${[status, code].filter((part) => part !== null).join(' ')})`;
  // A detail that only lists the same faults again is left out.
  const told = detail === null || (errors.length > 0 && detail.split('\n').every((line) => errors.includes(line)));
  return [
    head,
    ...(told ? [] : detail.split('\n').map((line) => `  ${line}`)),
    ...errors.map((error) => `  ${error}`),
    ...(status >= 500 && requestId !== null ? [`  request ${requestId}`] : []),
  ].map(printable);
}

function read(body: string): z.infer<typeof problemDocument> {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return {};
  }
  return problemDocument.safeParse(json).data ?? {};
}
