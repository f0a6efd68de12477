import type { EntityManager } from 'typeorm';
import { addContentRows, addEvidenceRows, leaveOut, type SearchRow } from '../images/search-index.store.js';
import { imageKeyOf, type Term } from '../images/search-term.js';
import type { Sha256Digest } from '../intoto/digest.js';
import type { FactContent } from './fact.js';
import { contentTerms, evidenceTerms, mostContentTerms, signerTerms, type Verified } from './search-terms.js';

/** A fact on record, by which images are to be found. */
export interface IndexedFact {
  readonly id: string;
  readonly content: FactContent;
  readonly receivedAt: Date;
  readonly images: readonly Sha256Digest[];
  readonly verified: Verified;
}

/**
 * The most rows that one fact makes of what is in images. Whoever lists ten thousand components of ten thousand images would
 * hold up everybody else.
 */
const MOST_CONTENT_ROWS = 250_000;

/** The rows by which one fact is searched. */
export interface RowsOfFact {
  readonly evidence: readonly SearchRow[];
  /** null where they would be too many. */
  readonly contents: Iterable<SearchRow> | null;
}

/**
 * What one fact adds to the search: pure, and the same whenever it is asked for. `contents` is made as it is read, since it
 * may be large.
 */
export function rowsOfFact({ id, content, receivedAt, images, verified }: IndexedFact): RowsOfFact {
  const keys = images.map(imageKeyOf);
  const rowsFor = function* (terms: Iterable<Term>): Iterable<SearchRow> {
    for (const term of terms) for (const image of keys) yield { term, image, fact: id, at: receivedAt };
  };
  return {
    evidence: [...rowsFor([...signerTerms(verified), ...evidenceTerms(content, verified)])],
    contents: mostContentTerms(content) * keys.length > MOST_CONTENT_ROWS ? null : rowsFor(contentTerms(content)),
  };
}

/** Adds facts to the search, in the transaction that holds the locks of their images. Repetition changes nothing. */
export async function indexFacts(tx: EntityManager, facts: readonly IndexedFact[]): Promise<void> {
  const rows = facts.map((fact) => ({ fact, ...rowsOfFact(fact) }));
  await addEvidenceRows(
    tx,
    rows.flatMap(({ evidence }) => evidence),
  );
  await addContentRows(tx, each(rows.map(({ contents }) => contents ?? [])));
  await leaveOut(
    tx,
    rows.filter(({ contents }) => contents === null).map(({ fact }) => fact.id),
  );
}

function* each<T>(lists: readonly Iterable<T>[]): Iterable<T> {
  for (const list of lists) yield* list;
}
