/** Content above this size, in bytes of JSON, is left out of the image's row and read only where a verdict needs it. */
const INLINE_BYTES = 16 * 1024;

/**
 * The common table expressions that give the facts of images as they belong in their rows: `rebuilt`, with `subject` and
 * `facts jsonb`, and no row for a subject without facts: of each attestation what its latest reader proved. For use as `with source as (…), ${rebuiltFactsCtes('source')} …`.
 *
 * `source` names an earlier expression with a column `subject`. It is written into the statement as it stands, so it is a
 * constant of the code. The names `rebuilt` and `rebuilt_latest` may not be used again in the statement.
 *
 * @param upTo an expression for the id of the last verification that counts, so that facts come out as they were when that
 * was recorded; null: all count. Only verifications about one subject are recorded in the order of their ids, under its
 * lock: with `upTo`, `source` holds one subject.
 */
export function rebuiltFactsCtes(source: string, upTo: string | null = null): string {
  const counts = (verification: string): string => (upTo === null ? 'true' : `${verification}.id <= ${upTo}`);
  // A row is recorded in the transaction of its verification, and so at the very time of it. Asked of each row, since as a join
  // it is estimated to hold of next to none, and then read over and over.
  const isRecorded = (row: string): string =>
    upTo === null
      ? 'true'
      : `(select bool_or(w.at = ${row}.recorded_at) from verifications w
          where w.attestation = ${row}.attestation and ${counts('w')})`;
  return `rebuilt_latest as materialized (
    select distinct on (c.subject, f.signed_digest, f.kind) c.subject, f.*
    from ${source} c
    -- For each subject by itself, and so by index: joined, one of the tables is read from end to end for every few subjects
    -- while statistics say that there are hardly any facts.
    cross join lateral (
      select s.attestation from attestation_subjects s where s.subject = c.subject offset 0
    ) s
    cross join lateral (
      select f.* from facts f
      where f.attestation = s.attestation and f.reader_revision = (
          select max(v.reader_revision) from verifications v
          where v.attestation = s.attestation and v.proved <> '[]' and ${counts('v')})
        and ${isRecorded('f')} offset 0
    ) f
    order by c.subject, f.signed_digest, f.kind, f.reader_revision desc
  ),
  rebuilt as materialized (
    select l.subject, jsonb_agg(jsonb_build_object(
        'id', l.id::text, 'attestation', l.attestation, 'kind', l.kind, 'predicateType', l.predicate_type,
        'signedDigest', l.signed_digest, 'receivedAt', ${timestamp('g.received_at')}, 'ownTime', ${timestamp('l.own_time')}, 'signers', g.signers,
        'content', case when l.size <= ${INLINE_BYTES} then l.content end) order by l.id) as facts
    from rebuilt_latest l
    -- For each fact by itself: joined to all of them it would be worked out over and over where facts are thought to be few.
    cross join lateral (
      select jsonb_agg(jsonb_build_object('signer', signer, 'receivedAt', ${timestamp('received_at')},
          'lastReceivedAt', ${timestamp('last_received_at')},
          'attestation', attestation,
          'proof', proof)
        order by signer) as signers, min(received_at) as received_at
      from (
        -- Whoever signed the statement signed all that is read from it, by whatever reader it was read at the time.
        select x.signer, min(x.received_at) as received_at, max(x.received_at) as last_received_at,
          (array_agg(x.attestation order by x.received_at, x.attestation))[1] as attestation,
          (array_agg(x.proof))[1] as proof
        from (select id from facts where signed_digest = l.signed_digest offset 0) g
        cross join lateral (select * from fact_signers where fact = g.id offset 0) x
        where ${isRecorded('x')}
        group by x.signer
      ) t
    ) g
    where g.signers is not null
    group by l.subject
  )`;
}

/** A time as facts hold it, cut to the millisecond, so that no verdict has to rewrite it. */
function timestamp(column: string): string {
  return `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
