import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { AttestationId, SubjectDigest } from '../intoto/digest.js';
import { Database, namedQuery } from '../platform/database.js';
import { LATEST_VERIFICATIONS, type LatestVerification } from './latest-verification.js';
import type { VerificationRecord } from './verification-record.js';

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

/** Stored evidence, and what its examinations came to. */
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
}
