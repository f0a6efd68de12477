import { Injectable } from '@nestjs/common';
import type { Sha256Digest, SubjectDigest } from '../intoto/digest.js';
import { Database, namedQuery } from '../platform/database.js';
import type { Parameters, Verdict } from './verdict.js';

/** The last answer on record to one question, with the question. */
export interface RecordedAnswer {
  readonly id: string;
  readonly at: Date;
  readonly image: Sha256Digest;
  readonly repository: string | null;
  readonly policy: string;
  readonly parameters: Parameters;
  readonly decision: Verdict['decision'];
}

/** Under what an image was asked about, once for each question. */
export interface AskedQuestion {
  readonly policy: string;
  readonly repository: string | null;
  /** By which it was answered first. */
  readonly policyRevision: number;
  /** The other digests on which the last answer depends. */
  readonly related: readonly SubjectDigest[];
}

/** An answer that decides otherwise than the one before it to the same question. */
export interface ChangedAnswer {
  readonly id: string;
  readonly verdict: Verdict;
  readonly former: { readonly id: string; readonly verdict: Verdict };
}

/** The questions that were asked about the image `$1`. */
const QUESTIONS_ON = `
  walked as (
    (select v.question from verdicts v where v.image = $1 order by v.question limit 1)
    union all
    select (select v.question from verdicts v where v.image = $1 and v.question > w.question order by v.question limit 1)
    from walked w where w.question is not null
  ),
  questions as (select question from walked where question is not null)`;

/** The questions to which verdicts on record are the answers, and how their answers followed each other. */
@Injectable()
export class RecordedQuestionStore {
  constructor(private readonly database: Database) {}

  /**
   * The last verdict by policy alone on record for every question that was asked about these images, in the order of images, policies,
   * repositories and parameters; at most `limit`.
   */
  async latestAbout(images: readonly Sha256Digest[], limit: number): Promise<readonly RecordedAnswer[]> {
    const { rows } = await namedQuery<RecordedAnswer>(this.database.pool, {
      name: 'verdict-latest-about',
      text: `
        select distinct on (v.image, v.policy, coalesce(v.repository, ''), (v.verdict->'parameters')::text)
          v.id, v.at, v.image, v.repository, v.policy, v.decision, v.verdict->'parameters' as parameters
        from verdicts v where v.image = any($1) and not v.break_glass
        order by v.image, v.policy, coalesce(v.repository, ''), (v.verdict->'parameters')::text, v.at desc, v.id desc
        limit $2`,
      values: [images, limit],
    });
    return rows;
  }

  /**
   * The last verdict by policy alone on record for every question that was asked about an image, or that had been given by
   * the end of a millisecond; in the order of policies, repositories and parameters, at most `limit`. One look into the index
   * for each question, however often it was asked.
   */
  async latestOn(image: Sha256Digest, moment: Date | null, limit: number): Promise<readonly RecordedAnswer[]> {
    const { rows } = await namedQuery<RecordedAnswer>(this.database.pool, {
      name: 'verdict-latest-on',
      text: `
        with recursive ${QUESTIONS_ON}
        select v.id, v.at, v.image, v.repository, v.policy, v.decision, v.verdict->'parameters' as parameters
        from questions q
        cross join lateral (
          select * from verdicts v
          where v.image = $1 and v.question = q.question and not v.break_glass
            and ($2::timestamptz is null or v.at < $2::timestamptz + interval '1 millisecond')
          order by v.at desc, v.id desc limit 1
        ) v
        order by v.policy, coalesce(v.repository, ''), (v.verdict->'parameters')::text limit $3`,
      values: [image, moment, limit],
    });
    return rows;
  }

  /** The questions that were asked about an image, with the policy revision by which each was answered first. */
  async questionsOn(image: Sha256Digest, limit: number): Promise<readonly AskedQuestion[]> {
    const { rows } = await namedQuery<AskedQuestion>(this.database.pool, {
      name: 'verdict-questions-on',
      text: `
        with recursive ${QUESTIONS_ON}
        select v.policy, v.repository, v.policy_revision as "policyRevision",
          array(select json_object_keys(coalesce(l.related, '{}'))) as related
        from questions q
        cross join lateral (
          select * from verdicts v where v.image = $1 and v.question = q.question order by v.at, v.id limit 1
        ) v
        cross join lateral (
          select l.verdict->'revisions'->'related' as related from verdicts l
          where l.image = $1 and l.question = q.question order by l.at desc, l.id desc limit 1
        ) l
        limit $2`,
      values: [image, limit],
    });
    return rows;
  }

  /** Those of these verdicts that decide otherwise than the one before them by policy alone on the same question. */
  async changedAnswers(ids: readonly string[]): Promise<readonly ChangedAnswer[]> {
    if (ids.length === 0) return [];
    const { rows } = await namedQuery<ChangedAnswer>(this.database.pool, {
      name: 'verdict-changed-answers',
      text: `
        select v.id, v.verdict, json_build_object('id', p.id, 'verdict', p.verdict) as former
        from verdicts v
        cross join lateral (
          select p.id, p.decision, p.verdict from verdicts p
          where p.image = v.image and p.question = v.question and not p.break_glass and (p.at, p.id) < (v.at, v.id)
          order by p.at desc, p.id desc limit 1
        ) p
        where v.id = any($1::uuid[]) and not v.break_glass and p.decision <> v.decision`,
      values: [ids],
    });
    return rows;
  }

  /** The images whose verdicts on record depended on what is said of any of these digests, sorted. */
  async dependentsOf(digests: readonly SubjectDigest[]): Promise<readonly Sha256Digest[]> {
    const { rows } = await namedQuery<{ image: Sha256Digest }>(this.database.pool, {
      name: 'verdict-dependents',
      text: 'select distinct image from verdict_dependents where digest = any($1) order by image',
      values: [digests],
    });
    return rows.map(({ image }) => image);
  }
}
