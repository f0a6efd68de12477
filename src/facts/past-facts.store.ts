import { Injectable } from '@nestjs/common';
import type { SubjectDigest } from '../intoto/digest.js';
import { Database, namedQuery } from '../platform/database.js';
import { rebuiltFactsCtes } from './image-facts-sql.js';

/** What was on record about one digest at an earlier moment. */
export interface PastFacts {
  /** In the form in which an image's row holds them. */
  readonly facts: readonly unknown[];
  /** The revision that the image had. */
  readonly revision: number;
  /** Whether revisions tell exactly what was on record at each: false where the image's is not that of its verifications. */
  readonly isExact: boolean;
  /** The last verification of evidence about the digest that counts; null where there was none. */
  readonly verification: number | null;
  /** Attestations about the digest that had been examined. */
  readonly examined: number;
  /** Attestations received by the moment that had not been. */
  readonly unexamined: number;
  /** Those among them of which every reader at the moment must have known, however long their receipt took. */
  readonly surelyUnexamined: number;
}

/** A receipt is one statement, which takes no longer than statements may. */
const LONGEST_RECEIPT = `interval '15 seconds'`;

/** The image's revision rises by one with each transaction that verifies anything about it, and so do these. */
const STATES = `
  about as materialized (
    select a.id as attestation, a.received_at from attestations a
    where a.id in (select s.attestation from attestation_subjects s where s.subject = $1)
  ),
  examinations as (
    select v.id, v.at, v.attestation, lag(v.at) over (order by v.id) as before
    from about b join verifications v on v.attestation = b.attestation
  ),
  states as materialized (
    select id, at, attestation, count(*) filter (where at is distinct from before) over (order by id) as revision
    from examinations
  )`;

/**
 * $2 is the millisecond at whose end it is asked. What was begun later was not on record, nor what was recorded after that,
 * whenever it was begun.
 */
const BY_MOMENT = `
  select max(id) as verification, coalesce(max(revision), 0) as revision from states
  where id < coalesce(
    (select min(id) from states where date_trunc('milliseconds', at) > $2::timestamptz), 9223372036854775807)`;

const BY_REVISION = `
  select max(id) as verification, coalesce(max(revision), 0) as revision from states where revision <= $3::bigint`;

/**
 * One statement, so one view of the database. Whoever verifies evidence about a digest holds its row's lock while ids are
 * given out and until they are committed: what was on record about it at any time is what its first verifications proved.
 */
const textOf = (reached: string): string => `
  with asked as (select $1::text as subject),
  ${STATES},
  reached as (${reached}),
  ${rebuiltFactsCtes('asked', '(select verification from reached)')},
  examined as (select distinct attestation from states where id <= (select verification from reached)),
  waiting as (
    select b.received_at from about b
    where b.received_at < $2::timestamptz + interval '1 millisecond'
      and not exists (select from examined e where e.attestation = b.attestation)
  )
  select coalesce(f.facts, '[]') as facts, r.revision, r.verification,
    coalesce((select max(revision) from states), 0) = coalesce(i.revision, 0) as "isExact",
    (select count(*) from examined) as examined,
    (select count(*) from waiting) as unexamined,
    (select count(*) from waiting where received_at < $2::timestamptz - ${LONGEST_RECEIPT}) as "surelyUnexamined"
  from asked k cross join reached r
  left join rebuilt f on f.subject = k.subject left join images i on i.subject = k.subject`;

/** Facts as they stood: rebuilt from what is only ever added. */
@Injectable()
export class PastFactStore {
  constructor(private readonly database: Database) {}

  /**
   * What was on record about a digest at the end of the moment's millisecond. What was being recorded just then counts from
   * when its recording began.
   */
  async asOf(subject: SubjectDigest, moment: Date): Promise<PastFacts> {
    return this.read('past-facts-by-moment', textOf(BY_MOMENT), [subject, moment]);
  }

  /** What was on record about a digest at a revision of its image, and how much of it was unexamined at the moment. */
  async atRevision(subject: SubjectDigest, revision: number, moment: Date): Promise<PastFacts> {
    return this.read('past-facts-by-revision', textOf(BY_REVISION), [subject, moment, revision]);
  }

  private async read(name: string, text: string, values: readonly unknown[]): Promise<PastFacts> {
    const { rows } = await namedQuery<PastFacts>(this.database.pool, { name, text, values });
    const [row] = rows;
    if (row === undefined) throw new Error('what was on record was not read');
    return row;
  }
}
