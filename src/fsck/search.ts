import { FACTS_TO_INDEX, indexedFactOf, type FactToIndex } from '../facts/reindex-facts.store.js';
import { rowsOfFact } from '../facts/index-facts.store.js';
import { environmentOf, restsOn } from '../policy/verdict-search-terms.js';
import type { Verdict } from '../policy/verdict.js';
import { BY_INDEX, sqlInvariant, walkRows, type Keyed, type Reading, type Walk } from './walk.js';

const ZERO = '00000000-0000-0000-0000-000000000000';
const FACTS_OF_PAGE = 100;
const VERDICTS_OF_PAGE = 500;
/** Rows looked up in one statement. */
const ROWS_AT_ONCE = 10_000;

interface FactPageRow extends Keyed, FactToIndex {}
interface AllowRow extends Keyed {
  readonly id: string;
  readonly verdict: Verdict;
}

interface SignerRow extends Keyed {
  readonly id: string;
  readonly signer: string;
  /** null where there is no such verdict. */
  readonly verdict: Verdict | null;
}

interface Read<Row> {
  readonly row: Row;
  readonly reading: Reading;
}

interface VerdictRow extends Keyed {
  readonly id: string;
  readonly verdict: Verdict;
  readonly context: object | null;
  readonly environment: string | null;
}

/** What images are searched by, against the facts and verdicts it is made of. */
export const SEARCH: readonly Walk[] = [
  walkRows<FactPageRow, Read<FactToIndex>>({
    start: ['0'],
    pageSize: FACTS_OF_PAGE,
    text: `select array[t.id] as key, t.* from (${FACTS_TO_INDEX}) t`,
    read: (row, reading) => ({ row, reading }),
    faultOf: { 'every fact that was verified is found by what it says': factFault },
  }),
  sqlInvariant(
    'what evidence is found by is of a fact about its image',
    [ZERO, ZERO, '0'],
    `select array[r.term::text, r.image::text, r.fact::text] as key, ${rowFault('r.fact')} as fault
     from (select * from search_evidence where (term, image, fact) > ($1::uuid, $2::uuid, $3::bigint) order by 1, 2, 3 limit $4) r
     order by r.term, r.image, r.fact`,
  ),
  sqlInvariant(
    'what contents are found by is of facts about their image, the first of them and the last',
    [ZERO, ZERO],
    `select array[r.term::text, r.image::text] as key,
       coalesce(case when r.first_fact > r.last_fact then 'the first fact ' || r.first_fact || ' is after the last' end,
         ${rowFault('r.first_fact')}, ${rowFault('r.last_fact')}) as fault
     from (select * from search_contents where (term, image) > ($1::uuid, $2::uuid) order by 1, 2 limit $3) r
     order by r.term, r.image`,
  ),
  walkRows<VerdictRow, VerdictRow>({
    start: ['-infinity', ZERO],
    pageSize: VERDICTS_OF_PAGE,
    text: `select array[to_json(at) #>> '{}', id::text] as key, id, verdict, context, environment from verdicts
      where (at, id) > ($1::timestamptz, $2::uuid) order by at, id limit $3`,
    read: (row) => row,
    faultOf: {
      'a verdict is found by the environment it was asked for': ({ id, verdict, context, environment }) => {
        const asked = environmentOf(verdict, context);
        return asked === environment
          ? null
          : `verdict ${id} is found by ${environment ?? 'none'}, not ${asked ?? 'none'}`;
      },
    },
  }),
  walkRows<AllowRow, Read<AllowRow>>({
    start: ['-infinity', ZERO],
    pageSize: VERDICTS_OF_PAGE,
    text: `
      select array[to_json(v.at) #>> '{}', v.id::text] as key, v.id, v.verdict
      from (select * from verdicts where (at, id) > ($1::timestamptz, $2::uuid) order by at, id limit $3) v
      order by v.at, v.id`,
    read: (row, reading) => ({ row, reading }),
    faultOf: { 'an allow is found by the keys that signed what it rests on': allowFault },
  }),
  walkRows<SignerRow, Read<SignerRow>>({
    start: [ZERO, '', '-infinity', ZERO],
    pageSize: VERDICTS_OF_PAGE,
    text: `
      select array[s.signer::text, s.image, to_json(s.at) #>> '{}', s.verdict::text] as key, s.verdict as id, s.signer, v.verdict
      from (
        select * from verdict_signers where (signer, image, at, verdict) > ($1::uuid, $2, $3::timestamptz, $4::uuid)
        order by signer, image, at, verdict limit $5
      ) s left join verdicts v on v.id = s.verdict and v.image = s.image and v.at = s.at
      order by s.signer, s.image, s.at, s.verdict`,
    read: (row, reading) => ({ row, reading }),
    faultOf: { 'a key by which an allow is found signed what it rests on': signerFault },
  }),
];

