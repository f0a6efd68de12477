import { WAIVER_TABLES } from '../policy/waiver.store.js';
import { TRUST_TABLES } from '../trust/trust-records.store.js';
import { sqlInvariant, type Walk } from './walk.js';

/** By counter: what it counts at least, since every change raises it by one in its own transaction. */
const CHANGES = {
  access: '(select count(*) from tokens) + (select count(*) from token_revocations)',
  policy: '(select count(*) from policy_revisions)',
  trust: '(select coalesce(max(trust_revision), 0) from trust_changes)',
  trust_gain: '(select coalesce(max(trust_revision), 0) from trust_gains)',
  waiver: `(select coalesce(max(revision), 0) from (${WAIVER_TABLES.map((table) => `select revision from ${table}`).join(' union all ')}) w)`,
} as const;

const LEAST = Object.entries(CHANGES).map(([name, changes]) => `('${name}', ${changes})`);

/** The counters by which an answer is known to be no longer the latest. */
export const REVISIONS: readonly Walk[] = [
  sqlInvariant(
    'the counters of changes are no lower than the changes on record',
    [''],
    `with trust_changes as (
       ${TRUST_TABLES.map((table) => `select trust_revision from ${table}`).join(' union all ')}
     )
     select array[c.name] as key,
       case when r.value is null or r.value < c.least
         then 'the counter ' || c.name || ' is ' || coalesce(r.value::text, 'missing') || ', changes on record ' || c.least
         when c.name = 'trust_gain' and r.value > (select value from revisions where name = 'trust')
         then 'the counter trust_gain is ahead of trust'
       end as fault
     from (values ${LEAST.join(', ')}) as c (name, least) left join revisions r on r.name = c.name
     where c.name > $1 order by c.name limit $2`,
    'revisions',
  ),
  denseFromOne({ what: 'trust', tables: TRUST_TABLES, column: 'trust_revision', step: 'change' }),
  denseFromOne({ what: 'waiver', tables: WAIVER_TABLES, column: 'revision', step: 'act' }),
  sqlInvariant(
    'what a change of trust gains is of a change on record',
    ['0', ''],
    `with trust_changes as (
       ${TRUST_TABLES.map((table) => `select trust_revision from ${table}`).join(' union all ')}
     )
     select array[g.trust_revision::text, g.cause] as key,
       'cause ' || g.cause || ' is of trust revision ' || g.trust_revision || ', which is not on record' as fault
     from trust_gains g left join trust_changes c on c.trust_revision = g.trust_revision
     where c.trust_revision is null and (g.trust_revision, g.cause) > ($1::bigint, $2)
     order by g.trust_revision, g.cause limit $3`,
    'trust_gains',
  ),
];

interface Numbered {
  readonly what: string;
  readonly tables: readonly string[];
  readonly column: string;
  /** What each revision is one of. */
  readonly step: string;
}

/** That the rows of these tables, taken together, are numbered one by one without a gap. */
function denseFromOne({ what, tables, column, step }: Numbered): ReturnType<typeof sqlInvariant> {
  return sqlInvariant(
    `${what} revisions are dense from 1, each of one ${step}`,
    ['0'],
    // All of them are sorted at once, and a page is of those that are wrong: the tables have no index of their own for this order.
    `select array[c.revision::text] as key,
       case when c.steps > 1 then '${what} revision ' || c.revision || ' is of ' || c.steps || ' ${step}s'
            else '${what} revision ' || c.revision || ' follows ' || c.before end as fault
     from (
       select revision, count(*) as steps, lag(revision, 1, 0::bigint) over (order by revision) as before
       from (${tables.map((table) => `select ${column} as revision from ${table}`).join(' union all ')}) t
       group by revision
     ) c
     where c.revision > $1::bigint and (c.steps > 1 or c.revision <> c.before + 1) order by c.revision limit $2`,
  );
}
