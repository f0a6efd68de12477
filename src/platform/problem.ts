import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { AppError, type ErrorKind, type FieldError } from './app-error.js';
import { withoutConnection } from './connection-wait.js';

/** A body of `application/problem+json` (RFC 9457), with our stable code and the request's id. */
export interface ProblemBody {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
  readonly requestId: string;
  readonly errors?: readonly FieldError[];
}

export interface Problem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ProblemBody;
}

const STATUS_OF_KIND = {
  malformed: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  gone: 410,
  precondition_failed: 412,
  too_large: 413,
  unsupported: 415,
  too_many: 429,
  overloaded: 503,
} satisfies Record<ErrorKind, number>;

/**
 * The answer to a request that ended in this error. Pure. An AppError is shown as it is; a fault the framework found in
 * the request is shown under a code of ours; where there was no connection to the database in time, that is overload; of
 * anything else only that it happened is shown, never what it says.
 */
export function toProblem(error: unknown, requestId: string): Problem {
  if (error instanceof AppError) return problemOfAppError(error, requestId);
  const overload = withoutConnection(error);
  if (overload !== null) return problemOfAppError(overload, requestId);
  const fault = frameworkFault(error);
  if (fault === null) {
    const detail = 'something went wrong here; the request id leads to it in the log';
    return problem(500, 'internal_error', detail, requestId);
  }
  const { status, code, detail } = KNOWN_FAULTS.get(fault.code) ?? faultByStatus(fault.status);
  return problem(status, code, detail, requestId, fault.errors);
}

function problemOfAppError(error: AppError, requestId: string): Problem {
  const status = STATUS_OF_KIND[error.kind];
  const { headers, body } = problem(status, error.code, error.message, requestId, error.errors);
  return {
    status,
    headers: {
      ...headers,
      ...(error.retryAfterSeconds === undefined ? {} : { 'retry-after': String(error.retryAfterSeconds) }),
      // RFC 9110 section 15.5.2 and RFC 6750 section 3.
      ...(status === 401 ? { 'www-authenticate': 'Bearer realm="assay"' } : {}),
    },
    body,
  };
}

function problem(
  status: number,
  code: string,
  detail: string,
  requestId: string,
  errors?: readonly FieldError[],
): Problem {
  const title = STATUS_CODES[status] ?? 'Error';
  return {
    status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    body: {
      type: 'about:blank',
      title,
      status,
      code,
      detail,
      requestId,
      ...(errors === undefined ? {} : { errors }),
    },
  };
}

interface Fault {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

/** Faults by Fastify's own codes. */
const KNOWN_FAULTS: ReadonlyMap<string, Fault> = new Map([
  ['FST_ERR_CTP_BODY_TOO_LARGE', bodyTooLarge()],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', unsupportedMediaType()],
  ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', invalid('the body is not as long as content-length says')],
  ['FST_ERR_BAD_URL', invalid('the path is not a well-formed URL path')],
]);

function faultByStatus(status: number): Fault {
  switch (status) {
    case 404:
      return { status, code: 'route_not_found', detail: 'there is nothing at this path' };
    case 405:
      return { status, code: 'method_not_allowed', detail: 'this path does not take this method' };
    case 408:
      return { status, code: 'request_timeout', detail: 'the request did not arrive whole in time' };
    case 413:
      return bodyTooLarge();
    case 415:
      return unsupportedMediaType();
    case 429:
      return { status, code: 'too_many_requests', detail: 'too many requests; try again later' };
    case 431:
      return {
        status,
        code: 'headers_too_large',
        detail: 'the URL and the headers are larger than this service takes',
      };
    case 503:
      return { status, code: 'overloaded', detail: 'the service cannot take this request now; try again' };
    default:
      return { ...invalid('the request is not well-formed'), status };
  }
}

function invalid(detail: string): Fault {
  return { status: 400, code: 'request_invalid', detail };
}

function bodyTooLarge(): Fault {
  return { status: 413, code: 'body_too_large', detail: 'the body is larger than this route takes' };
}

function unsupportedMediaType(): Fault {
  return { status: 415, code: 'content_type_unsupported', detail: 'this route does not take this content type' };
}

/** What a framework found wrong with the request, or null where the error is none of that. */
function frameworkFault(
  error: unknown,
): { readonly status: number; readonly code: string; readonly errors: readonly FieldError[] | undefined } | null {
  if (error instanceof HttpException) {
    const inner = frameworkFault(error.cause);
    if (inner !== null) return inner;
    const status = error.getStatus();
    return isClientStatus(status) ? { status, code: '', errors: undefined } : null;
  }
  if (!(error instanceof Error) || error.name !== 'FastifyError') return null;
  if (!('statusCode' in error) || typeof error.statusCode !== 'number' || !isClientStatus(error.statusCode))
    return null;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return { status: error.statusCode, code, errors: undefined };
}

/** 503 counts: frameworks answer it while shutting down, and the same request may succeed elsewhere. */
function isClientStatus(status: number): boolean {
  return (status >= 400 && status < 500) || status === 503;
}
