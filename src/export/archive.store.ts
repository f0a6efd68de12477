import { Injectable } from '@nestjs/common';
import type { Json } from '../intoto/json.js';
import { Database, namedQuery } from '../platform/database.js';
import type { ArchivedLeaf, ArchivedThing } from './archive-record.js';

/** Which entries are looked for: made at or after `since` and before `until`; null where that end is open. */
export interface ArchivePeriod {
  readonly since: Date | null;
  readonly until: Date | null;
}

/** A row of what a page of entries tells of, by what the entry names it. */
export type ArchivedRow = { readonly of: string } & ArchivedThing;

interface Row {
  readonly of: string;
  readonly row: Json;
}

const TRUST_TABLES = [
  'attestor_states',
  'key_revocations',
  'identity_revocations',
  'trust_root_states',
  'statement_acts',
] as const;
const WAIVER_TABLES = ['waivers', 'waiver_approvals', 'waiver_revocations'] as const;

const LEAF = `
  q.sequence, e.id::text as entry, to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, e.actor, e.type,
  e.image, e.attestation, e.data, e.nonce::text as nonce`;

/** Every table as it stands, for those who check it elsewhere. Each read is one short statement, and none holds on to anything. */
@Injectable()
export class ArchiveStore {
  constructor(private readonly database: Database) {}

  /**
   * The leaves of a period whose sequences are in `(after, upTo]`, in their order. Looks at each number between, so the span
   * bounds the cost.
   */
  async leavesBetween(after: number, upTo: number, period: ArchivePeriod): Promise<readonly ArchivedLeaf[]> {
    const { rows } = await namedQuery<ArchivedLeaf>(this.database.pool, {
      name: 'archive-leaves-between',
      text: `
        select ${LEAF} from history_sequence q join history_entries e on e.id = q.entry
        where q.sequence > $1 and q.sequence <= $2
          and ($3::timestamptz is null or e.at >= $3) and ($4::timestamptz is null or e.at < $4)
        order by q.sequence`,
      values: [after, upTo, period.since, period.until],
    });
    return rows;
  }

  /** The leaves of these sequences, in their order. */
  async leavesOf(sequences: readonly number[]): Promise<readonly ArchivedLeaf[]> {
    const { rows } = await namedQuery<ArchivedLeaf>(this.database.pool, {
      name: 'archive-leaves-of',
      text: `
        select ${LEAF} from history_sequence q join history_entries e on e.id = q.entry
        where q.sequence = any($1::bigint[]) order by q.sequence`,
      values: [sequences],
    });
    return rows;
  }

  /** Attestations without their envelopes, by id, and the sizes of those in bytes. */
  async attestations(ids: readonly string[]): Promise<readonly (Row & { readonly size: number })[]> {
    const { rows } = await namedQuery<Row & { readonly size: number }>(this.database.pool, {
      name: 'archive-attestations',
      text: `
        select a.id as of, a.size, to_jsonb(a) || jsonb_build_object('subjects', (
            select coalesce(jsonb_agg(jsonb_build_object('ordinal', s.ordinal, 'subject', s.subject, 'name', s.name)
              order by s.ordinal, s.subject), '[]')
            from attestation_subjects s where s.attestation = a.id)) as row
        from attestations a where a.id = any($1::text[])`,
      values: [ids],
    });
    return rows;
  }

  /** Envelopes byte for byte as received, by the id of their attestation. */
  async envelopes(ids: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
    // Evidence is UTF-8, or it would not have been accepted; as text it costs half of what the text form of bytea does.
    const { rows } = await namedQuery<{ readonly of: string; readonly text: string }>(this.database.pool, {
      name: 'archive-envelopes',
      text: `
        select a.id as of, convert_from(e.bytes, 'UTF8') as text
        from attestations a join envelopes e on e.received_at = a.received_at and e.attestation = a.id
        where a.id = any($1::text[])`,
      values: [ids],
    });
    return new Map(rows.map(({ of, text }) => [of, Buffer.from(text)]));
  }

  /** What verifications recorded, by the entry that tells of each: one is recorded in the transaction of its entry. */
  async verifications(entries: readonly string[]): Promise<readonly ArchivedRow[]> {
    const rows = await this.rows(
      'archive-verifications',
      `select e.id::text as of, to_jsonb(v) as row
       from history_entries e join verifications v on v.attestation = e.attestation and v.at = e.at
       where e.id = any($1::bigint[])`,
      entries,
    );
    return rows.map((row) => ({ ...row, record: 'verification' }));
  }

