import type { EntityManager } from 'typeorm';
import type { ImageKey, Term } from './search-term.js';

/** A row of either index: that a fact gives this term for this image. */
export interface SearchRow {
  readonly term: Term;
  readonly image: ImageKey;
  readonly fact: string;
  /** When evidence of the fact was received. */
  readonly at: Date;
}

/** Rows of one statement; a bill of materials has twenty times as many. */
const BATCH = 5_000;

/**
 * Adds what single pieces of evidence say. Repetition changes nothing. The caller holds the locks of the images' rows, so that
 * two writers never wait for each other in a circle.
 */
export async function addEvidenceRows(tx: EntityManager, rows: Iterable<SearchRow>): Promise<void> {
  for (const batch of batches(rows)) {
    await tx.query(
      `insert into search_evidence (term, image, fact, at)
       select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[]) on conflict do nothing`,
      columnsOf(batch),
    );
  }
}

/**
 * Adds what is in images: of each term the first and the last fact that gives it, so that what is said daily anew makes no
 * more rows. Repetition changes nothing, nor does the order of facts. The locks are as of `addEvidenceRows`.
 */
export async function addContentRows(tx: EntityManager, rows: Iterable<SearchRow>): Promise<void> {
  for (const batch of batches(rows)) {
    const merged = mergeByImage(batch);
    await tx.query(
      `insert into search_contents as c (term, image, first_fact, first_at, last_fact, last_at)
       select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[], $5::bigint[], $6::timestamptz[])
       on conflict (term, image) do update set
         first_fact = least(c.first_fact, excluded.first_fact),
         first_at = case when excluded.first_fact < c.first_fact then excluded.first_at else c.first_at end,
         last_fact = greatest(c.last_fact, excluded.last_fact),
         last_at = case when excluded.last_fact > c.last_fact then excluded.last_at else c.last_at end
       where excluded.first_fact < c.first_fact or excluded.last_fact > c.last_fact`,
      [...columnsOf(merged.map(({ first }) => first)), ...columnsOf(merged.map(({ last }) => last)).slice(2)],
    );
  }
}

/** Notes facts whose content is not searched for its size. Repetition changes nothing. */
export async function leaveOut(tx: EntityManager, facts: readonly string[]): Promise<void> {
  if (facts.length === 0) return;
  await tx.query(`insert into search_left_out (fact) select unnest($1::bigint[]) on conflict do nothing`, [facts]);
}

function columnsOf(rows: readonly SearchRow[]): unknown[] {
  return [
    rows.map(({ term }) => term),
    rows.map(({ image }) => image),
    rows.map(({ fact }) => fact),
    rows.map(({ at }) => at),
  ];
}

interface Merged {
  readonly first: SearchRow;
  readonly last: SearchRow;
}

/** One statement cannot touch a row twice. */
function mergeByImage(rows: readonly SearchRow[]): readonly Merged[] {
  const merged = new Map<string, Merged>();
  for (const row of rows) {
    const key = row.term + row.image;
    const { first = row, last = row } = merged.get(key) ?? {};
    merged.set(key, {
      first: BigInt(row.fact) < BigInt(first.fact) ? row : first,
      last: BigInt(row.fact) > BigInt(last.fact) ? row : last,
    });
  }
  return [...merged.values()];
}

function* batches(rows: Iterable<SearchRow>): Iterable<readonly SearchRow[]> {
  let batch: SearchRow[] = [];
  for (const row of rows) {
    batch.push(row);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
