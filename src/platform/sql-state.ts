/** The five-character SQLSTATE of a database error, also where an ORM or a cause wraps it; null where there is none. */
export function sqlStateOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null;
  if ('driverError' in error) return sqlStateOf(error.driverError);
  // Node's own error codes (ECONNRESET) stand in the same field, but no SQLSTATE ends up looking like one.
  if ('code' in error && typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code)) return error.code;
  return 'cause' in error ? sqlStateOf(error.cause) : null;
}

/**
 * Whether the database refused what was written, rather than being unable to write it: the statement failed because of a
 * value, a constraint or a size, so the same statement without the offending row may succeed.
 */
export function isRefusedByValue(error: unknown): boolean {
  const state = sqlStateOf(error);
  // PostgreSQL appendix A: 21 cardinality, 22 data, 23 integrity, 44 check option, 54 limits, P0 raised by a trigger.
  return state !== null && ['21', '22', '23', '44', '54', 'P0'].includes(state.slice(0, 2));
}

/** Whether the transaction lost a race and may simply be run again: serialization failure or deadlock. */
export function isLostRace(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === '40001' || state === '40P01';
}
