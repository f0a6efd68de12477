import { SEQUENCER_LOCK } from '../history/history.sequencer.js';
import { LEAF_COLUMNS, logLeaf, type LeafEntry } from '../history/log-leaf.js';
import { leafHash } from '../history/merkle-tree.js';
import { BY_INDEX, sqlInvariant, walkRows, type Keyed, type Walk } from './walk.js';

/** A placed entry, and the hash of it that the log has. */
type SealedRow = Keyed & LeafEntry & { readonly leafHash: Buffer };

/** Longer than a change may take from its first moment to its commit, and the sequencer behind it. */
const PLACED_WITHIN = '90 seconds';

/** While no sequencer is at work, entries wait. */
const SEQUENCER_AT_WORK = `exists (
  select from pg_locks k join pg_database d on d.oid = k.database
  where k.locktype = 'advisory' and k.granted and d.datname = current_database()
    and k.classid = 0 and k.objid = ${SEQUENCER_LOCK} and k.objsubid = 1)`;

/** The order of the account. */
export const HISTORY: readonly Walk[] = [
  sqlInvariant(
    'history sequence numbers are dense from 1, each of an entry',
    ['0'],
    `select array[q.sequence::text] as key,
       case when q.sequence <> q.before + 1 then 'sequence ' || q.sequence || ' follows ' || q.before
            when e.id is null then 'sequence ' || q.sequence || ' is of entry ' || q.entry || ', which there is not' end as fault
     from (
       select sequence, entry, lag(sequence, 1, $1::bigint) over (order by sequence) as before
       from history_sequence where sequence > $1::bigint order by sequence limit $2
     ) q
     left join lateral (select id from history_entries where id = q.entry ${BY_INDEX}) e on true order by q.sequence`,
    'history_sequence',
  ),
  walkRows<SealedRow, SealedRow>({
    table: 'history_sequence',
    start: ['0'],
    pageSize: 1_000,
    text: `
      select array[q.sequence::text] as key, q.sequence, q.leaf_hash as "leafHash", ${LEAF_COLUMNS}
      from (select * from history_sequence where sequence > $1::bigint order by sequence limit $2) q
      left join lateral (select * from history_entries where id = q.entry ${BY_INDEX}) e on true order by q.sequence`,
    read: (row) => row,
    faultOf: {
      'every placed entry is the one of which the log has the hash': (row) =>
        // That there is none is another invariant's.
        (row.entry as string | null) === null || leafHash(logLeaf(row)).equals(row.leafHash)
          ? null
          : `entry ${row.entry}, ${row.type}${aboutWhat(row)}, is not the leaf ${row.sequence} of the log`,
    },
  }),
  sqlInvariant(
    'every history entry has its place or waits for it',
    ['0'],
    `select array[e.id::text] as key,
       case when q.entry is null and w.entry is null then 'entry ' || e.id || ' has no place and does not wait for one'
            when q.entry is not null and w.entry is not null then 'entry ' || e.id || ' has its place and still waits for it'
       end as fault
     from (select id from history_entries where id > $1::bigint order by id limit $2) e
     left join lateral (select entry from history_sequence where entry = e.id ${BY_INDEX}) q on true
     left join lateral (select entry from history_unsequenced where entry = e.id ${BY_INDEX}) w on true order by e.id`,
    'history_entries',
  ),
  sqlInvariant(
    'what waits for a place in history is an entry, and does not wait for long',
    ['0'],
    `select array[w.entry::text] as key,
       case when e.id is null then 'entry ' || w.entry || ' waits for a place, and there is no such entry'
            when e.at < now() - interval '${PLACED_WITHIN}' and ${SEQUENCER_AT_WORK}
            then 'entry ' || e.id || ' waits for its place since ' || e.at end as fault
     from (select entry from history_unsequenced where entry > $1::bigint order by entry limit $2) w
     left join lateral (select id, at from history_entries where id = w.entry ${BY_INDEX}) e on true order by w.entry`,
    'history_unsequenced',
  ),
];

function aboutWhat({ attestation, image }: LeafEntry): string {
  const about = attestation ?? image;
  return about === null ? '' : ` of ${about}`;
}
