import { Injectable } from '@nestjs/common';
import type { AttestationId } from '../intoto/digest.js';
import { Database, namedQuery } from '../platform/database.js';
import { DROPPED, GAINED } from './latest-verification.js';

/** Finds evidence that is due to be examined, whether or not a job has been made of it. */
@Injectable()
export class DueEvidenceStore {
  constructor(private readonly database: Database) {}

  /** The trust revision of the last change by which anything could count that could not before. */
  async gainRevision(): Promise<number> {
    const { rows } = await namedQuery<{ value: number }>(this.database.pool, {
      name: 'verification-gain-revision',
      text: `select value from revisions where name = 'trust_gain'`,
      values: [],
    });
    return rows[0]?.value ?? 0;
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
