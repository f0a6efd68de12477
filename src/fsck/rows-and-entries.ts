import type { HistoryType } from '../history/history-entry.js';
import type { TrustRoot } from '../intoto/sigstore/trust-root.js';
import type { RecordedAttestor } from '../trust/attestor.js';
import type { WAIVER_TABLES } from '../policy/waiver.store.js';
import { attestorDigest } from '../trust/canonical-attestor.js';
import { canonicalDigest } from '../trust/canonical-digest.js';
import type { TRUST_TABLES } from '../trust/trust-records.store.js';
import { verificationDigest, type RecordedFinding } from '../verification/verification-digest.js';
import { entryWords, NAMED_ENTRY, PLACE, type NamedEntry } from './entry-words.js';
import { IS_TOLD_AS_IT_IS, WHY_NOT } from './told.js';
import { BY_INDEX, sqlInvariant, walkRows, type Keyed, type Walk } from './walk.js';

const FOUND = `select 'attestation.' || v.outcome, v.trust_revision::text, v.code from verifications v
  where v.attestation = p.attestation`;
const FOUND_BY_ENTRIES = `select e.type, e.data->>'trustRevision', e.data->>'code'
  from (select * from history_entries where attestation = p.attestation ${BY_INDEX}) e
  where e.type in ('attestation.verified', 'attestation.rejected', 'attestation.error')`;

/** An entry that tells of what is not on record; null where it is. */
interface ToldRow extends Keyed {
  readonly entry: NamedEntry | null;
  /** What of it is not on record, where that can be said. */
  readonly because: string | null;
}

/** What verifications of an attestation found, and the digests that its entries tell, where they tell any. */
interface FindingsRow extends Keyed {
  readonly found: readonly RecordedFinding[];
  readonly digests: readonly string[];
}

/** One state of an attestor, and the digests that the entries of it tell. */
interface AttestorStateRow extends Keyed {
  readonly attestor: RecordedAttestor | null;
  readonly digests: readonly (string | null)[];
}

/** One state of a trust root, in the same way. */
interface RootStateRow extends Keyed {
  readonly root: TrustRoot | null;
  readonly digests: readonly (string | null)[];
}

