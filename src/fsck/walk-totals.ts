import type { Reading, Walk } from './walk.js';

/** How many rows each table has that one of these is a walk through, to tell how far one has come. */
export async function walkTotals(reading: Reading, walks: readonly Walk[]): Promise<ReadonlyMap<string, number>> {
  const totals = new Map<string, number>();
  for (const table of new Set(walks.flatMap((walk) => walk.table ?? []))) {
    const [counted] = await reading.query<{ readonly rows: number }>(`select count(*) as rows from ${table}`, []);
    totals.set(table, counted?.rows ?? 0);
  }
  return totals;
}
