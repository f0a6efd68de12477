import type { Finding } from '../facts/fact.js';
import type { Clock } from './clock.js';
import type { IgnoredFinding } from './policy-document.js';

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

/** What the policy ignores, by the ids of findings, and the moments from which they count again. */
export type Ignored = ReadonlyMap<string, { readonly ignore: IgnoredFinding; readonly moment: number }>;

/** What is ignored by the ids of findings. Where one is ignored twice, the earlier end holds. */
export function ignoredById(ignore: readonly IgnoredFinding[]): Ignored {
  const byId = new Map<string, { readonly ignore: IgnoredFinding; readonly moment: number }>();
  for (const one of ignore) {
    const moment = ignoredUntil(one.until);
    if (moment === null) throw new Error(`not a day of the calendar: ${one.until}`);
    if (moment < (byId.get(one.id)?.moment ?? Infinity)) byId.set(one.id, { ignore: one, moment });
  }
  return byId;
}

/** Whether a finding is ignored at this moment. */
export function isIgnored({ id }: Pick<Finding, 'id'>, ignored: Ignored, clock: Clock): boolean {
  const found = ignored.get(id);
  return found !== undefined && clock.isBefore(found.moment);
}
