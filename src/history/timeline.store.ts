import { Injectable } from '@nestjs/common';
import type { AttestationId, Sha256Digest, SubjectDigest } from '../intoto/digest.js';
import { Database, namedQuery } from '../platform/database.js';
import type { HistoryFilter, PlacedEntry } from './history.store.js';
import { TRUST_TYPES, WAIVER_TYPES } from './revision-types.js';

/** What entries about an image are, beside those that name it or evidence about it. */
export interface Touching {
  /** Of changes of trust. */
  readonly trustRevisions: readonly number[];
  /** Policies, each from a revision of it on. */
  readonly policies: readonly { readonly policy: string; readonly from: number }[];
  /** By id. */
  readonly waivers: readonly string[];
  /** Indexes that list the image. */
  readonly indexes: readonly Sha256Digest[];
  /** Other digests, evidence about which bears on the image, such as the commit it was built from. */
  readonly related: readonly SubjectDigest[];
}

/** An entry in its place, with the kind of the attestation that it is about. */
export interface TimelineEntry extends PlacedEntry {
  readonly kind: string | null;
  /** The related digest that the attestation is about; null where it is about the image. */
  readonly related: SubjectDigest | null;
}

export interface TimelineList {
  readonly entries: readonly TimelineEntry[];
  readonly more: boolean;
  readonly completeTo: number;
}

/** What may have changed an answer, before the entry that tells of the answer. */
export interface SoughtCauses {
  /** The entry that tells of the answer. */
  readonly entry: string;
  /** Evidence that the former answer did not know. */
  readonly appeared: readonly AttestationId[];
  /** Evidence that it did know, and its moment. */
  readonly known: readonly AttestationId[];
  readonly since: string;
  readonly trustRevisions: readonly number[];
  readonly policy: { readonly name: string; readonly after: number; readonly upTo: number } | null;
  readonly waivers: { readonly ids: readonly string[]; readonly after: number; readonly upTo: number };
  /** Indexes posted that concern the image, by the numbers of its relations. */
  readonly relations: { readonly image: Sha256Digest; readonly after: number; readonly upTo: number } | null;
}

const TRUST = `in (${TRUST_TYPES.map((type) => `'${type}'`).join(', ')})`;
const WAIVERS = `in (${WAIVER_TYPES.map((type) => `'${type}'`).join(', ')})`;
const EXAMINED = `in ('attestation.verified', 'attestation.rejected', 'attestation.error')`;
/** By which evidence that was known has another part in an answer. */
const ALTERING = `in ('attestation.verified', 'attestation.rejected', 'attestation.error', 'envelope.dropped')`;
const COLUMNS = `q.sequence, e.id::text as entry, e.at, e.actor, e.type, e.image, e.attestation, e.data, a.kind`;
/** Causes of one answer, beyond which they are left out. */
const MOST_CAUSES = 20;

/** The first of the related digests `$9` that evidence is about which is not about the image `$1`. */
const RELATED = `
  (select min(s.subject) from attestation_subjects s
   where s.attestation = e.attestation and s.subject = any($9::text[])
     and not exists (select from attestation_subjects o where o.attestation = e.attestation and o.subject = $1)) as related`;

/** `$1` is the image, `$2` to `$6` and `$9` what touches it. Each branch is a look into an index of its own. */
const ABOUT = `
  select id from history_entries where image = $1
  union
  select about.id from attestation_subjects s join history_entries about on about.attestation = s.attestation
  where s.subject = any($9::text[] || $1::text)
  union
  select id from history_entries where type ${TRUST} and (data->>'trustRevision')::bigint = any($2::bigint[])
  union
  select e.id from unnest($3::text[], $4::bigint[]) as p (policy, first)
  join history_entries e on e.type = 'policy.changed' and e.data->>'policy' = p.policy
  where (e.data->>'revision')::bigint >= p.first
  union
  select id from history_entries where type ${WAIVERS} and data->>'waiver' = any($5::text[])
  union
  select id from history_entries where image = any($6::text[]) and type = 'image.related'`;

