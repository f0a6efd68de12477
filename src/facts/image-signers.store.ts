import { Injectable } from '@nestjs/common';
import type { Sha256Digest, SubjectDigest } from '../intoto/digest.js';
import type { ProvedSigner } from '../intoto/proved-signer.js';
import { Database, namedQuery } from '../platform/database.js';
import { readSigner, type StoredSigner } from './stored-signer.js';

/** Who signed what about an image and whom that names, each once, as far as it is proved. */
export interface ImageSigners {
  readonly signers: readonly ProvedSigner[];
  readonly signedDigests: readonly Sha256Digest[];
  /** Whom approvals name as approvers, and builds as whoever started them. */
  readonly people: readonly string[];
}

interface Row {
  readonly signers: readonly Pick<StoredSigner, 'signer' | 'proof'>[];
  readonly signedDigests: readonly Sha256Digest[];
  readonly people: readonly string[];
}

/** Read of an image's row, with the names that contents hold and nothing else of them. */
@Injectable()
export class ImageSignersStore {
  constructor(private readonly database: Database) {}

  /** Nobody and nothing where the image has no facts. */
  async find(subject: SubjectDigest): Promise<ImageSigners> {
    const { rows } = await namedQuery<Row>(this.database.pool, {
      name: 'image-signers',
      text: `
        with known as materialized (
          select f.fact->'signedDigest' as signed, f.fact->'signers' as signers
          from images i cross join jsonb_array_elements(i.facts) as f (fact) where i.subject = $1
        )
        select
          coalesce((select jsonb_agg(distinct k.signed) from known k), '[]') as "signedDigests",
          coalesce((
            select jsonb_agg(distinct jsonb_build_object('signer', s.signer->'signer', 'proof', s.signer->'proof'))
            from known k cross join jsonb_array_elements(k.signers) as s (signer)), '[]') as signers,
          coalesce((
            select jsonb_agg(distinct p.person)
            from known k
            join facts c on c.signed_digest = k.signed #>> '{}' and c.kind in ('approval', 'build')
            cross join lateral (
              select jsonb_path_query(c.content, '$.approver.id')
              union all select jsonb_path_query(c.content, '$.coApprovers[*].id')
              union all select jsonb_path_query(c.content, '$.startedBy[*]')
            ) as p (person)), '[]') as people`,
      values: [subject],
    });
    const [row] = rows;
    if (row === undefined) throw new Error(`the signers of ${subject} were not read`);
    // When their evidence came is not asked.
    const signers = row.signers.map((stored) => readSigner({ ...stored, receivedAt: '', lastReceivedAt: '' }));
    return { signers, signedDigests: row.signedDigests, people: row.people };
  }
}
