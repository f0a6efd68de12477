import { Injectable } from '@nestjs/common';
import { historyCtes } from '../history/history-sql.js';
import { coalesce } from '../platform/coalesce.js';
import { Database, namedQuery } from '../platform/database.js';
import { restedPairs } from './rested-pairs.js';
import { verdictDigest } from './verdict-digest.js';
import type { VerdictRecord } from './verdict-record.js';
import { environmentOf, verdictSignersCte } from './verdict-search-terms.js';

/** What the last answer to a question said, and its id. */
export interface LatestAnswer {
  readonly content: string;
  readonly verdict: string;
  /** What the verdict of this id decides on record; null where there is none that answers this question. */
  readonly decision: string | null;
}

/**
 * Whether the last answer says what this one does, and is on record with its decision: an answer is never given under the id of
 * another, whatever became of `verdict_latest`.
 */
export function isAnsweredBy({ content, verdict }: VerdictRecord, latest: LatestAnswer | undefined): boolean {
  return latest?.content === content && latest.decision === verdict.decision;
}

/**
 * One statement, so one commit for the whole group. `verdict_latest` holds the last answer to each question under a row
 * lock, taken in the order of questions: of two equal answers given at once only one is recorded. What break-glass allowed is
 * no answer of a policy, and is never among the last. Verdicts are recorded once all these locks are held, so that the entries
 * of one question are made in the order in which they became the last.
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
    from asked a cross join (select count(*) from latest) as locked
    where a.always or a.id in (select l.verdict from latest l)
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

/** Puts verdicts on record. */
@Injectable()
export class VerdictRecordStore {
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

  private async recordRound(records: readonly VerdictRecord[]): Promise<readonly string[]> {
    const { rows } = await namedQuery<{ id: string }>(this.database.pool, {
      name: 'verdict-record-group',
      text: RECORD_GROUP,
      values: parametersOf(records),
    });
    const recorded = new Set(rows.map((row) => row.id));
    const repeated = records.filter((record) => !recorded.has(record.id));
    if (repeated.length === 0) return records.map(({ id }) => id);
    const latest = await this.latestAnswers(repeated.map(({ question }) => question));
    // The last answer may be another by now, or on record as another.
    const unanswered = repeated.filter((record) => !isAnsweredBy(record, latest.get(record.question)));
    if (unanswered.length > 0) await this.recordRound(unanswered.map((record) => ({ ...record, always: true })));
    return records.map((record) => {
      if (recorded.has(record.id) || unanswered.includes(record)) return record.id;
      return latest.get(record.question)?.verdict ?? record.id;
    });
  }

  private async latestAnswers(questions: readonly string[]): Promise<ReadonlyMap<string, LatestAnswer>> {
    const { rows } = await namedQuery<LatestAnswer & { question: string }>(this.database.hotPool, {
      name: 'verdict-latest',
      text: `
        select l.question, l.content, l.verdict, v.decision
        from verdict_latest l
        -- For each by itself: whatever is thought of how many verdicts there are, one is found by its id.
        left join lateral (
          select case when question = l.question and not break_glass then verdict->>'decision' end as decision
          from verdicts where id = l.verdict offset 0
        ) v on true
        where l.question = any($1)`,
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
