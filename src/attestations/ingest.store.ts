import { Injectable } from '@nestjs/common';
import { onlyImage, type AttestationId } from '../intoto/digest.js';
import { historyCtes } from '../history/history-sql.js';
import { byteaArray } from '../platform/bytea-array.js';
import { Database, namedQuery } from '../platform/database.js';
import type { Submission } from './submission.js';

export interface Received {
  readonly id: AttestationId;
  /** False where these bytes were stored before; then the rest tells of the first receipt. */
  readonly created: boolean;
  readonly receivedAt: Date;
  readonly entry: string;
}

/** A submission and who posted it. */
export interface Receipt {
  readonly submission: Submission;
  readonly actor: string;
}

/**
 * One statement, so one commit for the whole group: envelopes, claimed subjects, the counters of what was received per
 * subject, and the history entries. Ids, then subjects, are locked in sorted order, so that two groups never deadlock.
 */
const INSERT_GROUP = `
  with posted as (
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::bytea[], $13::text[])
      as t (id, received_by, format, payload_type, predicate_type, kind, size, bytes, image)
  ),
  claimed as (
    select * from unnest($9::text[], $10::int[], $11::text[], $12::text[]) as t (attestation, ordinal, subject, name)
  ),
  stored as (
    insert into attestations (id, received_by, format, payload_type, predicate_type, kind, size)
    select id, received_by, format, payload_type, predicate_type, kind, size from posted order by id
    on conflict (id) do nothing
    returning id, received_at, received_by, format, predicate_type, size
  ),
  bodies as (
    insert into envelopes (attestation, received_at, bytes)
    select p.id, s.received_at, p.bytes from posted p join stored s on s.id = p.id
  ),
  subjects as (
    insert into attestation_subjects (attestation, ordinal, subject, name)
    select c.attestation, c.ordinal, c.subject, c.name from claimed c join stored s on s.id = c.attestation
  ),
  counted as (
    insert into subject_receipts as r (subject, received)
    select c.subject, count(distinct c.attestation)
    from claimed c join stored s on s.id = c.attestation
    group by c.subject order by c.subject
    on conflict (subject) do update set received = r.received + excluded.received
  ),
  told as (
    select s.received_by as actor, 'attestation.received' as type, p.image, s.id as attestation,
      jsonb_build_object('format', s.format, 'predicateType', s.predicate_type, 'size', s.size) as data
    from stored s join posted p on p.id = s.id
  ),
  ${historyCtes('told')}
  select s.id, true as created, s.received_at as "receivedAt", e.id::text as entry
  from stored s join history_appended e on e.attestation = s.id`;

const FIND_RECEIVED = `
  select a.id, false as created, a.received_at as "receivedAt", h.id::text as entry
  from attestations a
  join lateral (
    select h.id from history_entries h where h.attestation = a.id and h.type = 'attestation.received' order by h.id limit 1
  ) h on true
  where a.id = any($1)`;

/** Writes evidence, durably and once. */
@Injectable()
export class IngestStore {
  constructor(private readonly database: Database) {}

  /**
   * Stores a group of submissions in one commit, unless their bytes are stored already, and answers in the order given.
   * Durable on return. Repetition changes nothing: bytes posted twice, in one group or in two, are created once.
   */
  async insertGroup(receipts: readonly Receipt[]): Promise<readonly Received[]> {
    const unique = new Map(receipts.map((receipt) => [receipt.submission.id, receipt]));
    const group = [...unique.values()].sort((a, b) => (a.submission.id < b.submission.id ? -1 : 1));
    const { rows: created } = await namedQuery<Received>(this.database.pool, {
      name: 'ingest-group',
      text: INSERT_GROUP,
      values: parametersOf(group),
    });
    const answers = new Map(created.map((row) => [row.id, row]));
    const stored = group.map((receipt) => receipt.submission.id).filter((id) => !answers.has(id));
    if (stored.length > 0) {
      const { rows } = await namedQuery<Received>(this.database.pool, {
        name: 'ingest-find-received',
        text: FIND_RECEIVED,
        values: [stored],
      });
      for (const row of rows) answers.set(row.id, row);
    }
    const answered = new Set<AttestationId>();
    return receipts.map(({ submission: { id } }) => {
      const answer = answers.get(id);
      if (answer === undefined) throw new Error(`attestation ${id} was neither stored nor found`);
      const first = !answered.has(id);
      answered.add(id);
      return first ? answer : { ...answer, created: false };
    });
  }
}

function parametersOf(group: readonly Receipt[]): unknown[] {
  const submissions = group.map((receipt) => receipt.submission);
  const claimed = submissions.flatMap((submission) =>
    submission.claimedSubjects.map((subject) => ({ attestation: submission.id, ...subject })),
  );
  return [
    submissions.map((submission) => submission.id),
    group.map((receipt) => receipt.actor),
    submissions.map((submission) => submission.format),
    submissions.map((submission) => submission.payloadType),
    submissions.map((submission) => submission.claimedPredicateType),
    submissions.map((submission) => submission.claimedKind),
    submissions.map((submission) => submission.bytes.length),
    byteaArray(submissions.map((submission) => submission.bytes)),
    claimed.map((subject) => subject.attestation),
    claimed.map((subject) => subject.ordinal),
    claimed.map((subject) => subject.digest),
    claimed.map((subject) => subject.name),
    submissions.map((submission) => onlyImage(submission.claimedSubjects.map((subject) => subject.digest))),
  ];
}