const CAUSES = `
  select l.entry as of, c.*
  from jsonb_to_recordset($1::jsonb) as l (entry text, appeared text[], known text[], since timestamptz,
    "trustRevisions" bigint[], policy jsonb, waivers jsonb, relations jsonb)
  cross join lateral (
    select ${COLUMNS}, null as related
    from (
      select max(id) as id from history_entries
      where attestation = any(l.appeared) and type ${EXAMINED} and id < l.entry::bigint group by attestation
      union
      select id from history_entries
      where attestation = any(l.known) and type ${ALTERING} and id < l.entry::bigint and at >= l.since
      union
      select id from history_entries where type ${TRUST} and (data->>'trustRevision')::bigint = any(l."trustRevisions")
      union
      select id from history_entries
      where type = 'policy.changed' and data->>'policy' = l.policy->>'name'
        and (data->>'revision')::bigint > (l.policy->>'after')::bigint
        and (data->>'revision')::bigint <= (l.policy->>'upTo')::bigint
      union
      select id from history_entries
      where type ${WAIVERS} and data->>'waiver' = any(array(select jsonb_array_elements_text(l.waivers->'ids')))
        and (data->>'waiverRevision')::bigint > (l.waivers->>'after')::bigint
        and (data->>'waiverRevision')::bigint <= (l.waivers->>'upTo')::bigint
      union
      select about.id from (
        select digest as index, revision from image_indexes where digest = l.relations->>'image'
        union
        select index_digest, revision from image_manifests where manifest = l.relations->>'image'
      ) posted
      join history_entries about on about.image = posted.index and about.type = 'image.related'
      where posted.revision > (l.relations->>'after')::bigint and posted.revision <= (l.relations->>'upTo')::bigint
    ) found
    join history_entries e on e.id = found.id
    join history_sequence q on q.entry = e.id
    left join attestations a on a.id = e.attestation
    order by q.sequence desc limit ${MOST_CAUSES}
  ) c
  order by c.sequence`;

/** The account as it bears on one image. */
@Injectable()
export class TimelineStore {
  constructor(private readonly database: Database) {}

  /**
   * Up to `limit` entries about an image behind the sequence `after`, in the account's order: those that name it, those about
   * evidence that claims to be about it, and those that touch it. What is about it never appears at or below `completeTo`; what
   * touches it may, when it comes to be touched.
   */
  async list(
    digest: Sha256Digest,
    touching: Touching,
    filter: Omit<HistoryFilter, 'digest'>,
    after: number,
    limit: number,
  ): Promise<TimelineList> {
    const { trustRevisions, policies, waivers, indexes, related } = touching;
    const filtered = filteredBy(filter, 10);
    const { rows } = await this.database.pool.query<ListedRow>(
      `
        select c."completeTo", p.*
        from (select coalesce(max(sequence), 0) as "completeTo" from history_sequence) c
        left join lateral (
          select ${COLUMNS}, ${RELATED}
          from (
            select q.sequence, q.entry
            from (${ABOUT}) about join history_sequence q on q.entry = about.id ${filtered.join}
            where q.sequence > $7 ${filtered.where}
            order by q.sequence limit $8
          ) q
          join history_entries e on e.id = q.entry
          left join attestations a on a.id = e.attestation
        ) p on true
        order by p.sequence`,
      [
        digest,
        trustRevisions,
        policies.map(({ policy }) => policy),
        policies.map(({ from }) => from),
        waivers,
        indexes,
        after,
        limit + 1,
        related,
        ...filtered.values,
      ],
    );
    const found = rows.filter(isFound).map(({ completeTo: _completeTo, ...entry }): TimelineEntry => entry);
    return { entries: found.slice(0, limit), more: found.length > limit, completeTo: rows[0]?.completeTo ?? 0 };
  }

  /** What may have changed answers: by the entry of each, in the account's order, the last ones of each. */
  async causes(sought: readonly SoughtCauses[]): Promise<ReadonlyMap<string, readonly TimelineEntry[]>> {
    if (sought.length === 0) return new Map();
    const { rows } = await namedQuery<TimelineEntry & { readonly of: string }>(this.database.pool, {
      name: 'timeline-causes',
      text: CAUSES,
      values: [JSON.stringify(sought)],
    });
    return Map.groupBy(rows, ({ of }) => of);
  }
}

/** Without a filter the entries themselves are read for those of the page alone. */
function filteredBy(
  { type, actor, since, until }: Omit<HistoryFilter, 'digest'>,
  first: number,
): { readonly join: string; readonly where: string; readonly values: readonly unknown[] } {
  const conditions: readonly (readonly [string, unknown])[] = [
    ['f.type =', type],
    ['f.actor =', actor],
    ['f.at >=', since],
    ['f.at <', until],
  ];
  const set = conditions.filter(([, value]) => value !== null);
  return {
    join: set.length === 0 ? '' : 'join history_entries f on f.id = about.id',
    where: set.map(([condition], place) => `and ${condition} $${first + place}`).join(' '),
    values: set.map(([, value]) => value),
  };
}

type FoundRow = TimelineEntry & { readonly completeTo: number };
/** The lateral join answers one row of nulls where nothing was found. */
type ListedRow = FoundRow | { readonly completeTo: number; readonly sequence: null };

function isFound(row: ListedRow): row is FoundRow {
  return row.sequence !== null;
}
