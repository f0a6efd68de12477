import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { AttestationId, Sha256Digest } from '../intoto/digest.js';
import { AppError } from '../platform/app-error.js';
import { Database } from '../platform/database.js';
import { sqlStateOf } from '../platform/sql-state.js';
import { all, type Bind, type SearchCondition } from './search-condition.js';
import { digestStartOf, imageKeyOf } from './search-term.js';

/** Why an image was found: one row that met one condition. */
export interface Match {
  readonly attestation: AttestationId | null;
  readonly verdict: string | null;
  /** The image's name there, where it has one. */
  readonly name: string | null;
  readonly at: Date;
}

export interface FoundImage {
  readonly digest: Sha256Digest;
  /** Of each condition the first and the last row that meets it. */
  readonly matches: readonly Match[];
}

export interface FoundPage {
  readonly images: readonly FoundImage[];
  /** Whatever the account tells up to this sequence can be found; 0 while old evidence is still to be added. */
  readonly completeTo: number;
  /** Facts of which images are not found by what is in them. */
  readonly leftOut: number;
}

/** A condition with fewer rows is read whole; of what more rows meet, a page soon finds enough in the order of images. */
const FEW = 2_000;
const TIMEOUT_MS = 3_000;
const QUERY_CANCELED = '57014';

/** Every statement here is made to be answered from indexes, in their order. */
const SETTINGS = `select set_config('statement_timeout', $1, true), set_config('enable_seqscan', 'off', true),
  set_config('enable_hashjoin', 'off', true), set_config('enable_hashagg', 'off', true)`;

/** Images by what is known of them, over tables that hold nothing else. */
@Injectable()
export class ImageSearchStore {
  constructor(private readonly database: Database) {}

  /**
   * Up to `limit` images that meet all of the conditions, in the order of their digests, behind one of them.
   *
   * That order is the same whatever is written meanwhile, and no match ever ends: who goes through all pages sees every
   * image that met the conditions when the first page was read, each once.
   *
   * @param few a condition with fewer rows is read whole; which changes how long it takes and nothing else.
   * @throws AppError `overloaded` where it takes too long.
   */
  async page(
    conditions: readonly [SearchCondition, ...SearchCondition[]],
    after: Sha256Digest | null,
    limit: number,
    few = FEW,
  ): Promise<FoundPage> {
    try {
      return await this.database.dataSource.transaction(async (tx) => {
        await tx.query(SETTINGS, [String(TIMEOUT_MS)]);
        const driver = await chooseDriver(tx, conditions, few);
        const values: unknown[] = [];
        const text = pageText({ conditions, ...driver, after, limit, bind: (value) => `$${values.push(value)}` });
        const rows: readonly PageRow[] = await tx.query(text, values);
        return toPage(rows);
      });
    } catch (cause) {
      if (sqlStateOf(cause) !== QUERY_CANCELED) throw cause;
      throw new AppError('overloaded', 'overloaded', 'searching by this takes too long now; name something rarer', {
        retryAfterSeconds: 10,
        cause,
      });
    }
  }
}

interface Driver {
  readonly driver: SearchCondition;
  readonly few: boolean;
}

/** The condition that the fewest rows meet, counted as far as it matters. */
async function chooseDriver(
  tx: EntityManager,
  conditions: readonly [SearchCondition, ...SearchCondition[]],
  few: number,
): Promise<Driver> {
  const values: unknown[] = [];
  const bind: Bind = (value) => `$${values.push(value)}`;
  const counts = conditions.map(
    ({ table, found }) =>
      `(select count(*)::int from (select from ${table} c where ${found('c', bind)} limit ${few}) r)`,
  );
  const [row]: readonly { counts: readonly number[] }[] = await tx.query(
    `select array[${counts.join(', ')}] as counts`,
    values,
  );
  const counted = row?.counts ?? [];
  const least = Math.min(...counted);
  return { driver: conditions[counted.indexOf(least)] ?? conditions[0], few: least < few };
}

