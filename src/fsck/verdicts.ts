import { verdictDigest } from '../policy/verdict-digest.js';
import { BY_INDEX, sqlInvariant, walkRows, type Keyed, type Walk } from './walk.js';

/** A verdict, and what the entries of it tell; digests are null where it is from before they told any. */
interface VerdictRow extends Keyed {
  readonly id: string;
  readonly verdict: object;
  readonly context: object | null;
  readonly told: readonly { readonly digest: string | null; readonly context: string | null }[];
}

/** Verdicts on record, and the last one to each question. */
export const VERDICTS: readonly Walk[] = [
  walkRows<VerdictRow, VerdictRow>({
    table: 'verdicts',
    start: ['', '-infinity', '00000000-0000-0000-0000-000000000000'],
    pageSize: 500,
    text: `
      select array[v.image, v.at::text, v.id::text] as key, v.id, v.verdict, v.context,
        (select coalesce(jsonb_agg(jsonb_build_object('digest', e.data->>'digest', 'context', e.data->>'context')), '[]')
         from (
           select data from history_entries
           where type in ('verdict.recorded', 'verdict.break_glass') and data->>'verdict' = v.id::text ${BY_INDEX}
         ) e) as told
      from (
        select image, at, id, verdict, context from verdicts where (image, at, id) > ($1, $2::timestamptz, $3::uuid)
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
    },
  }),
  sqlInvariant(
    'the last answer to every question is a verdict on record',
    [''],
    `select array[l.question] as key,
       case when v.id is null then 'verdict ' || l.verdict || ', the last one to a question, is not on record' end as fault
     from (select question, verdict from verdict_latest where question > $1 order by question limit $2) l
     left join lateral (select id from verdicts where id = l.verdict ${BY_INDEX}) v on true order by l.question`,
    'verdict_latest',
  ),
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
