import { SEQUENCER_LOCK } from '../history/history.sequencer.js';
import { LEAF_COLUMNS, logLeaf, type LeafEntry } from '../history/log-leaf.js';
import { leafHash } from '../history/merkle-tree.js';
import { entryWords, NAMED_ENTRY, type NamedEntry } from './entry-words.js';
import { sequenceRange } from './sequence-range.js';
import { BY_INDEX, sqlInvariant, walkPages, walkRows, type Keyed, type Reading, type Walk } from './walk.js';

/** An entry that neither has its place nor waits for it, or does both; null where it is as it should be. */
interface UnplacedRow extends Keyed {
  readonly sequence: number | null;
  readonly entry: Omit<NamedEntry, 'sequence'> | null;
}

/** A placed entry, and the hash of it that the log has. */
type SealedRow = Keyed & LeafEntry & { readonly leafHash: Buffer };

/** Longer than a change may take from its first moment to its commit, and the sequencer behind it. */
const PLACED_WITHIN = '90 seconds';

/** While no sequencer is at work, entries wait. */
const SEQUENCER_AT_WORK = `exists (
  select from pg_locks k join pg_database d on d.oid = k.database
  where k.locktype = 'advisory' and k.granted and d.datname = current_database()
    and k.classid = 0 and k.objid = ${SEQUENCER_LOCK} and k.objsubid = 1)`;

/** The order of the account. For one use: they remember what they told. */
export function historyWalks(): readonly Walk[] {
  return [placesWalk(), ...ENTRIES_AND_PLACES];
}

const ENTRIES_AND_PLACES: readonly Walk[] = [
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
          : `${entryWords(row)}, is not what was sealed: it does not hash to leaf ${row.sequence} of the log`,
    },
  }),
  walkRows<UnplacedRow, UnplacedRow>({
    table: 'history_entries',
    start: ['0'],
    pageSize: 1_000,
    text: `
      select array[e.id::text] as key, q.sequence,
        case when (q.entry is null) = (w.entry is null) then jsonb_build_object(${NAMED_ENTRY}) end as entry
      from (select * from history_entries where id > $1::bigint order by id limit $2) e
      left join lateral (select entry, sequence from history_sequence where entry = e.id ${BY_INDEX}) q on true
      left join lateral (select entry from history_unsequenced where entry = e.id ${BY_INDEX}) w on true order by e.id`,
    read: (row) => row,
    faultOf: {
      'every history entry has its place or waits for it': ({ entry, sequence }) => {
        if (entry === null) return null;
        const what = entryWords({ ...entry, sequence });
        return sequence === null
          ? `${what}, has no place and does not wait for one: its place was taken from history_sequence, or it was put in by others`
          : `${what}, has its place and still waits for it`;
      },
    },
  }),
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

/** A place in the account, and whether there is the entry that it is of. */
interface PlaceRow extends Keyed {
  readonly sequence: number;
  readonly before: number;
  readonly entry: string;
  readonly missing: boolean;
}

interface Place {
  readonly row: PlaceRow;
  /** What else is known of what there is not; of the first of it alone. */
  readonly known: string;
}

function placesWalk(): Walk {
  let told = false;
  return walkPages<PlaceRow, Place>({
    table: 'history_sequence',
    start: ['0'],
    pageSize: 1_000,
    text: `
      select array[q.sequence::text] as key, q.sequence, q.before, q.entry::text as entry, e.id is null as missing
      from (
        select sequence, entry, lag(sequence, 1, $1::bigint) over (order by sequence) as before
        from history_sequence where sequence > $1::bigint order by sequence limit $2
      ) q
      left join lateral (select id from history_entries where id = q.entry ${BY_INDEX}) e on true order by q.sequence`,
    async readPage(rows, reading) {
      const first = told ? undefined : rows.find((row) => row.missing || isBehindGap(row));
      if (first === undefined) return rows.map((row) => ({ row, known: '' }));
      told = true;
      const known = await knownOfMissing(first, reading);
      return rows.map((row) => ({ row, known: row === first ? known : '' }));
    },
    faultOf: {
      'history sequence numbers are dense from 1, each of an entry': ({ row, known }) => {
        const { sequence, before, entry, missing } = row;
        if (isBehindGap(row)) {
          const gone = sequenceRange(before + 1, sequence - 1);
          return `${gone} of the log was deleted from history_sequence: ${sequence} follows ${before}${known}`;
        }
        return missing
          ? `sequence ${sequence} is of entry ${entry}, which there is not: it was deleted from history_entries${known}`
          : null;
      },
    },
  });
}

function isBehindGap({ sequence, before }: PlaceRow): boolean {
  return sequence !== before + 1;
}

/**
 * When an entry was made that there is not any more, by those beside it; and verdicts that went too, where projections still name
 * them: of what a deleted entry told, nothing else is left.
 */
async function knownOfMissing(row: PlaceRow, reading: Reading): Promise<string> {
  const at = (place: string): string => `(
    select to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') from history_entries e
    where e.id = (select q.entry from history_sequence q where q.sequence = ${place}))`;
  const [found] = await reading.query<{ since: string | null; until: string | null; verdicts: readonly string[] }>(
    `select ${at('$1::bigint')} as since, ${at('$2::bigint')} as until, array(
       select n.verdict::text from (select verdict from verdict_latest union select verdict from verdict_signers) n
       where not exists (select from verdicts v where v.id = n.verdict) order by 1 limit 3) as verdicts`,
    isBehindGap(row) ? [row.before, row.sequence] : [row.sequence - 1, row.sequence + 1],
  );
  const { since = null, until = null, verdicts = [] } = found ?? {};
  return [
    since === null ? '' : `; the entry before it is of ${since}`,
    until === null ? '' : `; the one behind it is of ${until}`,
    ...verdicts.map(
      (verdict) => `; verdict ${verdict}, which verdict_latest or verdict_signers names, was deleted too`,
    ),
  ].join('');
}
