import { answeredQuestion, contentDigest, questionDigest } from '../policy/question.js';
import { verdictDigest } from '../policy/verdict-digest.js';
import type { Verdict } from '../policy/verdict.js';
import { BY_INDEX, sqlInvariant, walkRows, type Keyed, type Walk } from './walk.js';

/** A verdict, and what the entries of it tell; digests are null where it is from before they told any. */
interface VerdictRow extends Keyed {
  readonly id: string;
  readonly verdict: Verdict;
  readonly context: object | null;
  readonly question: string;
  readonly breakGlass: boolean;
  /** Whether there is a last answer to its question. */
  readonly answered: boolean;
  readonly told: readonly { readonly digest: string | null; readonly context: string | null }[];
}

/** The last answer to a question, with the verdict that it names; null where there is none. */
interface LatestRow extends Keyed {
  readonly question: string;
  readonly content: string;
  readonly id: string;
  readonly verdict: Verdict | null;
  readonly breakGlass: boolean | null;
  /** Another verdict on that question, which was put on record later; null where there is none. */
  readonly newer: { readonly id: string; readonly verdict: Verdict } | null;
}

/** Answers that are recorded at once, by releases that do not order them, may be the last in another order. */
const AT_ONCE_MILLISECONDS = 90_000;

/** Verdicts on record, and the last one to each question. */
export const VERDICTS: readonly Walk[] = [
  walkRows<VerdictRow, VerdictRow>({
    table: 'verdicts',
    start: ['', '-infinity', '00000000-0000-0000-0000-000000000000'],
    pageSize: 500,
    text: `
      select array[v.image, v.at::text, v.id::text] as key, v.id, v.verdict, v.context,
        v.question, v.break_glass as "breakGlass",
        exists (select from verdict_latest l where l.question = v.question) as answered,
        (select coalesce(jsonb_agg(jsonb_build_object('digest', e.data->>'digest', 'context', e.data->>'context')), '[]')
         from (
           select data from history_entries
           where type in ('verdict.recorded', 'verdict.break_glass') and data->>'verdict' = v.id::text ${BY_INDEX}
         ) e) as told
      from (
        select image, at, id, verdict, context, question, break_glass from verdicts where (image, at, id) > ($1, $2::timestamptz, $3::uuid)
        order by image, at, id limit $4
      ) v
      order by v.image, v.at, v.id`,
    read: (row) => row,
    faultOf: {
      'every verdict has one history entry': ({ key: [image = ''], id, told }) =>
        told.length === 1 ? null : `verdict ${id} about ${image} has ${told.length} entries`,
      'every verdict is the one that its history entry tells of': ({
        key: [image = ''],
        id,
        verdict,
        context,
        told,
      }) => {
        const digest = verdictDigest(verdict);
        const occasion = context === null ? null : verdictDigest(context);
        const other = told.some(
          (each) => each.digest !== null && (each.digest !== digest || each.context !== occasion),
        );
        return other ? `verdict ${id} about ${image} is not the one that its entry tells of` : null;
      },
      'every verdict is filed under the question that it answers': ({ id, verdict, question }) =>
        questionDigest(answeredQuestion(verdict)) === question
          ? null
          : `verdict ${id} is filed under another question than it answers`,
      'every question that was answered has its last answer': ({ id, question, breakGlass, answered }) =>
        answered || breakGlass
          ? null
          : `verdict_latest has no row of question ${question}, which verdict ${id} answers`,
    },
  }),
  walkRows<LatestRow, LatestRow>({
    table: 'verdict_latest',
    start: [''],
    pageSize: 500,
    text: `
      select array[l.question] as key, l.question, l.content, l.verdict as id, v.verdict, v.break_glass as "breakGlass",
        case when n.id <> l.verdict then (
          select json_build_object('id', w.id, 'verdict', w.verdict) from verdicts w where w.id = n.id) end as newer
      from (select * from verdict_latest where question > $1 order by question limit $2) l
      left join lateral (select image, verdict, break_glass from verdicts where id = l.verdict ${BY_INDEX}) v on true
      left join lateral (
        select w.id
        from (select id from verdicts where image = v.image and question = l.question and not break_glass ${BY_INDEX}) w
        cross join lateral (
          select max(e.id) as entry from history_entries e
          where e.type in ('verdict.recorded', 'verdict.break_glass') and e.data->>'verdict' = w.id::text ${BY_INDEX}
        ) e
        order by e.entry desc nulls last limit 1
      ) n on true
      order by l.question`,
    read: (row) => row,
    faultOf: { 'the last answer to every question is its newest verdict on record, with what that says': latestFault },
  }),
  sqlInvariant(
    'what verdicts depended on leads to their images',
    ['00000000-0000-0000-0000-000000000000'],
    `select array[v.id::text] as key,
       (select 'verdict ' || v.id || ' depended on ' || k.digest || ', which does not lead to ' || v.image
        from json_object_keys(v.verdict->'revisions'->'related') as k (digest)
        where not exists (select from verdict_dependents d where d.digest = k.digest and d.image = v.image) limit 1) as fault
     from (select id, image, verdict from verdicts where id > $1::uuid order by id limit $2) v order by v.id`,
    'verdicts',
  ),
  sqlInvariant(
    'a verdict is filed under what it says',
    ['00000000-0000-0000-0000-000000000000'],
    // Times as text: what the verdict holds in the place of one need be none.
    `select array[v.id::text] as key,
       case when to_char(v.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
              is distinct from replace(v.verdict->>'evaluatedAt', 'Z', '000Z')
            then 'verdict ' || v.id || ' is filed under another time than its own'
            when v.image is distinct from v.verdict->'image'->>'digest'
              or v.repository is distinct from v.verdict->'image'->>'repository'
            then 'verdict ' || v.id || ' is filed under another image than its own'
            when v.policy is distinct from v.verdict->'policy'->>'name'
              or v.policy_revision::text is distinct from v.verdict->'policy'->>'revision'
            then 'verdict ' || v.id || ' is filed under another policy than its own'
            when v.decision is distinct from v.verdict->>'decision'
            then 'verdict ' || v.id || ' is filed as ' || v.decision || ', and says ' || coalesce(v.verdict->>'decision', 'nothing')
       end as fault
     from (select * from verdicts where id > $1::uuid order by id limit $2) v order by v.id`,
    'verdicts',
  ),
];

function latestFault({ question, content, id, verdict, breakGlass, newer }: LatestRow): string | null {
  const what = `verdict ${id}, the last one to question ${question} by verdict_latest,`;
  if (verdict === null) return `${what} is not on record`;
  if (breakGlass === true) return `${what} was given in spite of its policy, and answers nothing`;
  if (questionDigest(answeredQuestion(verdict)) !== question) return `${what} answers another question`;
  const said: string = contentDigest(verdict);
  if (said !== content) return `${what} says something else than is kept there`;
  if (newer === null) return null;
  const apart = Date.parse(newer.verdict.evaluatedAt) - Date.parse(verdict.evaluatedAt);
  const same = contentDigest(newer.verdict) === said && Math.abs(apart) <= AT_ONCE_MILLISECONDS;
  return same ? null : `${what} is older than verdict ${newer.id}`;
}
