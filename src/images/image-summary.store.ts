import { Injectable } from '@nestjs/common';
import type { Kind } from '../intoto/predicate-kind.js';
import type { Sha256Digest } from '../intoto/digest.js';
import { Database, namedQuery } from '../platform/database.js';

export const EVIDENCE_STATUSES = ['pending', 'verified', 'rejected'] as const;

/** Evidence of one kind and status. */
export interface EvidenceCount {
  readonly kind: Kind;
  readonly status: (typeof EVIDENCE_STATUSES)[number];
  readonly count: number;
}

/** What was posted about an image, and which indexes and manifests it is one with. */
export interface ImageSummary {
  readonly evidence: readonly EvidenceCount[];
  /** The names under which evidence speaks of it, whether or not it was verified; sorted, the first hundred. */
  readonly claimedNames: readonly string[];
  /** The indexes on record that list it; the first hundred. */
  readonly indexes: readonly Sha256Digest[];
  /** What it lists where it is an index on record, in its order. */
  readonly manifests: readonly Sha256Digest[];
}

/** How far a summary reaches back. */
export interface SummaryMoment {
  /** Received by the end of this millisecond. */
  readonly at: Date;
  /** The last verification of evidence about the image that counts; 0 where there was none. */
  readonly verification: number;
}

/** `$2` and `$3` are the moment and the verification up to which it is asked; null: everything. */
const SUMMARY = `
  with about as materialized (
    select s.attestation, s.name, a.kind
    from attestation_subjects s join attestations a on a.id = s.attestation
    where s.subject = $1 and ($2::timestamptz is null or a.received_at < $2::timestamptz + interval '1 millisecond')
  ),
  statuses as (
    select b.kind, v.status, count(*) as count
    from (select distinct attestation, kind from about) b
    cross join lateral (
      select coalesce((
        select case when v.outcome = 'verified' then 'verified' else 'rejected' end from verifications v
        where v.attestation = b.attestation and ($3::bigint is null or v.id <= $3::bigint) order by v.id desc limit 1
      ), 'pending') as status
    ) v
    group by b.kind, v.status
  )
  select
    coalesce((select jsonb_agg(to_jsonb(s) order by s.kind, s.status) from statuses s), '[]') as evidence,
    array(select distinct name from about where name is not null order by name limit 100) as "claimedNames",
    array(
      select distinct m.index_digest from image_manifests m join image_indexes i on i.digest = m.index_digest
      where m.manifest = $1 and ($2::timestamptz is null or i.received_at < $2::timestamptz + interval '1 millisecond')
      order by m.index_digest limit 100
    ) as indexes,
    array(
      select m.manifest from image_indexes i join image_manifests m on m.index_digest = i.digest
      where i.digest = $1 and ($2::timestamptz is null or i.received_at < $2::timestamptz + interval '1 millisecond')
      order by m.place
    ) as manifests`;

/** Reads for people who look at one image; none of them is on the way of a verdict. */
@Injectable()
export class ImageSummaryStore {
  constructor(private readonly database: Database) {}

  /** What is on record about an image, or was by a moment. */
  async find(digest: Sha256Digest, moment: SummaryMoment | null): Promise<ImageSummary> {
    const { rows } = await namedQuery<ImageSummary>(this.database.pool, {
      name: 'image-summary',
      text: SUMMARY,
      values: [digest, moment?.at ?? null, moment?.verification ?? null],
    });
    const [row] = rows;
    if (row === undefined) throw new Error(`the summary of ${digest} was not read`);
    return row;
  }

  /** The indexes on record that list an image; the first hundred. */
  async indexesOf(digest: Sha256Digest): Promise<readonly Sha256Digest[]> {
    const { rows } = await namedQuery<{ index: Sha256Digest }>(this.database.pool, {
      name: 'image-indexes-of',
      text: `
        select distinct m.index_digest as index from image_manifests m
        where m.manifest = $1 order by m.index_digest limit 100`,
      values: [digest],
    });
    return rows.map(({ index }) => index);
  }
}