/** What is on record and what the account tells: to each entry its row, and to each row its one entry. */
export const ROWS_AND_ENTRIES: readonly Walk[] = [
  walkRows<ToldRow, ToldRow>({
    table: 'history_entries',
    start: ['0'],
    pageSize: 1_000,
    text: `
      select array[e.id::text] as key,
        case when not t.holds then jsonb_build_object('sequence', ${PLACE}, ${NAMED_ENTRY}) end as entry,
        case when not t.holds then ${WHY_NOT} end as because
      from (select * from history_entries where id > $1::bigint order by id limit $2) e
      cross join lateral (select ${IS_TOLD_AS_IT_IS} as holds ${BY_INDEX}) t order by e.id`,
    read: (row) => row,
    faultOf: {
      'every history entry tells of what is on record': ({ entry, because }) =>
        entry === null
          ? null
          : `${entryWords(entry)}, tells of what is not on record${because === null ? ' as it tells it' : `: ${because}`}`,
    },
  }),
  sqlInvariant(
    'every attestation has one history entry of its receipt',
    [''],
    `select array[a.id] as key, case when h.entries <> 1 then a.id || ' has ' || h.entries || ' entries of its receipt' end as fault
     from (select id from attestations where id > $1 order by id limit $2) a
     cross join lateral (
       select count(*) as entries from (select type from history_entries where attestation = a.id ${BY_INDEX}) e
       where e.type = 'attestation.received'
     ) h
     order by a.id`,
    'attestations',
  ),
  sqlInvariant(
    'every verification has its history entry',
    [''],
    `select array[p.attestation] as key,
       case when exists (${FOUND} except all ${FOUND_BY_ENTRIES}) then 'a verification of ' || p.attestation || ' has no entry'
            when exists (${FOUND_BY_ENTRIES} except all ${FOUND}) then 'a verification of ' || p.attestation || ' has two entries'
       end as fault
     from (select distinct attestation from verifications where attestation > $1 order by attestation limit $2) p
     order by p.attestation`,
    'attestations',
  ),
  walkRows<FindingsRow, FindingsRow>({
    table: 'verifications',
    start: [''],
    pageSize: 500,
    text: `
      select array[p.attestation] as key,
        (select jsonb_agg(jsonb_build_object(
            'trustRevision', v.trust_revision, 'readerRevision', v.reader_revision, 'outcome', v.outcome, 'code', v.code,
            'detail', v.detail, 'signedDigest', v.signed_digest, 'signers', v.signers, 'proved', v.proved))
         from verifications v where v.attestation = p.attestation) as found,
        (select coalesce(jsonb_agg(e.data->>'digest'), '[]')
         from (select * from history_entries where attestation = p.attestation ${BY_INDEX}) e
         where e.type in ('attestation.verified', 'attestation.rejected', 'attestation.error')
           and e.data->>'digest' is not null) as digests
      from (select distinct attestation from verifications where attestation > $1 order by attestation limit $2) p
      order by p.attestation`,
    read: (row) => row,
    faultOf: {
      'every verification is one that a history entry tells of': ({ key: [attestation = ''], found, digests }) => {
        const recorded: readonly string[] = found.map(verificationDigest);
        const alien = digests.some((digest) => !recorded.includes(digest));
        return alien ? `a verification of ${attestation} is not the one that its entry tells of` : null;
      },
    },
  }),
  walkRows<AttestorStateRow, AttestorStateRow>({
    table: 'attestor_states',
    start: ['', '0'],
    pageSize: 200,
    text: `
      select array[s.name, s.trust_revision::text] as key, s.attestor,
        (select coalesce(jsonb_agg(e.data->>'digest'), '[]') from (
           select * from history_entries where type in ('attestor.created', 'attestor.changed', 'attestor.deleted')
             and (data->>'trustRevision')::bigint = s.trust_revision ${BY_INDEX}
         ) e
         where e.data->>'attestor' = s.name) as digests
      from (
        select name, trust_revision, attestor from attestor_states where (name, trust_revision) > ($1, $2::bigint)
        order by name, trust_revision limit $3
      ) s
      order by s.name, s.trust_revision`,
    read: (row) => row,
    faultOf: {
      'every attestor state has one history entry, with its digest': ({
        key: [name = '', revision = ''],
        ...state
      }) => {
        const { attestor, digests } = state;
        const at = `the state of attestor ${name} at trust revision ${revision}`;
        if (digests.length !== 1) return `${at} has ${digests.length} entries`;
        const digest = attestor === null ? null : attestorDigest(attestor);
        return digests[0] === digest ? null : `${at} is not the one that its entry tells of`;
      },
    },
  }),
  walkRows<RootStateRow, RootStateRow>({
    table: 'trust_root_states',
    start: ['', '0'],
    pageSize: 50,
    text: `
      select array[s.name, s.trust_revision::text] as key, s.root,
        (select coalesce(jsonb_agg(e.data->>'digest'), '[]') from (
           select * from history_entries where type in ('trust_root.created', 'trust_root.changed', 'trust_root.deleted')
             and (data->>'trustRevision')::bigint = s.trust_revision ${BY_INDEX}
         ) e
         where e.data->>'trustRoot' = s.name) as digests
      from (
        select name, trust_revision, root from trust_root_states where (name, trust_revision) > ($1, $2::bigint)
        order by name, trust_revision limit $3
      ) s
      order by s.name, s.trust_revision`,
    read: (row) => row,
    faultOf: {
      'every trust root state has one history entry, with its digest': ({
        key: [name = '', revision = ''],
        root,
        digests,
      }) => {
        const at = `the state of trust root ${name} at trust revision ${revision}`;
        if (digests.length !== 1) return `${at} has ${digests.length} entries`;
        const digest = root === null ? null : canonicalDigest(root.json);
        return digests[0] === digest ? null : `${at} is not the one that its entry tells of`;
      },
    },
  }),
  byTrustRevision(
    'every key revocation has one history entry',
    'key_revocations',
    ['key.revoked'],
    'the revocation at trust revision',
  ),
  byTrustRevision(
    'every identity revocation has one history entry',
    'identity_revocations',
    ['identity.revoked'],
    'the revocation at trust revision',
  ),
  byTrustRevision(
    'every act on a statement has one history entry',
    'statement_acts',
    ['attestation.revoked', 'attestation.retracted'],
    'the act on a statement at trust revision',
  ),
  oneEntry('every policy revision has one history entry', {
    rows: `select name || ' ' || revision as name from policy_revisions`,
    types: ['policy.changed'],
    name: `e.data->>'policy' || ' ' || (e.data->>'revision')`,
    what: 'policy revision',
    table: 'policy_revisions',
  }),
  byWaiverRevision(
    'every waiver has one history entry',
    'waivers',
    'waiver.created',
    'the waiver made at waiver revision',
  ),
  byWaiverRevision(
    'every approval of a waiver has one history entry',
    'waiver_approvals',
    'waiver.approved',
    'the approval at waiver revision',
  ),
  byWaiverRevision(
    'every revocation of a waiver has one history entry',
    'waiver_revocations',
    'waiver.revoked',
    'the revocation at waiver revision',
  ),
  sqlInvariant(
    'every index hashes to its digest and has one history entry',
    [''],
    `select array[x.digest] as key,
       case when x.digest <> 'sha256:' || encode(sha256(x.bytes), 'hex') then 'index ' || x.digest || ' has other bytes'
            when h.entries <> 1 then 'index ' || x.digest || ' has ' || h.entries || ' entries' end as fault
     from (select digest, bytes from image_indexes where digest > $1 order by digest limit $2) x
     cross join lateral (
       select count(*) as entries from history_entries e where e.image = x.digest and e.type = 'image.related'
     ) h
     order by x.digest`,
    'image_indexes',
  ),
  oneEntry('every token has one history entry', {
    rows: 'select id as name from tokens',
    types: ['token.created'],
    name: `e.data->>'token'`,
    what: 'token',
    table: 'tokens',
  }),
  oneEntry('every token revocation has one history entry', {
    rows: 'select token as name from token_revocations',
    types: ['token.revoked'],
    name: `e.data->>'token'`,
    what: 'the revocation of token',
    table: 'token_revocations',
  }),
];

