import type { HistoryType } from '../history/history-entry.js';
import { TRUST_TABLES } from '../trust/trust-records.store.js';
import { entryNumber } from './entry-number.js';
import { sqlInvariant, type Walk } from './walk.js';

/** Longer than a change may wait, between its first moment and that of its decision. */
const DECIDED_WITHIN = '90 seconds';

/** When the row was made that an entry `e` tells of. */
interface RowTime {
  /** What the row is called, as an expression. */
  readonly what: string;
  /** A time, as an expression; null where there is no such row, which is another invariant's. */
  readonly at: string;
  /**
   * `transaction`: it is the time of the transaction, and so of the entry. `told`: the entry says it, or else as `decided`.
   * `decided`: the moment of a decision within the transaction, never before that of an earlier one.
   */
  readonly is: 'transaction' | 'told' | 'decided';
}

const verified: RowTime = {
  what: `'the verification of ' || e.attestation || ' at trust revision ' || (e.data->>'trustRevision')`,
  // Where it was tried more than once at a revision, the one that is of the entry, if any is.
  at: `(select v.at from verifications v where v.attestation = e.attestation and 'attestation.' || v.outcome = e.type
    and v.trust_revision::text = e.data->>'trustRevision' order by v.at <> e.at, v.id limit 1)`,
  is: 'transaction',
};
const attestorState = byRevision('attestor_states', `'the state of attestor ' || (e.data->>'attestor')`, 'attestor');
const rootState = byRevision('trust_root_states', `'the state of trust root ' || (e.data->>'trustRoot')`, 'trustRoot');
const act = byRevision('statement_acts', `'the act on what ' || e.attestation || ' says'`);

const TIMES_OF: Readonly<Record<HistoryType, RowTime>> = {
  'attestation.received': {
    what: `'the receipt of ' || e.attestation`,
    at: `(select a.received_at from attestations a where a.id = e.attestation)`,
    is: 'transaction',
  },
  'attestation.verified': verified,
  'attestation.rejected': verified,
  'attestation.error': verified,
  'envelope.dropped': {
    what: `'the drop of the envelope of ' || e.attestation`,
    at: `(select d.at from dropped_envelopes d where d.attestation = e.attestation)`,
    is: 'transaction',
  },
  'hold.placed': {
    what: `'legal hold ' || (e.data->>'hold')`,
    at: `(select h.at from legal_holds h where h.id::text = e.data->>'hold')`,
    is: 'transaction',
  },
  'hold.released': {
    what: `'the release of legal hold ' || (e.data->>'hold')`,
    at: `(select r.at from legal_hold_releases r where r.hold::text = e.data->>'hold')`,
    is: 'transaction',
  },
  'attestor.created': attestorState,
  'attestor.changed': attestorState,
  'attestor.deleted': attestorState,
  'key.revoked': byRevision('key_revocations', `'the revocation of key ' || (e.data->>'keyId')`),
  'identity.revoked': byRevision('identity_revocations', `'the revocation of identity ' || (e.data->>'identityId')`),
  'trust_root.created': rootState,
  'trust_root.changed': rootState,
  'trust_root.deleted': rootState,
  'attestation.revoked': act,
  'attestation.retracted': act,
  'image.related': {
    what: `'index ' || e.image`,
    at: `(select x.received_at from image_indexes x where x.digest = e.image)`,
    is: 'told',
  },
  'policy.changed': {
    what: `'policy ' || (e.data->>'policy') || ' revision ' || (e.data->>'revision')`,
    at: `(select p.at from policy_revisions p where p.name = e.data->>'policy' and p.revision::text = e.data->>'revision')`,
    is: 'transaction',
  },
  'verdict.recorded': verdict(),
  'verdict.break_glass': verdict(),
  'waiver.created': byWaiverRevision('waivers', 'id', 'waiver'),
  'waiver.approved': byWaiverRevision('waiver_approvals', 'waiver', 'an approval of waiver'),
  'waiver.revoked': byWaiverRevision('waiver_revocations', 'waiver', 'the revocation of waiver'),
  'token.created': {
    what: `'token ' || (e.data->>'token')`,
    at: `(select t.created_at from tokens t where t.id = e.data->>'token')`,
    is: 'transaction',
  },
  'token.revoked': {
    what: `'the revocation of token ' || (e.data->>'token')`,
    at: `(select r.at from token_revocations r where r.token = e.data->>'token')`,
    is: 'transaction',
  },
};

