import { sqlInvariant, type Walk } from './walk.js';

/** Verdicts on record, and the last one to each question. */
export const VERDICTS: readonly Walk[] = [
  sqlInvariant(
    'every verdict has one history entry',
    ['', '-infinity', '00000000-0000-0000-0000-000000000000'],
    // Entries are found by image, and read once for all verdicts of a page: one image may have any number of either.
    `with looked_at as (
       select image, at, id from verdicts where (image, at, id) > ($1, $2::timestamptz, $3::uuid) order by image, at, id limit $4
     ),
     told as materialized (
       select e.data->>'verdict' as verdict, count(*) as entries from history_entries e
       where e.image in (select image from looked_at) and e.type in ('verdict.recorded', 'verdict.break_glass') group by 1
     )
     select array[v.image, v.at::text, v.id::text] as key,
       case when t.entries is distinct from 1 then 'verdict ' || v.id || ' has ' || coalesce(t.entries, 0) || ' entries' end as fault
     from looked_at v left join told t on t.verdict = v.id::text order by v.image, v.at, v.id`,
  ),
  sqlInvariant(
    'the last answer to every question is a verdict on record',
    [''],
    `select array[l.question] as key,
       case when v.id is null then 'verdict ' || l.verdict || ', the last one to a question, is not on record' end as fault
     from (select question, verdict from verdict_latest where question > $1 order by question limit $2) l
     left join verdicts v on v.id = l.verdict order by l.question`,
  ),
];
