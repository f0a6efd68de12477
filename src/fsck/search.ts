import { FACTS_TO_INDEX, indexedFactOf, type FactToIndex } from '../facts/reindex-facts.store.js';
import { rowsOfFact } from '../facts/index-facts.store.js';
import { evidenceTerms, signerTerms } from '../facts/search-terms.js';
import type { Term } from '../images/search-term.js';
import { recordedPairs } from '../policy/rested-pairs.js';
import { environmentOf } from '../policy/verdict-search-terms.js';
import type { Verdict } from '../policy/verdict.js';
import { BY_INDEX, sqlInvariant, walkPages, walkRows, type Keyed, type Reading, type Walk } from './walk.js';

const ZERO = '00000000-0000-0000-0000-000000000000';
const FACTS_OF_PAGE = 100;
const VERDICTS_OF_PAGE = 500;
const EVIDENCE_OF_PAGE = 1_000;
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

interface VerdictRow extends Keyed {
  readonly id: string;
  readonly verdict: Verdict;
  readonly context: object | null;
  readonly environment: string | null;
}

/** A row by which evidence is found, and what is wrong with it by itself. */
interface EvidencePageRow extends Keyed {
  readonly term: Term;
  readonly image: string;
  readonly fact: string;
  readonly fault: string | null;
}

/** What of the search is held against nothing: it would take every fact once more for each of its components and findings. */
export const SEARCH_NOT_HELD =
  'that every component and finding by which search_contents finds an image is in a fact about it: of the first fact and the last only the image and the time are held';

