import type { Timestamp } from './fact.js';

const RFC_3339 =
  /^(\d{4}-\d{2}-\d{2})T((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d+))?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;

/**
 * Reads an RFC 3339 time into UTC with milliseconds; finer digits are cut off, so that nothing becomes younger. Dates that
 * do not exist, leap seconds and times outside the years 1 to 9999 UTC are refused: the database could not hold them.
 * Throws RangeError, and nothing else.
 */
export function parseTime(text: string): Timestamp {
  const [, date, time, fraction = '', offset] = RFC_3339.exec(text) ?? [];
  if (date === undefined || time === undefined || offset === undefined) throw noTime();
  const midnight = new Date(`${date}T00:00:00.000Z`);
  // A day beyond its month's end rolls over into the next month instead of being refused.
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(date)) throw noTime();
  const milliseconds = fraction.slice(0, 3).padEnd(3, '0');
  const utc = new Date(`${date}T${time}.${milliseconds}${offset.toUpperCase()}`).toISOString();
  if (!/^(?!0000)\d{4}-/.test(utc)) throw noTime();
  return utc;
}

function noTime(): RangeError {
  return new RangeError('must be an RFC 3339 time, such as 2026-01-31T12:00:00Z');
}
