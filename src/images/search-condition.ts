import type { Period } from '../platform/period.js';
import type { Term } from './search-term.js';

/** Puts a value among those of a statement and answers the placeholder that stands for it. */
export type Bind = (value: unknown) => string;

/** What an image has to meet to be found: that there is a row of some table about it. */
export interface SearchCondition {
  /** The table, and how its column `image` names images: as the search does, or by their digest as text. */
  readonly table: string;
  readonly image: 'key' | 'digest';
  /**
   * In SQL over a row by its alias: what an index finds the rows by, and what else has to hold of them. Of a period the one
   * where there is an index by time, or else the other.
   */
  readonly found: (row: string, bind: Bind) => string;
  /** Where the rows are found in several places of an index, each by itself, `found` being any of them. */
  readonly places: readonly ((row: string, bind: Bind) => string)[];
  readonly holds: (row: string, bind: Bind) => string;
  /**
   * A query for the first and the last row that meets it: `attestation`, `verdict`, `name` and `at`, as far as there are.
   * `about` is true of rows of the alias `m` that are about the image; `digest` is an expression for its digest.
   */
  readonly matches: (about: string, digest: string, bind: Bind) => string;
}

/** That one piece of evidence says all of this, and was received in the period. */
export function evidenceCondition(terms: readonly [Term, ...Term[]], period: Period): SearchCondition {
  const [first, ...others] = terms;
  const found = (row: string, bind: Bind): string => `${row}.term = ${bind(first)}`;
  const holds = (row: string, bind: Bind): string =>
    all([
      ...others.map(
        (term) =>
          `exists (select from search_evidence o where o.term = ${bind(term)} and o.image = ${row}.image and o.fact = ${row}.fact)`,
      ),
      ...within(`${row}.at`, period, bind),
    ]);
  return {
    table: 'search_evidence',
    image: 'key',
    found,
    places: [found],
    holds,
    matches: (about, digest, bind) => {
      const rows = `select m.fact, m.at from search_evidence m where ${found('m', bind)} and ${holds('m', bind)} and ${about}`;
      return ofFacts(`(${rows} order by m.fact limit 1) union (${rows} order by m.fact desc limit 1)`, digest);
    },
  };
}

/** That any of these is in the image, as evidence says that was received in the period or on both sides of it. */
export function contentCondition(terms: readonly [Term, ...Term[]], { since, until }: Period): SearchCondition {
  const places = terms.map(
    (term) =>
      (row: string, bind: Bind): string =>
        `${row}.term = ${bind(term)}`,
  );
  const found = (row: string, bind: Bind): string => `${row}.term = any(${bind(terms)}::uuid[])`;
  const holds = (row: string, bind: Bind): string =>
    all([
      ...(since === null ? [] : [`${row}.last_at >= ${bind(since)}`]),
      ...(until === null ? [] : [`${row}.first_at < ${bind(until)}`]),
    ]);
  return {
    table: 'search_contents',
    image: 'key',
    found,
    places,
    holds,
    matches: (about, digest, bind) => {
      const rows = `from search_contents m where ${found('m', bind)} and ${about}`;
      return ofFacts(
        `(select m.first_fact as fact, m.first_at as at ${rows} order by m.first_fact limit 1)
         union (select m.last_fact, m.last_at ${rows} order by m.last_fact desc limit 1)`,
        digest,
      );
    },
  };
}

/** That a moment lies in the period, in SQL; nothing where the period is open. */
export function within(column: string, { since, until }: Period, bind: Bind): readonly string[] {
  return [
    ...(since === null ? [] : [`${column} >= ${bind(since)}`]),
    ...(until === null ? [] : [`${column} < ${bind(until)}`]),
  ];
}

/** All of them, in SQL. */
export function all(conditions: readonly string[]): string {
  return conditions.length === 0 ? 'true' : conditions.join(' and ');
}

function ofFacts(rows: string, digest: string): string {
  return `
    select f.attestation, null::uuid as verdict, s.name, r.at
    from (${rows}) r join facts f on f.id = r.fact
    left join lateral (
      select s.name from attestation_subjects s where s.attestation = f.attestation and s.subject = ${digest} limit 1
    ) s on true`;
}
