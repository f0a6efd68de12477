import { Injectable } from '@nestjs/common';
import { historyCtes } from '../history/history-sql.js';
import type { Sha256Digest, SubjectDigest } from '../intoto/digest.js';
import { coalesce } from '../platform/coalesce.js';
import { Database, namedQuery } from '../platform/database.js';
import { verdictDigest } from './verdict-digest.js';
import type { VerdictRecord } from './verdict-record.js';
import type { Parameters, Verdict } from './verdict.js';
import { environmentOf, restedPairs, verdictSignersCte } from './verdict-search-terms.js';

/** A verdict as it stands on record. */
export interface RecordedVerdict {
  readonly id: string;
  readonly verdict: Verdict;
  readonly requestedBy: string;
  readonly context: object | null;
}

/** What the last answer on record to a question said, and its id. */
export interface LatestAnswer {
  readonly content: string;
  readonly verdict: string;
}

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

export interface VerdictFilter {
  readonly digest: string | null;
  readonly policy: string | null;
  readonly decision: 'allow' | 'deny' | null;
  /** Only those that were recorded in spite of what the policy says, or only others. */
  readonly breakGlass: boolean | null;
  /** Half open: given at or after `since` and before `until`. */
  readonly since: Date | null;
  readonly until: Date | null;
}

export interface VerdictPosition {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly id: string;
}

/**
 * One statement, so one commit for the whole group. `verdict_latest` holds the last answer to each question under a row
 * lock, taken in the order of questions: of two equal answers given at once only one is recorded. What break-glass allowed is
 * no answer of a policy, and is never among the last.
 */
const RECORD_GROUP = `
  with asked as (
    select * from unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::int[], $7::text[], $8::text[],
      $9::jsonb[], $10::json[], $11::text[], $12::text[], $13::bool[], $14::bool[], $15::text[], $16::text[], $17::text[])
      with ordinality
      as t (id, at, image, repository, policy, policy_revision, decision, actor, context, verdict, question, content, always,
        break_glass, digest, context_digest, environment, place)
  ),
  last_asked as (
    select distinct on (question) question, content, id, always from asked where not break_glass
    order by question, always desc, place desc
  ),
  latest as (
    insert into verdict_latest as l (question, content, verdict)
    select question, content, id from last_asked order by question
    on conflict (question) do update set content = excluded.content, verdict = excluded.verdict
      where l.content <> excluded.content or (select a.always from last_asked a where a.id = excluded.verdict)
    returning verdict
  ),
  recorded as (
    insert into verdicts (id, at, image, repository, policy, policy_revision, decision, requested_by, context, verdict,
      break_glass, question, environment)
    select a.id, a.at, a.image, a.repository, a.policy, a.policy_revision, a.decision, a.actor, a.context, a.verdict,
      a.break_glass, a.question, a.environment
    from asked a where a.always or a.id in (select l.verdict from latest l)
    returning id, at, requested_by, image, policy, policy_revision, decision, break_glass, verdict
  ),
  ${verdictSignersCte('recorded', '$18', '$19')},
  depending as (
    insert into verdict_dependents (digest, image)
    select distinct k.digest, r.image
    from recorded r cross join lateral json_object_keys(r.verdict->'revisions'->'related') as k (digest)
    order by k.digest, r.image
    on conflict do nothing
  ),
  told as (
    select r.requested_by as actor, case when r.break_glass then 'verdict.break_glass' else 'verdict.recorded' end as type,
      r.image, null::text as attestation,
      jsonb_build_object('verdict', r.id, 'policy', r.policy, 'revision', r.policy_revision, 'decision', r.decision,
          'digest', a.digest, 'context', a.context_digest)
        || case when r.break_glass then jsonb_build_object(
          'wouldDeny', r.verdict->'wouldDeny', 'justification', r.verdict->'breakGlass'->'justification') else '{}' end as data
    from recorded r join asked a on a.id = r.id
  ),
  ${historyCtes('told')}
  select r.id from recorded r`;

const SELECT = `
  select v.id, v.verdict, v.requested_by as "requestedBy", v.context, v.at from verdicts v`;

/** The questions that were asked about the image `$1`. */
const QUESTIONS_ON = `
  walked as (
    (select v.question from verdicts v where v.image = $1 order by v.question limit 1)
    union all
    select (select v.question from verdicts v where v.image = $1 and v.question > w.question order by v.question limit 1)
    from walked w where w.question is not null
  ),
  questions as (select question from walked where question is not null)`;

@Injectable()
export class VerdictStore {
  /** The last answer on record to a question, or undefined. Calls of one turn share a query. */
  readonly findLatest = coalesce<string, LatestAnswer>((questions) => this.latestAnswers(questions), {
    maxBatch: 1000,
  });

  constructor(private readonly database: Database) {}

  /**
   * Records a group of verdicts in one commit with their history entries; durable on return. Answers, in the order given,
   * the id under which each answer stands on record: its own, or that of the equal answer recorded before. Different
   * answers to one question in one group take a commit each, so that none of them goes unrecorded.
   */
  async recordGroup(records: readonly VerdictRecord[]): Promise<readonly string[]> {
    const ids = new Map<VerdictRecord, string>();
    let rest = records;
    while (rest.length > 0) {
      const { round, later } = nextRound(rest);
      const stored = await this.recordRound(round);
      round.forEach((record, index) => ids.set(record, stored[index] ?? record.id));
      rest = later;
    }
    return records.map((record) => ids.get(record) ?? record.id);
  }

