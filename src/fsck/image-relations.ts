import { BY_INDEX, sqlInvariant, type Walk } from './walk.js';

/** How images are related by the indexes on record. */
export const IMAGE_RELATIONS: readonly Walk[] = [
  sqlInvariant(
    'the relations of an image are numbered from 1, one for each index that concerns it',
    [''],
    `with looked_at as (
       (select subject from images where subject > $1 order by subject limit $2)
       union (select distinct manifest from image_manifests where manifest > $1 order by manifest limit $2)
       order by subject limit $2
     )
     select array[l.subject] as key,
       case when c.indexes <> coalesce(i.relations, 0)
            then c.indexes || ' indexes concern ' || l.subject || ', ' || coalesce(i.relations, 0) || ' count'
            when c.numbers <> c.indexes or c.highest <> c.indexes
            then 'the relations of ' || l.subject || ' are not numbered from 1 to ' || c.indexes end as fault
     from looked_at l
     left join images i on i.subject = l.subject
     cross join lateral (
       select count(*) as indexes, count(distinct revision) as numbers, coalesce(max(revision), 0) as highest
       from (
         (select digest as index_digest, revision from image_indexes where digest = l.subject ${BY_INDEX})
         union (select index_digest, revision from image_manifests where manifest = l.subject ${BY_INDEX})
       ) concerning
     ) c
     order by l.subject`,
  ),
];