/** Of a table whose rows are one trust revision each. */
function byTrustRevision(
  name: string,
  table: (typeof TRUST_TABLES)[number],
  types: readonly HistoryType[],
  what: string,
): Walk {
  const rows = `select trust_revision::text as name from ${table}`;
  return oneEntry(name, { rows, types, name: `e.data->>'trustRevision'`, what, table });
}

/** Of a table whose rows are one waiver revision each. */
function byWaiverRevision(name: string, table: (typeof WAIVER_TABLES)[number], type: HistoryType, what: string): Walk {
  const rows = `select revision::text as name from ${table}`;
  return oneEntry(name, { rows, types: [type], name: `e.data->>'waiverRevision'`, what, table });
}

/**
 * That each row has one entry that names it. Rows and entries are sorted together once, whatever there is of indexes; a page is of
 * the rows that have another number of entries, so where all have one, one statement is all. Numbers come in their order.
 */
function oneEntry(
  invariant: string,
  options: {
    /** All rows of the table, each with a `name` of its own. */
    readonly rows: string;
    readonly types: readonly HistoryType[];
    /** Of the row that an entry `e` tells of. */
    readonly name: string;
    readonly what: string;
    readonly table: string;
  },
): Walk {
  const { rows, types, name, what, table } = options;
  return sqlInvariant(
    invariant,
    ['0', ''],
    `select array[length(t.name)::text, t.name] as key, '${what} ' || t.name || ' has ' || sum(t.entries) || ' entries' as fault
     from (
       select r.name collate "C" as name, 0 as entries, true as is_row from (${rows}) r
       union all
       select ${name}, 1, false from history_entries e where e.type in (${types.map((type) => `'${type}'`).join(', ')})
     ) t
     where (length(t.name), t.name) > ($1::int, $2)
     group by t.name having bool_or(t.is_row) and sum(t.entries) <> 1
     order by length(t.name), t.name limit $3`,
    table,
  );
}