/** What images are searched by, against the facts and verdicts it is made of. */
export const SEARCH: readonly Walk[] = [
  walkPages<FactPageRow, string | null>({
    table: 'facts',
    start: ['0'],
    pageSize: FACTS_OF_PAGE,
    text: `select array[t.id] as key, t.* from (${FACTS_TO_INDEX}) t`,
    readPage: factFaults,
    faultOf: { 'every fact that was verified is found by what it says': (fault) => fault },
  }),
  walkPages<EvidencePageRow, string | null>({
    table: 'search_evidence',
    start: [ZERO, ZERO, '0'],
    pageSize: EVIDENCE_OF_PAGE,
    text: `select array[r.term::text, r.image::text, r.fact::text] as key, r.term::text as term, r.image::text as image,
        r.fact::text as fact, ${rowFault('r.fact', 'r.at')} as fault
     from (select * from search_evidence where (term, image, fact) > ($1::uuid, $2::uuid, $3::bigint) order by 1, 2, 3 limit $4) r
     order by r.term, r.image, r.fact`,
    readPage: evidenceFaults,
    faultOf: { 'what evidence is found by is of a fact about its image': (fault) => fault },
  }),
  sqlInvariant(
    'what contents are found by is of facts about their image, the first of them and the last',
    [ZERO, ZERO],
    `select array[r.term::text, r.image::text] as key,
       coalesce(case when r.first_fact > r.last_fact then 'the first fact ' || r.first_fact || ' is after the last' end,
         ${rowFault('r.first_fact', 'r.first_at')}, ${rowFault('r.last_fact', 'r.last_at')}) as fault
     from (select * from search_contents where (term, image) > ($1::uuid, $2::uuid) order by 1, 2 limit $3) r
     order by r.term, r.image`,
  ),
  walkRows<VerdictRow, VerdictRow>({
    table: 'verdicts',
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
  walkPages<AllowRow, string | null>({
    table: 'verdicts',
    start: ['-infinity', ZERO],
    pageSize: VERDICTS_OF_PAGE,
    text: `
      select array[to_json(v.at) #>> '{}', v.id::text] as key, v.id, v.verdict
      from (select * from verdicts where (at, id) > ($1::timestamptz, $2::uuid) order by at, id limit $3) v
      order by v.at, v.id`,
    readPage: allowFaults,
    faultOf: { 'an allow is found by the keys that signed what it rests on': (fault) => fault },
  }),
  walkPages<SignerRow, string | null>({
    table: 'verdict_signers',
    start: [ZERO, '', '-infinity', ZERO],
    pageSize: VERDICTS_OF_PAGE,
    text: `
      select array[s.signer::text, s.image, to_json(s.at) #>> '{}', s.verdict::text] as key, s.verdict as id, s.signer, v.verdict
      from (
        select * from verdict_signers where (signer, image, at, verdict) > ($1::uuid, $2, $3::timestamptz, $4::uuid)
        order by signer, image, at, verdict limit $5
      ) s
      left join lateral (
        select verdict from verdicts where id = s.verdict and image = s.image and at = s.at ${BY_INDEX}
      ) v on true
      order by s.signer, s.image, s.at, s.verdict`,
    readPage: signerFaults,
    faultOf: { 'a key by which an allow is found signed what it rests on': (fault) => fault },
  }),
];

type IndexRows = ReturnType<typeof rowsOfFact>['evidence'];
type IndexTable = 'search_evidence' | 'search_contents';

const SAME: Readonly<Record<IndexTable, string>> = {
  search_evidence: 's.fact = t.fact and s.at = t.at',
  search_contents: `t.fact between s.first_fact and s.last_fact and (t.fact <> s.first_fact or t.at = s.first_at)
    and (t.fact <> s.last_fact or t.at = s.last_at)`,
};

async function factFaults(facts: readonly FactToIndex[], reading: Reading): Promise<readonly (string | null)[]> {
  const due = await dueUpTo(reading);
  const indexed = facts.filter(({ id }) => due !== null && BigInt(id) <= due).map(indexedFactOf);
  const rows = indexed.flatMap((fact) => (fact === null ? [] : [{ fact, ...rowsOfFact(fact) }]));
  const tooLarge = rows.filter(({ contents }) => contents === null).map(({ fact }) => fact.id);
  const faults = new Map([
    ...(await missingOf(
      reading,
      rows.map(({ contents }) => contents ?? []),
      'search_contents',
    )),
    ...(await unnotedOf(reading, tooLarge)),
    ...(await missingOf(
      reading,
      rows.map(({ evidence }) => evidence),
      'search_evidence',
    )),
  ]);
  return facts.map(({ id }) => faults.get(id) ?? null);
}

/** The last fact that must be found by: what was stored before there was a search is no fault until it has been added. */
async function dueUpTo(reading: Reading): Promise<bigint | null> {
  const [progress] = await reading.query<{ position: string; finished: boolean }>(
    `select position, finished_at is not null as finished from search_progress where part = 'facts'`,
    [],
  );
  if (progress === undefined) return null;
  return progress.finished ? 2n ** 63n : BigInt(progress.position);
}

async function missingOf(
  reading: Reading,
  ofFacts: readonly Iterable<IndexRows[number]>[],
  table: IndexTable,
): Promise<readonly (readonly [fact: string, fault: string])[]> {
  const faults: (readonly [string, string])[] = [];
  let rows: IndexRows[number][] = [];
  const look = async (): Promise<void> => {
    const missing = await reading.query<{ image: string; fact: string }>(
      `select distinct on (t.fact) t.image, t.fact::text as fact
       from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[]) as t (term, image, fact, at)
       where not exists (select from ${table} s where s.term = t.term and s.image = t.image and ${SAME[table]} ${BY_INDEX})
       order by t.fact`,
      [
        rows.map(({ term }) => term),
        rows.map(({ image }) => image),
        rows.map(({ fact }) => fact),
        rows.map(({ at }) => at),
      ],
    );
    rows = [];
    faults.push(
      ...missing.map(({ fact, image }) => [fact, `fact ${fact} does not find ${image} in ${table}`] as const),
    );
  };
  for (const ofFact of ofFacts) {
    for (const row of ofFact) {
      rows.push(row);
      if (rows.length === ROWS_AT_ONCE) await look();
    }
  }
  if (rows.length > 0) await look();
  return faults;
}

/**
 * Facts by their ids, with as much of them as the terms of evidence are made of: what lists thousands of components or findings gives
 * none, and is not read for each row.
 */
const FACTS_OF_EVIDENCE = `
  select f.id::text as id,
    case when f.kind in ('build', 'approval') then f.content else jsonb_build_object('kind', f.kind) end as content,
    (select jsonb_agg(jsonb_build_object('signers', v.signers, 'proved', v.proved))
     from (select distinct attestation from fact_signers where fact = f.id ${BY_INDEX}) x
     cross join lateral (select * from verifications where attestation = x.attestation ${BY_INDEX}) v
     where v.outcome = 'verified' and v.reader_revision = f.reader_revision and v.signed_digest = f.signed_digest) as verified
  from unnest($1::bigint[]) as t (id)
  cross join lateral (select * from facts where id = t.id ${BY_INDEX}) f`;

async function evidenceFaults(rows: readonly EvidencePageRow[], reading: Reading): Promise<readonly (string | null)[]> {
  const facts = await reading.query<Pick<FactToIndex, 'id' | 'content' | 'verified'>>(FACTS_OF_EVIDENCE, [
    [...new Set(rows.map(({ fact }) => fact))],
  ]);
  const terms = new Map(
    facts.map(({ id, content, verified }) => {
      const by = {
        signers: (verified ?? []).flatMap(({ signers }) => signers),
        proved: (verified ?? []).flatMap(({ proved }) => proved),
      };
      return [id, new Set([...signerTerms(by), ...evidenceTerms(content, by)])] as const;
    }),
  );
  return rows.map(({ term, image, fact, fault }) => {
    if (fault !== null) return fault;
    return terms.get(fact)?.has(term) === true
      ? null
      : `${image} is found in search_evidence by the term ${term}, which fact ${fact} does not give`;
  });
}

async function unnotedOf(
  reading: Reading,
  tooLarge: readonly string[],
): Promise<readonly (readonly [fact: string, fault: string])[]> {
  if (tooLarge.length === 0) return [];
  const noted = await reading.query<{ fact: string }>(
    `select fact::text as fact from search_left_out where fact = any($1::bigint[])`,
    [tooLarge],
  );
  const known = new Set(noted.map(({ fact }) => fact));
  return tooLarge
    .filter((fact) => !known.has(fact))
    .map((fact) => [fact, `fact ${fact} is too large to be found by, and is not noted as such`] as const);
}

/** Each fact is looked up by itself. Times are kept to the millisecond. */
function rowFault(fact: string, at: string): string {
  return `case when not exists (
      select from (select attestation from facts where id = ${fact} ${BY_INDEX}) f
      cross join lateral (select received_at from attestations where id = f.attestation ${BY_INDEX}) a
      cross join lateral (select subject from attestation_subjects where attestation = f.attestation ${BY_INDEX}) s
      where abs(extract(epoch from a.received_at - ${at})) < 0.001 and s.subject like 'sha256:' || replace(r.image::text, '-', '') || '%')
    then 'there is no fact ' || ${fact} || ' about ' || r.image || ' of the time ' || ${at} end`;
}

/** Whose keys signed what each of the verdicts `$1` rests on, the attestations `$2`. */
const SIGNERS = `
  select t.verdict, substr(x.signer, 8, 32)::uuid as signer, bool_or(x.recorded_at = f.recorded_at) as at_first
  from unnest($1::uuid[], $2::text[]) as t (verdict, attestation)
  cross join lateral (select signed_digest from verifications where attestation = t.attestation ${BY_INDEX}) v
  cross join lateral (select * from facts where signed_digest = v.signed_digest ${BY_INDEX}) f
  cross join lateral (select * from fact_signers where fact = f.id ${BY_INDEX}) x
  where x.signer like 'sha256:%' group by 1, 2`;

/** As the parameters of `SIGNERS`; each verdict once. */
async function restedOn(
  rows: readonly { readonly id: string; readonly verdict: Verdict | null }[],
  reading: Reading,
): ReturnType<typeof recordedPairs> {
  const verdicts = new Map(rows.flatMap(({ id, verdict }) => (verdict === null ? [] : [[id, verdict] as const])));
  const recorded = [...verdicts].map(([id, verdict]) => ({ id, verdict }));
  return recordedPairs(recorded, (text, values) => reading.query(text, values));
}

/** Who was found to have signed a fact after it was proved may be missing. */
async function allowFaults(rows: readonly AllowRow[], reading: Reading): Promise<readonly (string | null)[]> {
  const missing = await reading.query<{ verdict: string; signer: string }>(
    `select t.verdict, t.signer from (${SIGNERS}) t
     cross join lateral (select image, at from verdicts where id = t.verdict ${BY_INDEX}) v
     where t.at_first and exists (select from search_progress where part = 'verdicts' and finished_at is not null)
       and not exists (
         select from verdict_signers s
         where s.signer = t.signer and s.image = v.image and s.at = v.at and s.verdict = t.verdict ${BY_INDEX})`,
    await restedOn(rows, reading),
  );
  const signers = new Map(missing.map(({ verdict, signer }) => [verdict, signer]));
  return rows.map(({ id }) => {
    const signer = signers.get(id);
    return signer === undefined ? null : `verdict ${id} is not found by ${signer}, who signed what it rests on`;
  });
}

async function signerFaults(rows: readonly SignerRow[], reading: Reading): Promise<readonly (string | null)[]> {
  const signed = await reading.query<{ verdict: string; signer: string }>(
    `select t.verdict, t.signer from (${SIGNERS}) t`,
    await restedOn(rows, reading),
  );
  const known = new Set(signed.map(({ verdict, signer }) => `${verdict} ${signer}`));
  return rows.map(({ id, signer, verdict }) => {
    if (verdict === null) return `there is no verdict ${id} of that image and time, but it is found by ${signer}`;
    return known.has(`${id} ${signer}`)
      ? null
      : `verdict ${id} is found by ${signer}, who signed nothing that it rests on`;
  });
}