  async verdicts(ids: readonly string[]): Promise<readonly ArchivedRow[]> {
    const rows = await this.rows(
      'archive-verdicts',
      `select v.id::text as of, to_jsonb(v) - 'verdict' || jsonb_build_object('verdict', v.verdict) as row
       from verdicts v where v.id = any($1::uuid[])`,
      ids,
    );
    return rows.map((row) => ({ ...row, record: 'verdict' }));
  }

  /** Policy revisions with their source, by `name@revision`. */
  async policies(named: readonly string[]): Promise<readonly ArchivedRow[]> {
    const rows = await this.rows(
      'archive-policies',
      `select p.name || '@' || p.revision as of, to_jsonb(p) as row
       from unnest($1::text[]) as n (named)
       join policy_revisions p on p.name = split_part(n.named, '@', 1) and p.revision = split_part(n.named, '@', 2)::int`,
      named,
    );
    return rows.map((row) => ({ ...row, record: 'policy' }));
  }

  /** What was recorded under trust revisions, by those. */
  async trust(revisions: readonly string[]): Promise<readonly ArchivedRow[]> {
    return this.revisions('trust', TRUST_TABLES, 'trust_revision', revisions);
  }

  /** What was recorded under waiver revisions, by those. */
  async waivers(revisions: readonly string[]): Promise<readonly ArchivedRow[]> {
    return this.revisions('waiver', WAIVER_TABLES, 'revision', revisions);
  }

  /** What was dropped, when and by which rule, by attestation. */
  async dropped(attestations: readonly string[]): Promise<readonly (Row & { readonly record: 'dropped' })[]> {
    const text = `select d.attestation as of, to_jsonb(d) as row from dropped_envelopes d where d.attestation = any($1::text[])`;
    const rows = await this.rows('archive-dropped', text, attestations);
    return rows.map((row) => ({ ...row, record: 'dropped' }));
  }

  /** Legal holds and releases, by the type of the entry that tells of each and the id of the hold. */
  async holds(named: readonly string[]): Promise<readonly ArchivedRow[]> {
    const text = `
      select 'hold.placed ' || h.id as of, 'legal_holds' as table, to_jsonb(h) as row from legal_holds h
      where 'hold.placed ' || h.id = any($1::text[])
      union all
      select 'hold.released ' || r.hold, 'legal_hold_releases', to_jsonb(r) from legal_hold_releases r
      where 'hold.released ' || r.hold = any($1::text[])`;
    const rows = await this.rows<Row & { readonly table: string }>('archive-holds', text, named);
    return rows.map((row) => ({ ...row, record: 'hold' }));
  }

  /** Image indexes, by their digests. */
  async indexes(digests: readonly string[]): Promise<readonly ArchivedRow[]> {
    if (digests.length === 0) return [];
    const { rows } = await namedQuery<Row & { readonly text: string }>(this.database.pool, {
      name: 'archive-indexes',
      text: `
        select i.digest as of, to_jsonb(i) - 'bytes' as row, convert_from(i.bytes, 'UTF8') as text
        from image_indexes i where i.digest = any($1::text[])`,
      values: [digests],
    });
    return rows.map(({ of, row, text }) => ({
      of,
      record: 'index',
      row,
      manifest: Buffer.from(text).toString('base64'),
    }));
  }

  private async revisions(
    record: 'trust' | 'waiver',
    tables: readonly string[],
    column: string,
    revisions: readonly string[],
  ): Promise<readonly ArchivedRow[]> {
    const read = tables.map(async (table): Promise<readonly ArchivedRow[]> => {
      const text = `select t.${column}::text as of, to_jsonb(t) as row from ${table} t where t.${column} = any($1::bigint[])`;
      const rows = await this.rows(`archive-${table}`, text, revisions);
      return rows.map((row) => ({ ...row, record, table }));
    });
    return (await Promise.all(read)).flat();
  }

  private async rows<Found extends Row = Row>(
    name: string,
    text: string,
    values: readonly string[],
  ): Promise<readonly Found[]> {
    if (values.length === 0) return [];
    const { rows } = await namedQuery<Found>(this.database.pool, { name, text, values: [values] });
    return rows;
  }
}
