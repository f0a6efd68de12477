import type { HistoryType } from '../history/history-entry.js';
import type { TrustRoot } from '../intoto/sigstore/trust-root.js';
import type { RecordedAttestor } from '../trust/attestor.js';
import type { WAIVER_TABLES } from '../policy/waiver.store.js';
import { attestorDigest } from '../trust/canonical-attestor.js';
import { canonicalDigest } from '../trust/canonical-digest.js';
import type { TRUST_TABLES } from '../trust/trust-records.store.js';
import { verificationDigest, type RecordedFinding } from '../verification/verification-digest.js';
import { IS_TOLD_AS_IT_IS } from './told.js';
import { BY_INDEX, sqlInvariant, walkRows, type Keyed, type Walk } from './walk.js';

const FOUND = `select 'attestation.' || v.outcome, v.trust_revision::text, v.code from verifications v
  where v.attestation = p.attestation`;
const FOUND_BY_ENTRIES = `select e.type, e.data->>'trustRevision', e.data->>'code'
  from (select * from history_entries where attestation = p.attestation ${BY_INDEX}) e
  where e.type in ('attestation.verified', 'attestation.rejected', 'attestation.error')`;

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
  sqlInvariant(
    'every history entry tells of what is on record',
    ['0'],
    `select array[e.id::text] as key,
       case when not ${IS_TOLD_AS_IT_IS} then 'entry ' || e.id || coalesce(' of sequence ' || q.sequence, '') || ', ' || e.type
         || coalesce(' of ' || e.attestation, '') || ', tells of what is not on record' end as fault
     from (select * from history_entries where id > $1::bigint order by id limit $2) e
     left join history_sequence q on q.entry = e.id order by e.id`,
    'history_entries',
  ),
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
        (select coalesce(jsonb_agg(e.data->>'digest'), '[]') from history_entries e
         where e.type in ('attestor.created', 'attestor.changed', 'attestor.deleted')
           and e.data->>'attestor' = s.name and e.data->>'trustRevision' = s.trust_revision::text) as digests
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
        (select coalesce(jsonb_agg(e.data->>'digest'), '[]') from history_entries e
         where e.type in ('trust_root.created', 'trust_root.changed', 'trust_root.deleted')
           and e.data->>'trustRoot' = s.name and e.data->>'trustRevision' = s.trust_revision::text) as digests
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
  sqlInvariant(
    'every key revocation has one history entry',
    ['0'],
    oneEntryByRevision('key_revocations', ['key.revoked'], 'the revocation at trust revision'),
    'key_revocations',
  ),
  sqlInvariant(
    'every identity revocation has one history entry',
    ['0'],
    oneEntryByRevision('identity_revocations', ['identity.revoked'], 'the revocation at trust revision'),
    'identity_revocations',
  ),
  sqlInvariant(
    'every act on a statement has one history entry',
    ['0'],
    oneEntryByRevision(
      'statement_acts',
      ['attestation.revoked', 'attestation.retracted'],
      'the act on a statement at trust revision',
    ),
    'statement_acts',
  ),
  sqlInvariant(
    'every policy revision has one history entry',
    ['', '0'],
    oneEntry({
      rows: `select name || ' ' || revision as name, array[name, revision::text] as key from policy_revisions p
        where (p.name, p.revision) > ($1, $2::int) order by p.name, p.revision limit $3`,
      order: 'r.key[1], (r.key[2])::int',
      types: ['policy.changed'],
      name: `e.data->>'policy' || ' ' || (e.data->>'revision')`,
      what: 'policy revision',
    }),
    'policy_revisions',
  ),
  sqlInvariant(
    'every waiver has one history entry',
    ['0'],
    oneEntryByWaiverRevision('waivers', 'waiver.created', 'the waiver made at waiver revision'),
    'waivers',
  ),
  sqlInvariant(
    'every approval of a waiver has one history entry',
    ['0'],
    oneEntryByWaiverRevision('waiver_approvals', 'waiver.approved', 'the approval at waiver revision'),
    'waiver_approvals',
  ),
  sqlInvariant(
    'every revocation of a waiver has one history entry',
    ['0'],
    oneEntryByWaiverRevision('waiver_revocations', 'waiver.revoked', 'the revocation at waiver revision'),
    'waiver_revocations',
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
  sqlInvariant(
    'every token has one history entry',
    [''],
    oneEntry({
      rows: `select id as name, array[id] as key from tokens where id > $1 order by id limit $2`,
      order: 'r.key',
      types: ['token.created'],
      name: `e.data->>'token'`,
      what: 'token',
    }),
    'tokens',
  ),
  sqlInvariant(
    'every token revocation has one history entry',
    [''],
    oneEntry({
      rows: `select token as name, array[token] as key from token_revocations where token > $1 order by token limit $2`,
      order: 'r.key',
      types: ['token.revoked'],
      name: `e.data->>'token'`,
      what: 'the revocation of token',
    }),
    'token_revocations',
  ),
];

/** Of a table whose rows are one trust revision each. */
function oneEntryByRevision(table: (typeof TRUST_TABLES)[number], types: readonly HistoryType[], what: string): string {
  return oneEntry({
    rows: `select trust_revision::text as name, array[trust_revision::text] as key from ${table}
      where trust_revision > $1::bigint order by trust_revision limit $2`,
    order: '(r.key[1])::bigint',
    types,
    name: `e.data->>'trustRevision'`,
    what,
  });
}

/** Of a table whose rows are one waiver revision each. */
function oneEntryByWaiverRevision(table: (typeof WAIVER_TABLES)[number], type: HistoryType, what: string): string {
  return oneEntry({
    rows: `select revision::text as name, array[revision::text] as key from ${table}
      where revision > $1::bigint order by revision limit $2`,
    order: '(r.key[1])::bigint',
    types: [type],
    name: `e.data->>'waiverRevision'`,
    what,
  });
}

/** For rows of which there are few enough that all entries of their type are read once a page. */
function oneEntry(options: {
  /** A page, with the columns `key` and `name`, unique among the rows of the table. */
  readonly rows: string;
  readonly order: string;
  readonly types: readonly HistoryType[];
  /** Of the row that an entry `e` tells of. */
  readonly name: string;
  readonly what: string;
}): string {
  const { rows, order, types, name, what } = options;
  return `
    with told as materialized (
      select ${name} as name, count(*) as entries from history_entries e
      where e.type in (${types.map((type) => `'${type}'`).join(', ')}) group by 1
    )
    select r.key,
      case when t.entries is distinct from 1 then '${what} ' || r.name || ' has ' || coalesce(t.entries, 0) || ' entries' end as fault
    from (${rows}) r left join told t on t.name = r.name order by ${order}`;
}
