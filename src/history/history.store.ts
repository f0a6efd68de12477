import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { AttestationId, SubjectDigest } from '../intoto/digest.js';
import { coalesce } from '../platform/coalesce.js';
import { Database, namedQuery } from '../platform/database.js';
import type { HistoryEntry, HistoryType } from './history-entry.js';
import { historyCtes } from './history-sql.js';

/** An entry in its place. */
export interface PlacedEntry {
  readonly sequence: number;
  readonly entry: string;
  /** When the transaction of the change began; not in the order of `sequence`. */
  readonly at: Date;
  readonly actor: string;
  readonly type: HistoryType;
  readonly image: string | null;
  readonly attestation: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface HistoryFilter {
  /** Entries about this image, and about attestations that claim to be about this subject. */
  readonly digest: SubjectDigest | null;
  readonly type: HistoryType | null;
  readonly actor: string | null;
  /** Half open: at or after `since` and before `until`. */
  readonly since: Date | null;
  readonly until: Date | null;
}

/** Where an attestation or a verdict stands in the account; `sequence` is null until the sequencer has placed it. */
export interface EntryPlace {
  readonly entry: string;
  readonly sequence: number | null;
}

const MOST_ENTRIES_LOOKED_UP = 500;

const APPEND = `
  with told as (
    select actor, type, image, attestation, data
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::jsonb[]) with ordinality
      as t (actor, type, image, attestation, data, ordinal)
    order by ordinal
  ),
  ${historyCtes('told')}
  select id::text as entry from history_appended order by id`;

/** The append-only account of what this service did. */
@Injectable()
export class HistoryStore {
  constructor(private readonly database: Database) {}

  /**
   * Appends the entries in the transaction of the change they tell of, and answers their ids in the order given. Durable
   * when that transaction commits, and only then placed in the account's order. Repetition appends again.
   */
  async append(tx: EntityManager, entries: readonly HistoryEntry[]): Promise<readonly string[]> {
    if (entries.length === 0) return [];
    const rows = await tx.query<{ entry: string }[]>(APPEND, [
      entries.map((entry) => entry.actor),
      entries.map((entry) => entry.type),
      entries.map((entry) => entry.image),
      entries.map((entry) => entry.attestation),
      entries.map((entry) => JSON.stringify(entry.data)),
    ]);
    return rows.map((row) => row.entry);
  }

  /**
   * Up to `limit` entries behind the sequence number `after`, in the account's order, and whether there are more.
   * `completeTo` is the highest number given out when the list was read: nothing can still appear at or below it. What is
   * committed but not placed yet is left out.
   */
  async list(
    filter: HistoryFilter,
    after: number,
    limit: number,
  ): Promise<{ readonly entries: readonly PlacedEntry[]; readonly more: boolean; readonly completeTo: number }> {
    const { where, values } = conditionsOf(filter, after);
    const { rows } = await this.database.pool.query<ListedRow>(
      `select c."completeTo", p.*
       from (select coalesce(max(sequence), 0) as "completeTo" from history_sequence) c
       left join lateral (
         select q.sequence, e.id::text as entry, e.at, e.actor, e.type, e.image, e.attestation, e.data
         from history_sequence q join history_entries e on e.id = q.entry
         where ${where}
         order by q.sequence limit ${limit + 1}
       ) p on true
       order by p.sequence`,
      values,
    );
    const found = rows.filter(isFound).map(({ completeTo: _completeTo, ...entry }): PlacedEntry => entry);
    return { entries: found.slice(0, limit), more: found.length > limit, completeTo: rows[0]?.completeTo ?? 0 };
  }

  /** Where the receipt of an attestation stands, or undefined for one nobody received. Calls of one turn share a query. */
  readonly entryOf = coalesce<AttestationId, EntryPlace>((attestations) => this.receiptsOf(attestations), {
    maxBatch: MOST_ENTRIES_LOOKED_UP,
  });

  /** Where a verdict on record stands, or undefined for one that is not on record. Calls of one turn share a query. */
  readonly entryOfVerdict = coalesce<string, EntryPlace>((verdicts) => this.entriesOfVerdicts(verdicts), {
    maxBatch: MOST_ENTRIES_LOOKED_UP,
  });

  private async entriesOfVerdicts(verdicts: readonly string[]): Promise<ReadonlyMap<string, EntryPlace>> {
    const { rows } = await namedQuery<EntryPlace & { verdict: string }>(this.database.pool, {
      name: 'history-entries-of-verdicts',
      text: `
        select distinct on (e.data->>'verdict') e.data->>'verdict' as verdict, e.id::text as entry, q.sequence
        from history_entries e left join history_sequence q on q.entry = e.id
        where e.data->>'verdict' = any($1) and e.type in ('verdict.recorded', 'verdict.break_glass')
        order by e.data->>'verdict', e.id`,
      values: [verdicts],
    });
    return new Map(rows.map(({ verdict, entry, sequence }) => [verdict, { entry, sequence }]));
  }

  private async receiptsOf(attestations: readonly AttestationId[]): Promise<ReadonlyMap<AttestationId, EntryPlace>> {
    const { rows } = await namedQuery<EntryPlace & { attestation: AttestationId }>(this.database.pool, {
      name: 'history-receipts-of',
      text: `
        select distinct on (e.attestation) e.attestation, e.id::text as entry, q.sequence
        from history_entries e left join history_sequence q on q.entry = e.id
        where e.attestation = any($1) and e.type = 'attestation.received'
        order by e.attestation, e.id`,
      values: [attestations],
    });
    return new Map(rows.map(({ attestation, entry, sequence }) => [attestation, { entry, sequence }]));
  }
}

type FoundRow = PlacedEntry & { readonly completeTo: number };
/** The lateral join answers one row of nulls where nothing was found. */
type ListedRow = FoundRow | { readonly completeTo: number; readonly sequence: null };

function isFound(row: ListedRow): row is FoundRow {
  return row.sequence !== null;
}

function conditionsOf(filter: HistoryFilter, after: number): { where: string; values: unknown[] } {
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const conditions = [`q.sequence > ${bind(after)}`];
  if (filter.digest !== null) {
    const digest = bind(filter.digest);
    conditions.push(`e.id in (
      select id from history_entries where image = ${digest}
      union all
      select about.id
      from attestation_subjects s join history_entries about on about.attestation = s.attestation
      where s.subject = ${digest}
    )`);
  }
  if (filter.type !== null) conditions.push(`e.type = ${bind(filter.type)}`);
  if (filter.actor !== null) conditions.push(`e.actor = ${bind(filter.actor)}`);
  if (filter.since !== null) conditions.push(`e.at >= ${bind(filter.since)}`);
  if (filter.until !== null) conditions.push(`e.at < ${bind(filter.until)}`);
  return { where: conditions.join(' and '), values };
}