/** The moments by which verdicts were and will be given, against the moments of the account. */
export const TIMES: readonly Walk[] = [
  sqlInvariant(
    'what is on record was made when its history entry says',
    ['0'],
    `select array[e.id::text] as key,
       case when (t.is = 'transaction' and t.at <> e.at)
         or (t.is = 'told' and e.data ? 'at' and ${text('t.at')} is distinct from e.data->>'at')
         or (t.is <> 'transaction' and not (t.is = 'told' and e.data ? 'at')
           and not (t.at between date_trunc('milliseconds', e.at) and e.at + interval '${DECIDED_WITHIN}')
           and t.at is distinct from ${lastOfTrustBefore()})
       then t.what || ' is dated ' || ${text('t.at')} || ', and its entry '
         || coalesce('of sequence ' || (select q.sequence from history_sequence q where q.entry = e.id), e.id || ', not placed yet,') || ' '
         || coalesce(case when t.is = 'told' then e.data->>'at' end, ${text('e.at')}) end as fault
     from (select * from history_entries where id > $1::bigint order by id limit $2) e
     cross join lateral (
       select case e.type ${Object.entries(TIMES_OF)
         .map(([type, { at }]) => `when '${type}' then ${at}`)
         .join('\n')} end as at,
         case e.type ${Object.entries(TIMES_OF)
           .map(([type, { what }]) => `when '${type}' then ${what}`)
           .join('\n')} end as what,
         case e.type ${Object.entries(TIMES_OF)
           .map(([type, { is }]) => `when '${type}' then '${is}'`)
           .join('\n')} end as is
     ) t
     order by e.id`,
    'history_entries',
  ),
  sqlInvariant(
    'every fact was recorded by a verification, at its very time',
    ['0'],
    recordedWith(`select id, attestation, recorded_at, array[id::text] as key, 'fact ' || id as what from facts
      where id > $1::bigint order by id limit $2`),
    'facts',
  ),
  sqlInvariant(
    'every signer of a fact was recorded by a verification, at its very time',
    ['0', '', ''],
    recordedWith(`select fact as id, attestation, recorded_at, array[fact::text, signer, attestation] as key,
      'signer ' || signer || ' of fact ' || fact as what from fact_signers
      where (fact, signer, attestation) > ($1::bigint, $2, $3) order by fact, signer, attestation limit $4`),
    'fact_signers',
  ),
];

function recordedWith(rows: string): string {
  return `select r.key,
      case when not exists (select from verifications v where v.attestation = r.attestation and v.at = r.recorded_at)
        then r.what || ' of ' || r.attestation || ' is dated ' || ${text('r.recorded_at')}
          || ', when nothing was verified' end as fault
    from (${rows}) r order by r.id, r.key`;
}

/** @param named the member of an entry that names the row, where it has a name before its revision. */
function byRevision(table: (typeof TRUST_TABLES)[number], what: string, named: string | null = null): RowTime {
  const name = named === null ? '' : `s.name = e.data->>'${named}' and `;
  return {
    what: `${what} || ' at trust revision ' || (e.data->>'trustRevision')`,
    at: `(select min(s.at) from ${table} s where ${name}s.trust_revision = ${entryNumber('trustRevision')})`,
    is: 'decided',
  };
}

function byWaiverRevision(table: string, waiver: string, what: string): RowTime {
  return {
    what: `'${what} ' || (e.data->>'waiver')`,
    at: `(select min(w.at) from ${table} w where w.revision = ${entryNumber('waiverRevision')} and w.${waiver}::text = e.data->>'waiver')`,
    is: 'told',
  };
}

/** A verdict's own time stands in the verdict, which its digest binds; the entry is of its recording, which comes after. */
function verdict(): RowTime {
  return { what: `'verdict ' || (e.data->>'verdict')`, at: 'null::timestamptz', is: 'transaction' };
}

/** No change of trust is dated before the one before it, wherever the clock stands. */
function lastOfTrustBefore(): string {
  const before = TRUST_TABLES.map(
    (table) => `select at from ${table} where trust_revision < ${entryNumber('trustRevision')}`,
  );
  return `(select max(b.at) from (${before.join(' union all ')}) b)`;
}

function text(time: string): string {
  return `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}
