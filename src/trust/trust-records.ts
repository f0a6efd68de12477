import type { GainCause } from './gain-causes.js';
import type { TrustChange } from './trust-change.js';
import type { TrustRecords } from './trust-snapshot.js';

/** Every table of which a row is one trust revision. */
export const TRUST_TABLES = [
  'attestor_states',
  'key_revocations',
  'identity_revocations',
  'trust_root_states',
  'statement_acts',
] as const;

/** `$1` and `$2` are the revisions after which and up to which records are read; one row, each list by revision. */
export const LOAD_RECORDS = `
  select r.value as current, date_trunc('milliseconds', clock_timestamp()) as clock,
    ${records('attestor_states', `'name', t.name, 'attestor', t.attestor`)} as states,
    ${records(
      'key_revocations',
      `'thumbprint', t.thumbprint, 'attestor', t.attestor, 'keyId', t.key_id, 'reason', t.reason,
       'effectiveFrom', ${rfc3339('t.effective_from')}`,
    )} as revocations,
    ${records(
      'identity_revocations',
      `'attestor', t.attestor, 'identityId', t.identity_id, 'pattern', t.pattern, 'reason', t.reason,
       'effectiveFrom', ${rfc3339('t.effective_from')}`,
    )} as "identityRevocations",
    ${records('trust_root_states', `'name', t.name, 'root', t.root`)} as roots,
    ${records(
      'statement_acts',
      `'signedDigest', t.signed_digest, 'signers', t.signers, 'act', t.act, 'reason', t.reason, 'attestation', t.attestation`,
    )} as statements
  from revisions r where r.name = 'trust'`;

function records(table: (typeof TRUST_TABLES)[number], members: string): string {
  return `(select coalesce(jsonb_agg(jsonb_build_object(
      ${members}, 'at', ${rfc3339('t.at')}, 'trustRevision', t.trust_revision) order by t.trust_revision), '[]')
    from ${table} t where t.trust_revision > $1 and t.trust_revision <= $2)`;
}

function rfc3339(column: string): string {
  return `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** What a change puts on record under a revision, `at` being RFC 3339. */
export function recordsOf(change: TrustChange, trustRevision: number, at: string): TrustRecords {
  switch (change.type) {
    case 'attestor':
      return { states: [{ name: change.name, trustRevision, at, attestor: change.attestor }] };
    case 'root':
      return { roots: [{ name: change.name, trustRevision, at, root: change.root }] };
    case 'revocation':
      return { revocations: [{ ...change.revocation, at, trustRevision }] };
    case 'identity-revocation':
      return { identityRevocations: [{ ...change.revocation, at, trustRevision }] };
    case 'statement':
      return { statements: [{ ...change.act, at, trustRevision }] };
  }
}

/** By what causes evidence could come to count that does not. */
export function gainsOf(change: TrustChange): readonly GainCause[] {
  return change.type === 'attestor' || change.type === 'root' ? change.gains : [];
}
