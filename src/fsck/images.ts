import { rebuiltFactsCtes } from '../facts/image-facts-sql.js';
import { BY_INDEX, walkRows, type Keyed, type Walk } from './walk.js';

const PAGE_SIZE = 500;

/** One subject that anything is stored about: what stands in its rows, and what it comes to when it is counted again. */
interface SubjectRow extends Keyed {
  readonly subject: string;
  readonly received: number;
  readonly claiming: number;
  readonly examined: number;
  readonly found: number;
  readonly rebuilt: boolean;
}

const SUBJECT_ROWS = `
  with looked_at as (
    (select subject from subject_receipts where subject > $1 order by subject limit $2)
    union (select subject from images where subject > $1 order by subject limit $2)
    union (select distinct subject from attestation_subjects where subject > $1 order by subject limit $2)
    order by subject limit $2
  ),
  ${rebuiltFactsCtes('looked_at')}
  select array[l.subject] as key, l.subject,
    coalesce(r.received, 0) as received, coalesce(c.claiming, 0) as claiming,
    coalesce(i.examined, 0) as examined, coalesce(c.found, 0) as found,
    coalesce(i.facts, '[]') = coalesce(b.facts, '[]') as rebuilt
  from looked_at l
  left join lateral (select * from subject_receipts where subject = l.subject ${BY_INDEX}) r on true
  left join lateral (select * from images where subject = l.subject ${BY_INDEX}) i on true
  left join rebuilt b on b.subject = l.subject
  left join lateral (
    select count(*) as claiming,
      count(*) filter (where exists (select from verifications v where v.attestation = s.attestation)) as found
    from (select distinct attestation from attestation_subjects where subject = l.subject) s
  ) c on true
  order by l.subject`;

/** The counters and projections by which verdicts read, against what they stand for. */
export const IMAGES: readonly Walk[] = [
  walkRows<SubjectRow, SubjectRow>({
    table: 'images',
    start: [''],
    pageSize: PAGE_SIZE,
    text: SUBJECT_ROWS,
    read: (row) => row,
    faultOf: {
      'what counts as received about a subject are the attestations that name it': ({ subject, received, claiming }) =>
        received === claiming ? null : `${claiming} attestations name ${subject}, ${received} count as received`,
      'what counts as examined about a subject are those among them that were': ({ subject, examined, found }) =>
        examined === found ? null : `${found} attestations about ${subject} were examined, ${examined} count as such`,
      'the facts in the row of an image are those that a rebuild gives': ({ subject, rebuilt }) =>
        rebuilt ? null : `the row of ${subject} holds other facts than a rebuild`,
    },
  }),
];
