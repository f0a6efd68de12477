/** What kind of fault of the caller's an error is; each has one HTTP status. Closed. */
export type ErrorKind =
  | 'malformed'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'gone'
  | 'precondition_failed'
  | 'too_large'
  | 'unsupported'
  | 'too_many'
  | 'overloaded';

/** One faulty place in what was sent: `path` as in `signatures[0].sig` or `query.limit`, empty for the whole. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

export interface AppErrorOptions {
  readonly errors?: readonly FieldError[];
  /** Whole seconds after which the same request may succeed; answered as `Retry-After`. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/**
 * A fault of the caller's, or a refusal he can act on: answered with the status of its kind, its code and its message.
 * Codes are part of the API and never change meaning; the room that throws one owns it. The message is shown to the
 * caller, so it holds nothing that he may not know; `cause` is logged and never shown.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly errors: readonly FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    detail: string,
    options: AppErrorOptions = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.errors = options.errors;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
