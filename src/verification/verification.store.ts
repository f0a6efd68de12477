import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { AttestationId, Sha256Digest, SubjectDigest } from '../intoto/digest.js';
import type { ProvedSigner } from '../intoto/proved-signer.js';
import { Database, namedQuery } from '../platform/database.js';

/** Stored evidence as a worker loads it, with what the latest verification left to be found. */
export interface Unexamined {
  readonly id: AttestationId;
  readonly format: string;
  readonly predicateType: string | null;
  readonly receivedAt: Date;
  /** Of the envelope, in bytes. */
  readonly size: number;
  readonly subjects: readonly SubjectDigest[];
}

/** The latest verification of an attestation, and whether another could find more. */
export interface LatestVerification extends VerificationRecord {
  readonly predicateType: string | null;
  /** The trust revision at which it was last examined, with a new outcome or the same. */
  readonly examinedRevision: number;
  /** Whether trust has grown since then by what the verification waits for. */
  readonly gained: boolean;
  /** Whether the envelope was dropped since, so that it cannot be examined again. */
  readonly dropped: boolean;
}

export interface VerificationRecord {
  readonly attestation: AttestationId;
  readonly trustRevision: number;
  readonly readerRevision: number;
  readonly outcome: string;
  readonly code: string | null;
  readonly detail: string | null;
  readonly signedDigest: Sha256Digest | null;
  /** Whom the signers were found to be. */
  readonly signers: readonly object[];
  /** What mathematics showed of them. */
  readonly proved: readonly ProvedSigner[];
  /** The changes of trust by which another examination could find more. */
  readonly gains: readonly string[];
}

/** Whether trust has grown since a verification `v`, or its last repetition `r`, by a cause it waits for. */
const GAINED = `exists (
    select from trust_gains g where g.cause = any(v.gains) and g.trust_revision > greatest(v.trust_revision, r.trust_revision))`;

/** Whether the envelope of a verification `v` was dropped. */
const DROPPED = `exists (select from dropped_envelopes d where d.attestation = v.attestation)`;

/** The latest verification of each of the ids `$1` that has one, as rows of `LatestVerification`. */
export const LATEST_VERIFICATIONS = `
  select distinct on (v.attestation) v.attestation, v.trust_revision as "trustRevision", v.reader_revision as "readerRevision",
    v.outcome, v.code, v.detail, v.signed_digest as "signedDigest", v.signers, v.proved, v.gains,
    greatest(v.trust_revision, r.trust_revision) as "examinedRevision", ${GAINED} as gained, ${DROPPED} as dropped,
    a.predicate_type as "predicateType"
  from verifications v join attestations a on a.id = v.attestation
  left join reexaminations r on r.attestation = v.attestation
  where v.attestation = any($1) order by v.attestation, v.id desc`;

@Injectable()
export class VerificationStore {
  constructor(private readonly database: Database) {}

  /** The evidence of these ids; unknown ids are left out. */
  async load(ids: readonly AttestationId[]): Promise<readonly Unexamined[]> {
    const { rows } = await namedQuery<Unexamined>(this.database.pool, {
      name: 'verification-load',
      text: `
        select a.id, a.format, a.predicate_type as "predicateType", a.received_at as "receivedAt", a.size,
          array(select distinct s.subject from attestation_subjects s where s.attestation = a.id) as subjects
        from attestations a where a.id = any($1)`,
      values: [ids],
    });
    return rows;
  }

  /** The bytes of these ids as received, in one query. */
  async loadBytes(ids: readonly AttestationId[]): Promise<ReadonlyMap<AttestationId, Buffer>> {
    // Evidence is UTF-8, or it would not have been accepted; as text it costs half of what the text form of bytea does.
    const { rows } = await namedQuery<{ attestation: AttestationId; text: string }>(this.database.pool, {
      name: 'verification-load-bytes',
      text: `
        select a.id as attestation, convert_from(e.bytes, 'UTF8') as text
        from attestations a join envelopes e on e.received_at = a.received_at and e.attestation = a.id
        where a.id = any($1)`,
      values: [ids],
    });
    return new Map(rows.map(({ attestation, text }) => [attestation, Buffer.from(text)]));
  }

  /** The trust revision of the last change by which anything could count that could not before. */
  async gainRevision(): Promise<number> {
    const { rows } = await namedQuery<{ value: number }>(this.database.pool, {
      name: 'verification-gain-revision',
      text: `select value from revisions where name = 'trust_gain'`,
      values: [],
    });
    return rows[0]?.value ?? 0;
  }

  /** The latest verification of each id that has one. */
  async latest(ids: readonly AttestationId[]): Promise<ReadonlyMap<AttestationId, LatestVerification>> {
    const { rows } = await namedQuery<LatestVerification>(this.database.pool, {
      name: 'verification-latest',
      text: LATEST_VERIFICATIONS,
      values: [ids],
    });
    return new Map(rows.map((row) => [row.attestation, row]));
  }

  /**
   * Locks evidence that names no subject until the transaction ends: there is no image row that could order the workers
   * that examine it. Locks are taken in the order of the ids, and before those of any image.
   */
  async lockUnfiled(tx: EntityManager, ids: readonly AttestationId[]): Promise<void> {
    if (ids.length === 0) return;
    await tx.query(`select pg_advisory_xact_lock(hashtextextended(t.id, 0)) from unnest($1::text[]) as t (id)`, [
      [...ids].sort(),
    ]);
  }

  /** As `latest`, within the transaction that holds the locks of the images concerned. */
  async latestWithin(
    tx: EntityManager,
    ids: readonly AttestationId[],
  ): Promise<ReadonlyMap<AttestationId, LatestVerification>> {
    const rows: readonly LatestVerification[] = await tx.query(LATEST_VERIFICATIONS, [ids]);
    return new Map(rows.map((row) => [row.attestation, row]));
  }