interface PageQuery extends Driver {
  readonly conditions: readonly SearchCondition[];
  readonly after: Sha256Digest | null;
  readonly limit: number;
  readonly bind: Bind;
}

function pageText({ conditions, driver, few, after, limit, bind }: PageQuery): string {
  const byKey = driver.image === 'key';
  const behind = after === null ? 'true' : `d.image > ${bind(byKey ? imageKeyOf(after) : after)}`;
  const candidates = (found: SearchCondition['found']): string =>
    `select distinct d.image from ${driver.table} d
     where ${found('d', bind)} and ${driver.holds('d', bind)} and ${behind}`;
  const others = conditions.filter((condition) => condition !== driver);
  // A verdict names its image by the whole digest, which the index by keys has not.
  const named =
    byKey && others.some(({ image }) => image === 'digest') ? `cross join lateral (${digestOf('d.image')}) n` : '';
  const about = (column: string, image: SearchCondition['image']): string =>
    image === 'key' ? `${column} = ${keyOf('d.image', byKey)}` : `${column} = ${byKey ? 'n.digest' : 'd.image'}`;
  const met = others.map(
    ({ table, image, found, holds }) =>
      `exists (select from ${table} c where ${about('c.image', image)} and ${found('c', bind)} and ${holds('c', bind)})`,
  );
  const inOrder = `order by d.image limit ${limit}`;
  const page = (rows: string): string => `select d.image from (${rows}) d ${named} where ${all(met)} ${inOrder}`;
  // From each place as many as the page holds, in order: then the page is among them.
  const found = few
    ? page(`${candidates(driver.found)} offset 0`)
    : `select distinct d.image from (${driver.places.map((place) => `(${page(candidates(place))})`).join(' union all ')}) d ${inOrder}`;
  const matches = conditions.map(({ image, matches: text }) =>
    text(image === 'key' ? 'm.image = p.key' : 'm.image = g.digest', 'g.digest', bind),
  );
  return `
    with page as materialized (
      select ${keyOf('d.image', byKey)} as key, ${byKey ? 'null::text' : 'd.image'} as digest from (${found}) d
    )
    select
      case when exists (select from search_progress where finished_at is null) then 0
        else (select coalesce(max(sequence), 0) from history_sequence) end as "completeTo",
      (select count(*) from search_left_out) as "leftOut", f.digest, f.matches
    from (select) one left join lateral (
      select g.digest, (
        select jsonb_agg(jsonb_build_object('attestation', m.attestation, 'verdict', m.verdict, 'name', m.name, 'at', m.at) order by m.at)
        from (${matches.join(' union ')}) m) as matches
      from page p cross join lateral (select coalesce(p.digest, (${digestOf('p.key')})) as digest) g
    ) f on true
    order by f.digest`;
}

function keyOf(image: string, byKey: boolean): string {
  return byKey ? image : `substr(${image}, 8, 32)::uuid`;
}

/** A query for the digest of an image of the index: whatever has facts has a row. */
function digestOf(key: string): string {
  const start = digestStartOf(key);
  // What follows in a digest is hexadecimal, and so before `g`.
  return `select i.subject as digest from images i where i.subject >= ${start} and i.subject < ${start} || 'g'
    order by i.subject limit 1`;
}

interface PageRow {
  readonly completeTo: string | number;
  readonly leftOut: string | number;
  readonly digest: Sha256Digest | null;
  readonly matches: readonly (Omit<Match, 'at'> & { readonly at: string })[] | null;
}

function toPage(rows: readonly PageRow[]): FoundPage {
  const images = rows.flatMap(({ digest, matches }) =>
    digest === null
      ? []
      : [{ digest, matches: (matches ?? []).map((match) => ({ ...match, at: new Date(match.at) })) }],
  );
  const [first] = rows;
  return { images, completeTo: Number(first?.completeTo ?? 0), leftOut: Number(first?.leftOut ?? 0) };
}
