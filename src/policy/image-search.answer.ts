import { z } from 'zod';
import type { FoundImage } from '../images/image-search.store.js';
import { csvOf } from '../platform/csv.js';

export const foundImageAnswer = z.object({
  digest: z.string(),
  names: z.array(z.string()).describe('What the evidence and the verdicts below call it'),
  firstAt: z.iso.datetime().nullable().describe('When the first of them was received or given'),
  lastAt: z.iso.datetime().nullable(),
  attestations: z.array(z.string()).describe('Evidence by which it was found: of each filter the first and the last'),
  verdicts: z.array(z.string()).describe('Verdicts by which it was found: of each filter the first and the last'),
});
export type FoundImageAnswer = z.infer<typeof foundImageAnswer>;

export const imageSearchPage = z.object({
  items: z.array(foundImageAnswer),
  nextCursor: z.string().nullable(),
  completeTo: z
    .number()
    .int()
    .min(0)
    .describe('Whatever the history tells up to this sequence is found; 0 while old evidence is still to be added'),
  leftOut: z
    .number()
    .int()
    .describe('Pieces of evidence too large for the images they name to be found by components and findings'),
});
export type ImageSearchPage = z.infer<typeof imageSearchPage>;

/** The image with why it was found, as clients see it. */
export function toFoundAnswer({ digest, matches }: FoundImage): FoundImageAnswer {
  const times = matches.map(({ at }) => at.toISOString()).sort();
  return {
    digest,
    names: distinct(matches.map(({ name }) => name)),
    firstAt: times[0] ?? null,
    lastAt: times.at(-1) ?? null,
    attestations: distinct(matches.map(({ attestation }) => attestation)),
    verdicts: distinct(matches.map(({ verdict }) => verdict)),
  };
}

const COLUMNS = ['digest', 'names', 'firstAt', 'lastAt', 'attestations', 'verdicts'] as const;

/** A page as CSV, with a header; several values of a cell stand on lines of their own. */
export function csvOfPage(items: readonly FoundImageAnswer[]): string {
  const rows = items.map((item) =>
    COLUMNS.map((column) => {
      const value = item[column];
      return Array.isArray(value) ? value.join('\n') : (value ?? '');
    }),
  );
  return csvOf([COLUMNS, ...rows]);
}

function distinct(values: readonly (string | null)[]): string[] {
  return [...new Set(values.filter((value) => value !== null))];
}
