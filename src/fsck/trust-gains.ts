import { publicGoodRoot } from '../intoto/sigstore/public-good-root.js';
import { attestorGains } from '../trust/attestor-gains.js';
import { LOAD_RECORDS, TRUST_TABLES } from '../trust/trust-records.store.js';
import { rootGains } from '../trust/trust-root-gains.js';
import {
  emptyTrust,
  extendTrust,
  findAttestor,
  type TrustRecords,
  type TrustSnapshot,
} from '../trust/trust-snapshot.js';
import { DROPPED } from '../verification/latest-verification.js';
import { walkPages, type Keyed, type Reading, type Walk } from './walk.js';

/** One change of trust, and what it is recorded to let gain. */
interface ChangeRow extends Keyed {
  readonly revision: number;
  readonly table: (typeof TRUST_TABLES)[number];
  /** Of the attestor or the trust root; null for whatever takes away alone. */
  readonly name: string | null;
  readonly recorded: readonly string[];
  /** The first change of which anything is recorded; null where there is none. */
  readonly since: number | null;
}

/** `unknown`: what it should be cannot be told, or nothing was recorded at the time, and nothing waits for it. */
interface Change {
  readonly row: ChangeRow;
  readonly state: 'same' | 'other' | 'unknown';
  readonly expected: readonly string[];
}

const CHANGES = TRUST_TABLES.map((table) => {
  const name = table === 'attestor_states' || table === 'trust_root_states' ? 'name' : 'null';
  return `select trust_revision as revision, '${table}' as "table", ${name} as name from ${table}`;
});

/** What changes of trust are recorded to let gain, against the states on record before and after them. For one walk. */
export function trustGainsWalk(): Walk {
  let trust = emptyTrust(publicGoodRoot());
  return walkPages<ChangeRow, Change>({
    table: 'trust_gains',
    start: ['0'],
    pageSize: 500,
    text: `
      select array[c.revision::text] as key, c.*,
        array(select g.cause from trust_gains g where g.trust_revision = c.revision order by g.cause) as recorded,
        (select min(trust_revision) from trust_gains) as since
      from (${CHANGES.join(' union all ')}) c
      where c.revision > $1::bigint order by c.revision limit $2`,
    async readPage(rows, reading) {
      const last = rows.at(-1)?.revision ?? trust.revision;
      const [records = {}] = await reading.query<TrustRecords>(LOAD_RECORDS, [trust.revision, last]);
      const changes: Change[] = [];
      for (const row of rows) {
        const before = trust;
        trust = extendTrust(before, row.revision, recordsAt(records, row.revision));
        changes.push(await judge(row, before, trust, reading));
      }
      return changes;
    },
    faultOf: {
      'what a change of trust lets gain follows from it': ({ row, state, expected }) =>
        state === 'other'
          ? `the change at trust revision ${row.revision} is recorded to let gain ${listed(row.recorded)}, and lets gain ${listed(expected)}`
          : null,
    },
    unheldOf: {
      'what changes of trust let gain, of which an earlier release or its built-in trust root decided': ({
        row,
        state,
      }) => (state === 'unknown' ? `at trust revision ${row.revision}` : null),
    },
  });
}

async function judge(row: ChangeRow, before: TrustSnapshot, after: TrustSnapshot, reading: Reading): Promise<Change> {
  const { revision, recorded, since } = row;
  const expected = expectedOf(row, before, after);
  if (expected.join('\n') === [...recorded].sort().join('\n')) return { row, state: 'same', expected };
  if (isOfBuiltIn(row, before) || isOfBuiltIn(row, after)) return { row, state: 'unknown', expected };
  // Before the first of them nothing may have been recorded at all; that must not be what keeps evidence from being examined.
  const mayBeOlder = recorded.length === 0 && (since === null || revision < since);
  const state = mayBeOlder && !(await isWaitedFor(expected, revision, reading)) ? 'unknown' : 'other';
  return { row, state, expected };
}

function expectedOf({ table, name }: ChangeRow, before: TrustSnapshot, after: TrustSnapshot): readonly string[] {
  if (name === null) return [];
  if (table === 'attestor_states') return attestorGains(before, findAttestor(before, name), findAttestor(after, name));
  const rootOf = (trust: TrustSnapshot) => trust.roots.get(name)?.at(-1)?.held?.root ?? null;
  return rootGains(rootOf(before), rootOf(after));
}

/** Each release has a root of its own built in. */
function isOfBuiltIn({ table, name }: ChangeRow, trust: TrustSnapshot): boolean {
  return table === 'trust_root_states' && trust.roots.get(name ?? '')?.at(-1)?.builtIn === true;
}

/** Whether there is evidence that was last examined before a change, and waits for one of these. */
async function isWaitedFor(causes: readonly string[], revision: number, reading: Reading): Promise<boolean> {
  const [found] = await reading.query<{ waits: boolean }>(
    `select exists (
       select from verifications v left join reexaminations r on r.attestation = v.attestation
       where v.gains && $1::text[] and v.gains <> '{}' and greatest(v.trust_revision, r.trust_revision) < $2::bigint and not ${DROPPED}
         and not exists (select from verifications n where n.attestation = v.attestation and n.id > v.id)
     ) as waits`,
    [causes, revision],
  );
  return found?.waits !== false;
}

function recordsAt(records: TrustRecords, revision: number): TrustRecords {
  const at = <Record extends { readonly trustRevision: number }>(all: readonly Record[] = []): readonly Record[] =>
    all.filter(({ trustRevision }) => trustRevision === revision);
  return {
    states: at(records.states),
    revocations: at(records.revocations),
    identityRevocations: at(records.identityRevocations),
    roots: at(records.roots),
    statements: at(records.statements),
  };
}

function listed(causes: readonly string[]): string {
  return causes.length === 0 ? 'nothing' : causes.join(', ');
}
