import { AppError } from './app-error.js';
import { sqlStateOf } from './sql-state.js';

/** What the pool of `pg` says when a caller waited too long for a connection, or one could not be made in time: it has no code. */
const WAITED_TOO_LONG: ReadonlySet<string> = new Set([
  'timeout exceeded when trying to connect',
  'Connection terminated due to connection timeout',
]);
const TOO_MANY_CONNECTIONS = '53300';
const RETRY_AFTER_S = 2;

/**
 * What to tell a caller for whom there was no connection to the database in time, the error as its cause; null where it
 * is any other error. The statement that had none was not sent.
 */
export function withoutConnection(error: unknown): AppError | null {
  if (!waitedTooLong(error) && sqlStateOf(error) !== TOO_MANY_CONNECTIONS) return null;
  return new AppError('overloaded', 'overloaded', 'too many requests are waiting for the database', {
    retryAfterSeconds: RETRY_AFTER_S,
    cause: error,
  });
}

/** Also where an ORM or a cause wraps it. */
function waitedTooLong(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (WAITED_TOO_LONG.has(error.message)) return true;
  if ('driverError' in error) return waitedTooLong(error.driverError);
  return waitedTooLong(error.cause);
}
