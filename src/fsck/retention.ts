import { keptDigest, type KeptRecord } from '../retention/kept-record.js';
import { KEPT_RECORD } from '../retention/kept-record-sql.js';
import { BY_INDEX, sqlInvariant, walkRows, type Keyed, type Walk } from './walk.js';

const ENTRIES_OF_ATTESTATION = `(select * from history_entries where attestation = d.attestation ${BY_INDEX})`;

/** Longer than a verdict may take from its moment to its commit: what was asked before that a drop has seen. */
const RECORDED_WITHIN = '90 seconds';

/** Holds and drops go one after the other, and so do the ids of their entries, whatever their times. */
const PLACED = entryOf('hold.placed');
const RELEASED = entryOf('hold.released');

/** A page is cut short where its envelopes came to more than this. */
const MOST_BYTES = 16 * 1024 * 1024;

/** What is on record of an attestation whose envelope was dropped, and the digests of it that entries tell. */
interface KeptRow extends Keyed {
  readonly record: KeptRecord;
  readonly digests: readonly (string | null)[];
}

/** Behind every entry. */
const LAST_ENTRY = '9223372036854775807';
const WAS_IN_FORCE = 'h.placed < p.entry and h.released > p.entry';

/** What was dropped, and what was held. */
export const RETENTION: readonly Walk[] = [
  sqlInvariant(
    'every dropped envelope is gone, was of examined evidence, and has one history entry',
    [''],
    `select array[d.attestation] as key,
       case when a.id is null then 'there is no attestation ' || d.attestation || ', but a drop of its envelope'
            when e.attestation is not null then 'the envelope of ' || d.attestation || ' is on record as dropped, and is there'
            when not exists (select from verifications v where v.attestation = d.attestation and v.outcome in ('verified', 'rejected'))
            then 'the envelope of ' || d.attestation || ' was dropped before anybody found out about it'
            when h.entries <> 1 then 'the drop of the envelope of ' || d.attestation || ' has ' || h.entries || ' entries'
       end as fault
     from (select * from dropped_envelopes where attestation > $1 order by attestation limit $2) d
     left join attestations a on a.id = d.attestation
     left join envelopes e on e.received_at = a.received_at and e.attestation = a.id
     cross join lateral (
       select count(*) as entries from ${ENTRIES_OF_ATTESTATION} x where x.type = 'envelope.dropped'
     ) h
     order by d.attestation`,
    'dropped_envelopes',
  ),
  walkRows<KeptRow, KeptRow>({
    table: 'dropped_envelopes',
    start: [''],
    pageSize: 500,
    text: `
      with looked_at as (
        select d.attestation, sum(a.size) over (order by d.attestation) - a.size as before
        from (select attestation from dropped_envelopes where attestation > $1 order by attestation limit $2) d
        join attestations a on a.id = d.attestation
      )
      select array[a.id] as key, ${KEPT_RECORD} as record, (
          select coalesce(jsonb_agg(x.data->>'record'), '[]')
          from (select * from history_entries where attestation = a.id ${BY_INDEX}) x where x.type = 'envelope.dropped'
        ) as digests
      from looked_at l join attestations a on a.id = l.attestation where l.before < ${MOST_BYTES} order by a.id`,
    read: (row) => row,
    faultOf: {
      'what stays of a dropped envelope is what its history entry tells of': ({ key: [id = ''], record, digests }) => {
        const actual: string = keptDigest(record);
        const other = digests.some((told) => told !== actual);
        return other ? `subjects or facts of ${id} are not those that the drop of its envelope left` : null;
      },
    },
  }),
  sqlInvariant(
    'nothing was dropped that a legal hold kept',
    [''],
    // Only by what cannot have come to be known after the drop.
    `with hold as materialized (
       select h.id, h.scope, h.target, (${PLACED}) as placed, coalesce((${RELEASED}), ${LAST_ENTRY}) as released from legal_holds h
     ),
     page as materialized (
       select d.attestation, d.at, (select min(x.id) from ${ENTRIES_OF_ATTESTATION} x where x.type = 'envelope.dropped') as entry
       from (select * from dropped_envelopes where attestation > $1 order by attestation limit $2) d
     ),
     named as (
       select p.*, s.subject, s.name from page p join attestation_subjects s on s.attestation = p.attestation
     ),
     broken as materialized (
       select p.attestation, h.id from page p join hold h on h.scope = 'everything' and ${WAS_IN_FORCE}
       union all
       select p.attestation, h.id from page p join hold h
         on h.scope = 'attestation' and h.target = p.attestation and ${WAS_IN_FORCE}
       union all
       select p.attestation, h.id from named p join hold h on h.scope = 'image' and h.target = p.subject and ${WAS_IN_FORCE}
       union all
       select p.attestation, h.id from named p join hold h on h.scope = 'repository' and ${WAS_IN_FORCE}
       where p.name = h.target or starts_with(p.name, h.target || ':') or starts_with(p.name, h.target || '@')
         or exists (select from verdicts v where v.image = p.subject and v.repository = h.target
           and v.at < p.at - interval '${RECORDED_WITHIN}')
     )
     select array[p.attestation] as key,
       (select 'the envelope of ' || p.attestation || ' was dropped although legal hold ' || b.id || ' kept it'
        from broken b where b.attestation = p.attestation limit 1) as fault
     from page p order by p.attestation`,
    'dropped_envelopes',
  ),
  sqlInvariant(
    'what counts as dropped about a subject are the dropped envelopes that name it',
    [''],
    `select array[l.subject] as key,
       case when l.dropped <> c.counted
         then 'image ' || l.subject || ' counts ' || l.dropped || ' dropped envelopes, and there are ' || c.counted end as fault
     from (select subject, dropped from images where subject > $1 order by subject limit $2) l
     cross join lateral (
       select count(distinct d.attestation) as counted
       from (select attestation from attestation_subjects where subject = l.subject ${BY_INDEX}) s
       join dropped_envelopes d on d.attestation = s.attestation
     ) c
     order by l.subject`,
    'images',
  ),
  sqlInvariant(
    'every legal hold has one history entry',
    ['0'],
    `select array[h.number::text] as key,
       case when n.entries <> 1 then 'legal hold ' || h.id || ' has ' || n.entries || ' entries' end as fault
     from (select * from legal_holds where number > $1::bigint order by number limit $2) h
     cross join lateral (
       select count(*) as entries from history_entries e where e.type = 'hold.placed' and e.data->>'hold' = h.id::text
     ) n
     order by h.number`,
    'legal_holds',
  ),
  sqlInvariant(
    'every release of a legal hold is of one, and has one history entry',
    ['00000000-0000-0000-0000-000000000000'],
    `select array[r.hold::text] as key,
       case when h.id is null then 'there is no legal hold ' || r.hold || ', but a release of it'
            when n.entries <> 1 then 'the release of legal hold ' || r.hold || ' has ' || n.entries || ' entries' end as fault
     from (select * from legal_hold_releases where hold > $1::uuid order by hold limit $2) r
     left join legal_holds h on h.id = r.hold
     cross join lateral (
       select count(*) as entries from history_entries e where e.type = 'hold.released' and e.data->>'hold' = r.hold::text
     ) n
     order by r.hold`,
    'legal_hold_releases',
  ),
];

/** The id of the entry of this type that tells of a hold `h`. */
function entryOf(type: 'hold.placed' | 'hold.released'): string {
  return `select min(e.id) from history_entries e where e.type = '${type}' and e.data->>'hold' = h.id::text`;
}
