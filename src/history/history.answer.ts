import { z } from 'zod';
import { HISTORY_TYPES } from './history-entry.js';
import type { HistoryList, PlacedEntry } from './history.store.js';

export const entryAnswer = z.object({
  sequence: z
    .number()
    .int()
    .min(1)
    .describe('Its place in the account: dense, from 1, given out in the order of commits'),
  entry: z.string().describe('Its id, also before it had a place'),
  at: z.iso.datetime().describe('When the change was made; a change that took long may stand behind later ones'),
  actor: z.string().describe('Who caused it: `token:` with a name and an id, or `service`'),
  type: z.enum(HISTORY_TYPES),
  image: z.string().nullable().describe('The image digest it is about'),
  attestation: z.string().nullable().describe('The id of the attestation it is about'),
  data: z.record(z.string(), z.unknown()).describe('What this type of entry says beside that'),
});
export type EntryAnswer = z.infer<typeof entryAnswer>;

export const historyPage = z.object({
  items: z.array(entryAnswer),
  nextCursor: z.string().nullable(),
  completeTo: z.number().int().min(0).describe('No entry can still appear at or below this sequence'),
});
export type HistoryPage = z.infer<typeof historyPage>;

/** The entry as clients see it. */
export function toAnswer(entry: PlacedEntry): EntryAnswer {
  return {
    sequence: entry.sequence,
    entry: entry.entry,
    at: entry.at.toISOString(),
    actor: entry.actor,
    type: entry.type,
    image: entry.image,
    attestation: entry.attestation,
    data: entry.data,
  };
}

/** The page as clients see it. `cursorOf` makes the cursor that goes on behind a sequence. */
export function toPage(
  { entries, more, completeTo }: HistoryList,
  cursorOf: (sequence: number) => string,
): HistoryPage {
  const last = entries.at(-1);
  return {
    items: entries.map(toAnswer),
    nextCursor: more && last !== undefined ? cursorOf(last.sequence) : null,
    completeTo,
  };
}