  /** Appends the outcomes of one group. Repetition is for the caller to exclude, under the images' locks. */
  async insert(tx: EntityManager, records: readonly VerificationRecord[]): Promise<void> {
    if (records.length === 0) return;
    await tx.query(
      `insert into verifications
         (attestation, trust_revision, reader_revision, outcome, code, detail, signed_digest, signers, proved, gains)
       select t.attestation, t.trust_revision, t.reader_revision, t.outcome, t.code, t.detail, t.signed_digest, t.signers, t.proved,
         array(select jsonb_array_elements_text(t.gains))
       from unnest($1::text[], $2::bigint[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::jsonb[], $9::jsonb[],
         $10::jsonb[]) with ordinality
         as t (attestation, trust_revision, reader_revision, outcome, code, detail, signed_digest, signers, proved, gains, place)
       order by t.place`,
      [
        records.map((record) => record.attestation),
        records.map((record) => record.trustRevision),
        records.map((record) => record.readerRevision),
        records.map((record) => record.outcome),
        records.map((record) => record.code),
        records.map((record) => record.detail),
        records.map((record) => record.signedDigest),
        records.map((record) => JSON.stringify(record.signers)),
        records.map((record) => JSON.stringify(record.proved)),
        records.map((record) => JSON.stringify(record.gains)),
      ],
    );
  }

  /** Notes that what was examined again, at this trust revision, came to the same. Repetition changes nothing. */
  async noteUnchanged(tx: EntityManager, ids: readonly AttestationId[], trustRevision: number): Promise<void> {
    if (ids.length === 0) return;
    await tx.query(
      `insert into reexaminations as r (attestation, trust_revision)
       select t.id, $2 from unnest($1::text[]) as t (id) order by t.id
       on conflict (attestation) do update set trust_revision = greatest(r.trust_revision, excluded.trust_revision)`,
      [[...ids], trustRevision],
    );
  }

  /**
   * Evidence received in `[from, before)` that no verification has examined, oldest first, as far as the queue may have
   * forgotten it.
   */
  async findPending(
    from: Date,
    before: Date,
    limit: number,
  ): Promise<readonly { readonly id: AttestationId; readonly receivedAt: Date }[]> {
    const { rows } = await namedQuery<{ id: AttestationId; receivedAt: Date }>(this.database.pool, {
      name: 'verification-find-pending',
      text: `
        select a.id, a.received_at as "receivedAt" from attestations a
        where a.received_at >= $1 and a.received_at < $2
          and not exists (select from verifications v where v.attestation = a.id)
        order by a.received_at, a.id limit $3`,
      values: [from, before, limit],
    });
    return rows;
  }

  /**
   * Evidence whose latest verification waits for something that trust has gained since, by a change after the revision
   * `settled`, up to which nothing is left to be found.
   */
  async findGaining(settled: number, limit: number): Promise<readonly AttestationId[]> {
    const { rows } = await namedQuery<{ attestation: AttestationId }>(this.database.pool, {
      name: 'verification-find-gaining',
      text: `
        select v.attestation
        from verifications v left join reexaminations r on r.attestation = v.attestation
        where v.gains && array(select distinct cause from trust_gains where trust_revision > $1)
          and v.gains <> '{}' and ${GAINED} and not ${DROPPED}
          and not exists (select from verifications n where n.attestation = v.attestation and n.id > v.id)
        limit $2`,
      values: [settled, limit],
    });
    return rows.map((row) => row.attestation);
  }

  /** Evidence that could not be found out, due for another try. */
  async findRetriable(limit: number): Promise<readonly AttestationId[]> {
    const { rows } = await namedQuery<{ attestation: AttestationId }>(this.database.pool, {
      name: 'verification-find-retriable',
      text: `
        select v.attestation
        from verifications v
        where v.outcome = 'error'
          and v.at < now() - interval '5 minutes' * power(2, least(8,
            (select count(*) from verifications e where e.attestation = v.attestation and e.outcome = 'error')))
          and not exists (select from verifications n where n.attestation = v.attestation and n.id > v.id)
        limit $1`,
      values: [limit],
    });
    return rows.map((row) => row.attestation);
  }

  /** Every predicate type under which evidence is filed. */
  async predicateTypes(): Promise<readonly string[]> {
    const { rows } = await namedQuery<{ type: string }>(this.database.pool, {
      name: 'verification-predicate-types',
      // One look into the index for each type, however many attestations there are of it.
      text: `
        with recursive types as (
          (select predicate_type as type from attestations where predicate_type is not null order by predicate_type limit 1)
          union all
          select (select a.predicate_type from attestations a where a.predicate_type > t.type order by a.predicate_type limit 1)
          from types t where t.type is not null
        )
        select type from types where type is not null`,
      values: [],
    });
    return rows.map((row) => row.type);
  }

  /** Evidence of a type that somebody known signed, read last by an earlier revision of the type's reader. */
  async findOutdated(predicateType: string, readerRevision: number, limit: number): Promise<readonly AttestationId[]> {
    const { rows } = await namedQuery<{ id: AttestationId }>(this.database.pool, {
      name: 'verification-find-outdated',
      text: `
        select a.id from attestations a
        cross join lateral (
          select v.reader_revision, v.proved from verifications v where v.attestation = a.id order by v.id desc limit 1
        ) v
        where a.predicate_type = $1 and v.reader_revision < $2 and v.proved <> '[]'
          and not exists (select from dropped_envelopes d where d.attestation = a.id)
        limit $3`,
      values: [predicateType, readerRevision, limit],
    });
    return rows.map((row) => row.id);
  }
}