  /** One verdict on record, or null. */
  async find(id: string): Promise<RecordedVerdict | null> {
    const { rows } = await namedQuery<RecordedVerdict>(this.database.pool, {
      name: 'verdict-find',
      text: `${SELECT} where v.id = $1`,
      values: [id],
    });
    return rows[0] ?? null;
  }

  /** Verdicts on record, newest first. */
  async list(
    filter: VerdictFilter,
    after: VerdictPosition | null,
    limit: number,
  ): Promise<{ readonly rows: readonly RecordedVerdict[]; readonly next: VerdictPosition | null }> {
    const values: unknown[] = [];
    const bind = (value: unknown): string => `$${values.push(value)}`;
    const conditions: string[] = [];
    if (filter.digest !== null) conditions.push(`v.image = ${bind(filter.digest)}`);
    if (filter.policy !== null) conditions.push(`v.policy = ${bind(filter.policy)}`);
    if (filter.decision !== null) conditions.push(`v.decision = ${bind(filter.decision)}`);
    if (filter.breakGlass !== null) conditions.push(filter.breakGlass ? 'v.break_glass' : 'not v.break_glass');
    if (filter.since !== null) conditions.push(`v.at >= ${bind(filter.since)}`);
    if (filter.until !== null) conditions.push(`v.at < ${bind(filter.until)}`);
    if (after !== null) conditions.push(`(v.at, v.id) < (${bind(new Date(after.at))}, ${bind(after.id)}::uuid)`);
    const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
    const { rows } = await this.database.pool.query<RecordedVerdict & { at: Date }>(
      `${SELECT} ${where} order by v.at desc, v.id desc limit ${limit + 1}`,
      values,
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const next = rows.length > limit && last !== undefined ? { at: last.at.getTime(), id: last.id } : null;
    return { rows: page, next };
  }

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

  private async recordRound(records: readonly VerdictRecord[]): Promise<readonly string[]> {
    const { rows } = await namedQuery<{ id: string }>(this.database.pool, {
      name: 'verdict-record-group',
      text: RECORD_GROUP,
      values: parametersOf(records),
    });
    const recorded = new Set(rows.map((row) => row.id));
    const repeated = records.filter((record) => !recorded.has(record.id));
    const earlier = repeated.length === 0 ? new Map<string, string>() : await this.latestOf(repeated);
    return records.map((record) => {
      const id = recorded.has(record.id) ? record.id : earlier.get(record.question);
      if (id === undefined) throw new Error(`verdict ${record.id} was neither recorded nor found on record`);
      return id;
    });
  }

  private async latestOf(records: readonly VerdictRecord[]): Promise<ReadonlyMap<string, string>> {
    const latest = await this.latestAnswers(records.map((record) => record.question));
    return new Map([...latest].map(([question, { verdict }]) => [question, verdict]));
  }

  private async latestAnswers(questions: readonly string[]): Promise<ReadonlyMap<string, LatestAnswer>> {
    const { rows } = await namedQuery<LatestAnswer & { question: string }>(this.database.hotPool, {
      name: 'verdict-latest',
      text: 'select question, content, verdict from verdict_latest where question = any($1)',
      values: [questions],
    });
    return new Map(rows.map((row) => [row.question, row]));
  }
}

/** Per question, the records that say the same as its first one, and whatever is recorded in any case. */
function nextRound(records: readonly VerdictRecord[]): { round: VerdictRecord[]; later: VerdictRecord[] } {
  const contents = new Map<string, string>();
  const round: VerdictRecord[] = [];
  const later: VerdictRecord[] = [];
  for (const record of records) {
    const content = contents.get(record.question) ?? record.content;
    contents.set(record.question, content);
    (record.content === content ? round : later).push(record);
  }
  return { round, later };
}

function parametersOf(records: readonly VerdictRecord[]): unknown[] {
  const verdicts = records.map((record) => record.verdict);
  return [
    records.map((record) => record.id),
    verdicts.map((verdict) => verdict.evaluatedAt),
    verdicts.map((verdict) => verdict.image.digest),
    verdicts.map((verdict) => verdict.image.repository),
    verdicts.map((verdict) => verdict.policy.name),
    verdicts.map((verdict) => verdict.policy.revision),
    verdicts.map((verdict) => verdict.decision),
    records.map((record) => record.actor),
    records.map((record) => (record.context === null ? null : JSON.stringify(record.context))),
    verdicts.map((verdict) => JSON.stringify(verdict)),
    records.map((record) => record.question),
    records.map((record) => record.content),
    records.map((record) => record.always),
    verdicts.map((verdict) => verdict.breakGlass !== undefined),
    verdicts.map(verdictDigest),
    records.map(({ context }) => (context === null ? null : verdictDigest(context))),
    records.map((record) => environmentOf(record.verdict, record.context)),
    ...restedPairs(records),
  ];
}
