import type pg from 'pg';
import { historyCtes } from '../history/history-sql.js';
import { onlyImage, type AttestationId, type Sha256Digest, type SubjectDigest } from '../intoto/digest.js';
import { LATEST_VERIFICATIONS, type LatestVerification } from '../verification/latest-verification.js';
import { HELD, RETENTION_LOCK } from './held-sql.js';
import { isAsSigned, keptDigest, type KeptRecord } from './kept-record.js';
import { KEPT_RECORD } from './kept-record-sql.js';
import type { DropCandidate } from './may-be-dropped.js';

/** Who drops, as the history names it: whoever may run commands as the owner of the database. */
export const RETENTION_ACTOR = 'retention';

/** An envelope that is stored, by what rules look at. */
export interface StoredEnvelope {
  readonly id: AttestationId;
  readonly kind: string;
  readonly predicateType: string | null;
  readonly receivedAt: Date;
  /** In bytes. */
  readonly size: number;
}

/** Where a walk through the envelopes stands: receipt with microseconds, and id. */
export type EnvelopePlace = readonly [receivedAt: string, id: string];

/** Before every envelope. */
export const FIRST_PLACE: EnvelopePlace = ['-infinity', ''];

export interface EnvelopePage {
  readonly envelopes: readonly StoredEnvelope[];
  /** null where none is left behind them. */
  readonly next: EnvelopePlace | null;
}

/** An attestation as it stands, and what it is about. */
export interface ReadCandidate extends DropCandidate {
  readonly id: AttestationId;
  readonly subjects: readonly SubjectDigest[];
  /** Of what stays in place of the envelope. */
  readonly record: Sha256Digest;
}

/** An envelope to be dropped, by which rule, and what stays in its place. */
export interface Dropping extends Pick<ReadCandidate, 'id' | 'subjects' | 'record'> {
  readonly rule: string;
}

/** How many envelopes were received before the moment and are stored. */
export async function countEnvelopes(on: pg.ClientBase, before: Date): Promise<number> {
  const { rows } = await on.query<{ count: number }>(
    'select count(*) as count from envelopes where received_at <= $1::timestamptz',
    [before],
  );
  return rows[0]?.count ?? 0;
}

/** Envelopes received up to the moment, oldest first. What was dropped is not among them, so a walk that begins anew is short. */
export async function readEnvelopes(
  on: pg.ClientBase,
  after: EnvelopePlace,
  before: Date,
  limit: number,
): Promise<EnvelopePage> {
  const { rows } = await on.query<StoredEnvelope & { readonly place: string }>(
    `select a.id, a.kind, a.predicate_type as "predicateType", a.received_at as "receivedAt", a.size, e.received_at::text as place
     from (
       select received_at, attestation from envelopes
       where (received_at, attestation) > ($1::timestamptz, $2) and received_at <= $3::timestamptz
       order by received_at, attestation limit $4
     ) e
     join attestations a on a.id = e.attestation order by e.received_at, e.attestation`,
    [...after, before, limit],
  );
  const last = rows.at(-1);
  return {
    envelopes: rows.map(({ place: _place, ...envelope }) => envelope),
    next: last === undefined ? null : [last.place, last.id],
  };
}

/** Waits until nobody else drops, and nobody places or releases a hold; until the transaction ends. */
export async function lockRetention(on: pg.ClientBase): Promise<void> {
  await on.query('select pg_advisory_xact_lock($1)', [RETENTION_LOCK]);
}

/**
 * Waits until no worker records anything about these, as workers wait for each other: evidence that names nothing by a lock of
 * its own, everything else by the rows of its images, in the order of their digests.
 */
export async function lockExamination(on: pg.ClientBase, ids: readonly AttestationId[]): Promise<void> {
  await on.query(
    `select pg_advisory_xact_lock(hashtextextended(t.id, 0))
     from (select id from unnest($1::text[]) as u (id)
       where not exists (select from attestation_subjects s where s.attestation = u.id) order by id) t`,
    [ids],
  );
  await on.query(
    `select from (select subject from images
       where subject in (select s.subject from attestation_subjects s where s.attestation = any($1::text[]))
       order by subject for update) as locked`,
    [ids],
  );
}

