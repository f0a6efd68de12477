import { Injectable } from '@nestjs/common';
import type { Sha256Digest } from '../intoto/digest.js';
import { Database, namedQuery } from '../platform/database.js';
import type { Parameters } from './verdict.js';

/** A question on record, whichever way it was answered. */
export interface RecordedQuestion {
  readonly image: Sha256Digest;
  readonly repository: string | null;
  readonly parameters: Parameters;
}

/** Marks a place among the questions of one look; `null` is before the first. */
export type QuestionPlace = (RecordedQuestion & { readonly text: string }) | null;

/** Digests in sha256 stand between these two; images are named by no other. */
const [FIRST, LAST] = ['sha256:', 'sha256;'];

/** One image after the other by its index, since an image may have any number of verdicts. */
const ASKED = `recursive asked as (
    (select image from verdicts where image > $1 order by image limit 1)
    union all
    select (select v.image from verdicts v where v.image > a.image order by v.image limit 1)
    from asked a where a.image is not null
  )`;
const RECEIVED = `select subject as image from subject_receipts where subject > $1 and subject < '${LAST}'`;

/** Which images are known, and what was asked about them; read on the connections for everyday reads. */
@Injectable()
export class ImpactStore {
  constructor(private readonly database: Database) {}

  /** How many images have evidence or a verdict on record. */
  async count(): Promise<number> {
    const { rows } = await namedQuery<{ images: number }>(this.database.pool, {
      name: 'impact-count',
      text: `with ${ASKED}
        select count(*) as images from (${RECEIVED} union select image from asked where image is not null) known`,
      values: [FIRST],
    });
    return rows[0]?.images ?? 0;
  }

  /** Up to `limit` of them, in the order of their digests, behind one of them; null is before the first. */
  async imagesAfter(after: Sha256Digest | null, limit: number): Promise<readonly Sha256Digest[]> {
    const { rows } = await namedQuery<{ image: Sha256Digest }>(this.database.pool, {
      name: 'impact-images',
      text: `with ${ASKED}
        (${RECEIVED} order by subject limit $2)
        union
        (select image from asked where image is not null limit $2)
        order by image limit $2`,
      values: [after ?? FIRST, limit],
    });
    return rows.map(({ image }) => image);
  }

  /** Up to `limit` of the different questions on record about these images under a policy, in order, behind one of them. */
  async questions(
    policy: string,
    images: readonly Sha256Digest[],
    after: QuestionPlace,
    limit: number,
  ): Promise<readonly NonNullable<QuestionPlace>[]> {
    const { rows } = await namedQuery<NonNullable<QuestionPlace>>(this.database.pool, {
      name: 'impact-questions',
      text: `
        select distinct on (image, coalesce(repository, ''), text) image, repository, parameters, text
        from (
          select v.image, v.repository, v.verdict->'parameters' as parameters, (v.verdict->'parameters')::text as text
          from verdicts v where v.image = any($1) and v.policy = $2
        ) asked
        where (image, coalesce(repository, ''), text) > ($3, $4, $5)
        order by image, coalesce(repository, ''), text limit $6`,
      values: [images, policy, after?.image ?? '', after?.repository ?? '', after?.text ?? '', limit],
    });
    return rows;
  }
}