async function factFault({ row: fact, reading }: Read<FactToIndex>): Promise<string | null> {
  const indexed = indexedFactOf(fact);
  if (indexed === null || !(await isDue(reading, fact.id))) return null;
  const { evidence, contents } = rowsOfFact(indexed);
  const missing = await missingOf(reading, evidence, 'search_evidence', 's.fact = t.fact and s.at = t.at');
  if (missing !== null) return missing;
  if (contents === null) {
    const rows = await reading.query(`select from search_left_out where fact = $1::bigint`, [fact.id]);
    return rows.length === 1 ? null : `fact ${fact.id} is too large to be found by, and is not noted as such`;
  }
  return missingOf(reading, [...contents], 'search_contents', 't.fact between s.first_fact and s.last_fact');
}

/** What was stored before there was a search is no fault until it has been added. */
async function isDue(reading: Reading, fact: string): Promise<boolean> {
  const rows = await reading.query(
    `select from search_progress where part = 'facts' and (finished_at is not null or position::bigint >= $1::bigint)`,
    [fact],
  );
  return rows.length === 1;
}

async function missingOf(
  reading: Reading,
  rows: ReturnType<typeof rowsOfFact>['evidence'],
  table: 'search_evidence' | 'search_contents',
  same: string,
): Promise<string | null> {
  for (let start = 0; start < rows.length; start += ROWS_AT_ONCE) {
    const part = rows.slice(start, start + ROWS_AT_ONCE);
    const [missing] = await reading.query<{ image: string; fact: string }>(
      `select t.image, t.fact::text as fact from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[]) as t (term, image, fact, at)
       where not exists (select from ${table} s where s.term = t.term and s.image = t.image and ${same}) limit 1`,
      [
        part.map(({ term }) => term),
        part.map(({ image }) => image),
        part.map(({ fact }) => fact),
        part.map(({ at }) => at),
      ],
    );
    if (missing !== undefined) return `fact ${missing.fact} does not find ${missing.image} in ${table}`;
  }
  return null;
}

function rowFault(fact: string): string {
  return `case when not exists (
      select from facts f join attestation_subjects s on s.attestation = f.attestation
      where f.id = ${fact} and s.subject like 'sha256:' || replace(r.image::text, '-', '') || '%')
    then 'there is no fact ' || ${fact} || ' about ' || r.image end`;
}

const SIGNERS = `
  select substr(x.signer, 8, 32)::uuid as signer, bool_or(x.recorded_at = f.recorded_at) as at_first
  from unnest($1::text[]) as t (attestation)
  cross join lateral (select * from facts where attestation = t.attestation ${BY_INDEX}) f
  cross join lateral (select * from fact_signers where fact = f.id ${BY_INDEX}) x
  where x.signer like 'sha256:%' group by 1`;

/** Who was found to have signed a fact after it was proved may be missing. */
async function allowFault({ row: { id, verdict }, reading }: Read<AllowRow>): Promise<string | null> {
  const rested = [...restsOn(verdict)];
  if (rested.length === 0) return null;
  const [missing] = await reading.query<{ signer: string }>(
    `select t.signer from (${SIGNERS}) t
     where t.at_first and exists (select from search_progress where part = 'verdicts' and finished_at is not null)
       and not exists (
         select from verdicts v join verdict_signers s
           on s.signer = t.signer and s.image = v.image and s.at = v.at and s.verdict = v.id
         where v.id = $2)
     limit 1`,
    [rested, id],
  );
  return missing === undefined ? null : `verdict ${id} is not found by ${missing.signer}, who signed what it rests on`;
}

async function signerFault({ row: { id, signer, verdict }, reading }: Read<SignerRow>): Promise<string | null> {
  if (verdict === null) return `there is no verdict ${id} of that image and time, but it is found by ${signer}`;
  const signed = await reading.query(`select from (${SIGNERS}) t where t.signer = $2::uuid`, [
    [...restsOn(verdict)],
    signer,
  ]);
  return signed.length === 1 ? null : `verdict ${id} is found by ${signer}, who signed nothing that it rests on`;
}
