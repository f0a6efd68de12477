import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { SubjectDigest } from '../intoto/digest.js';

/** The rows that stand for digests: one each, a projection of what was proved. */
@Injectable()
export class ImageStore {
  /**
   * Locks the rows of these digests until the transaction ends, making those that are absent. Rows are taken in the
   * order of their digests, first the absent and then all, so that two workers never wait for each other in a circle.
   */
  async lock(tx: EntityManager, subjects: readonly SubjectDigest[]): Promise<void> {
    const sorted = [...new Set(subjects)].sort();
    if (sorted.length === 0) return;
    await tx.query(
      `insert into images (subject)
       select t.subject from unnest($1::text[]) as t (subject) order by t.subject
       on conflict (subject) do nothing`,
      [sorted],
    );
    await tx.query(
      `select from (select subject from images where subject = any($1) order by subject for update) as locked`,
      [sorted],
    );
  }

  /** Adds to what was examined about these digests, by which nothing was proved. The caller holds the rows' locks. */
  async countExamined(tx: EntityManager, examined: ReadonlyMap<SubjectDigest, number>): Promise<void> {
    if (examined.size === 0) return;
    await tx.query(
      `update images i set examined = i.examined + c.examined, revision = i.revision + 1
       from unnest($1::text[], $2::bigint[]) as c (subject, examined) where c.subject = i.subject`,
      [[...examined.keys()], [...examined.values()]],
    );
  }
}