interface StoredRow extends Pick<ReadCandidate, 'id' | 'subjects'> {
  readonly bytes: Buffer;
  readonly record: KeptRecord;
}

/** What is known of these, as far as their envelopes are stored; in no particular order. */
export async function readCandidates(
  on: pg.ClientBase,
  ids: readonly AttestationId[],
): Promise<readonly ReadCandidate[]> {
  const { rows: stored } = await on.query<StoredRow>(
    `select a.id, e.bytes, ${KEPT_RECORD} as record,
       array(select distinct s.subject from attestation_subjects s where s.attestation = a.id) as subjects
     from attestations a join envelopes e on e.received_at = a.received_at and e.attestation = a.id
     where a.id = any($1::text[])`,
    [ids],
  );
  const { rows: latest } = await on.query<LatestVerification>(LATEST_VERIFICATIONS, [ids]);
  const { rows: held } = await on.query<{ attestation: AttestationId; hold: string }>(HELD, [ids]);
  const latestOf = new Map(latest.map((row) => [row.attestation, row]));
  const holdsOf = Map.groupBy(held, ({ attestation }) => attestation);
  return stored.map(({ id, bytes, subjects, record }) => ({
    id,
    subjects,
    record: keptDigest(record),
    isIntact: isAsSigned(id, bytes, record, latestOf.get(id)),
    latest: latestOf.get(id),
    holds: (holdsOf.get(id) ?? []).map(({ hold }) => hold).sort(),
  }));
}

const DROP = `
  with dropping as (
    select * from unnest($1::text[], $2::text[], $3::text[], $5::text[]) as t (attestation, rule, image, record)
  ),
  gone as (
    delete from envelopes e using dropping d join attestations a on a.id = d.attestation
    where e.received_at = a.received_at and e.attestation = a.id
    returning e.attestation
  ),
  noted as (
    insert into dropped_envelopes (attestation, rule, actor)
    select d.attestation, d.rule, $4 from dropping d join gone g on g.attestation = d.attestation
  ),
  counted as (
    update images i set dropped = i.dropped + c.dropped
    from (
      select s.subject, count(distinct s.attestation) as dropped
      from gone g join attestation_subjects s on s.attestation = g.attestation group by s.subject
    ) c
    where c.subject = i.subject
  ),
  told as (
    select $4::text as actor, 'envelope.dropped' as type, d.image, d.attestation,
      jsonb_build_object('rule', d.rule, 'kind', a.kind, 'predicateType', a.predicate_type, 'size', a.size, 'digest', a.id,
        'record', d.record) as data
    from dropping d join gone g on g.attestation = d.attestation join attestations a on a.id = d.attestation
  ),
  ${historyCtes('told')}
  select count(*) as count from history_appended`;

/**
 * Removes the bytes of these, notes that they were dropped and by which rule, and tells the history, in one statement. The caller
 * holds the locks, has found that they may be dropped, and owns the tables.
 */
export async function dropEnvelopes(on: pg.ClientBase, dropped: readonly Dropping[]): Promise<void> {
  const { rows } = await on.query<{ count: number }>(DROP, [
    dropped.map(({ id }) => id),
    dropped.map(({ rule }) => rule),
    dropped.map(({ subjects }) => onlyImage(subjects)),
    RETENTION_ACTOR,
    dropped.map(({ record }) => record),
  ]);
  if (rows[0]?.count !== dropped.length) throw new Error('not every envelope that was to be dropped was there');
}

/** Whether the session may remove what the service may not, and whether the schema knows of it. */
export async function mayDrop(on: pg.ClientBase): Promise<'yes' | 'not_owner' | 'not_migrated'> {
  const { rows } = await on.query<{ known: boolean; owns: boolean }>(
    `select to_regclass('public.dropped_envelopes') is not null as known,
       coalesce(has_table_privilege(to_regclass('public.envelopes'), 'delete'), false) as owns`,
  );
  const [row] = rows;
  if (row?.known !== true) return 'not_migrated';
  return row.owns ? 'yes' : 'not_owner';
}
