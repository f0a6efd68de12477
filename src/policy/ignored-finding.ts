const DAY = 86_400_000;

/** What an `until` looks like, for people. */
export const UNTIL_EXAMPLES = 'a date such as 2026-12-31, or a moment such as 2026-12-31T12:00:00Z';

/**
 * The first moment at which an ignored finding counts again, or a waiver no longer holds, in milliseconds since the epoch:
 * for a date the end of that day in UTC, else the moment itself. null where the text names no day of the calendar.
 */
export function ignoredUntil(until: string): number | null {
  const day = until.slice(0, 10);
  const startOfDay = Date.parse(`${day}T00:00:00Z`);
  // JavaScript reads the 31st of February as a day in March.
  if (Number.isNaN(startOfDay) || new Date(startOfDay).toISOString().slice(0, 10) !== day) return null;
  if (until.length === 10) return startOfDay + DAY;
  const moment = Date.parse(until);
  return Number.isNaN(moment) ? null : moment;
}
