import { Failure } from './failure.js';
import { parseProblem, problemLines, type Problem } from './problem.js';
import { delayBeforeRetry, type FailedTry } from './retry.js';
import type { Settings } from './settings.js';
import type { Surroundings } from './surroundings.js';

export interface ServiceRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Begins with a slash; everything in it is encoded already. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | string;
  /** Whether doing it twice is the same as doing it once. GET and PUT are, and POST of evidence is. */
  readonly idempotent: boolean;
  /** Seconds the service may take on purpose before it answers. */
  readonly waits?: number;
  /** Bytes of an answer; of one that has more nothing is kept. 256 MiB where it is not given. */
  readonly most?: number;
}

/** An answer the service stands behind: 2xx with what was asked for, or 4xx with what is wrong with the request. */
export type ServiceAnswer =
  | { readonly ok: true; readonly status: number; readonly headers: Headers; readonly bytes: Buffer }
  | { readonly ok: false; readonly status: number; readonly body: string; readonly problem: Problem };

export interface Service {
  /**
   * Asks, and asks again where that can help and does no harm, for some twenty seconds at most. Throws Failure when the service
   * was not reached, failed, or sends elsewhere: nothing that was not asked of this very service is taken for its answer.
   */
  request(request: ServiceRequest): Promise<ServiceAnswer>;
}

/** Milliseconds after which an answer is given up beyond what the service takes on purpose. */
const TIMEOUT = 30_000;
/** The largest evidence that a service takes. */
const MOST_BYTES = 256 * 1024 * 1024;

/** The service behind these settings. Opens nothing until it is asked. */
export function connect(settings: Settings, { now, sleep, warn }: Surroundings): Service {
  return {
    async request(request) {
      const started = now();
      for (let tries = 1; ; tries += 1) {
        const outcome = await attempt(settings, request);
        if ('answer' in outcome) return outcome.answer;
        const { failed, failure } = outcome;
        const present = now();
        const state = { tries, elapsed: present - started, now: present, idempotent: request.idempotent };
        const delay = delayBeforeRetry(failed, state);
        if (delay === null) throw failure;
        if (delay >= 1000) warn(`${failure.message}; trying again in ${Math.ceil(delay / 1000)} s`);
        await sleep(delay);
      }
    },
  };
}

type Outcome = { readonly answer: ServiceAnswer } | { readonly failed: FailedTry; readonly failure: Failure };

async function attempt({ url, token }: Settings, request: ServiceRequest): Promise<Outcome> {
  const { most = MOST_BYTES } = request;
  let response: Response;
  let bytes: Buffer | null;
  try {
    response = await fetch(url + request.path, {
      method: request.method,
      headers: { accept: 'application/json', ...request.headers, authorization: `Bearer ${token}` },
      // To follow would repeat the question, and the token, at a place nobody has configured.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT + (request.waits ?? 0) * 1000),
      ...(request.body === undefined ? {} : { body: request.body }),
    });
    bytes = await bodyOf(response, most);
  } catch (cause) {
    const failure = new Failure(`${url} was not reached: ${reason(cause)}`, [], { cause });
    return { failed: { status: null, retryAfter: null }, failure };
  }
  // It would not be smaller another time.
  if (bytes === null) throw new Failure(`${url}${request.path} was answered with more than ${most} bytes`);
  const { status, headers } = response;
  if (response.ok) return { answer: { ok: true, status, headers, bytes } };
  const body = bytes.toString('utf8');
  const problem = parseProblem(status, body);
  if (status >= 400 && status < 500 && status !== 429) return { answer: { ok: false, status, body, problem } };
  const [head = '', ...details] =
    status < 400 ? [`${url} sends elsewhere (${status}, ${headers.get('location') ?? ''})`] : problemLines(problem);
  return { failed: { status, retryAfter: headers.get('retry-after') }, failure: new Failure(head, details) };
}

/** The bytes of an answer; null where there are more than so many. */
async function bodyOf(response: Response, most: number): Promise<Buffer | null> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  for await (const piece of body ?? []) {
    length += piece.length;
    if (length > most) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces, length);
}

/** What stopped fetch, which says only that it failed and keeps why in its cause. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  if (error.cause instanceof Error && error.cause.message !== '') return error.cause.message;
  const code = error.cause instanceof Error && 'code' in error.cause ? String(error.cause.code) : null;
  return code ?? error.message;
}
