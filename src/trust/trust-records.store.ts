import type { EntityManager } from 'typeorm';
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

/** Writes what a change puts on record, and its causes. */
export async function insertRecords(
  tx: EntityManager,
  actor: string,
  records: TrustRecords,
  gains: readonly GainCause[],
  trustRevision: number,
): Promise<void> {
  for (const { name, at, attestor } of records.states ?? []) {
    await tx.query(
      'insert into attestor_states (name, trust_revision, at, actor, attestor) values ($1, $2, $3, $4, $5)',
      [name, trustRevision, at, actor, json(attestor)],
    );
  }
  for (const { name, at, root } of records.roots ?? []) {
    await tx.query(
      'insert into trust_root_states (name, trust_revision, at, actor, root) values ($1, $2, $3, $4, $5)',
      [name, trustRevision, at, actor, json(root)],
    );
  }
  for (const { thumbprint, attestor, keyId, reason, effectiveFrom, at } of records.revocations ?? []) {
    await tx.query(
      `insert into key_revocations (trust_revision, thumbprint, attestor, key_id, reason, effective_from, at, actor)
       values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [trustRevision, thumbprint, attestor, keyId, reason, effectiveFrom, at, actor],
    );
  }
  for (const { attestor, identityId, pattern, reason, effectiveFrom, at } of records.identityRevocations ?? []) {
    await tx.query(
      `insert into identity_revocations (trust_revision, attestor, identity_id, pattern, reason, effective_from, at, actor)
       values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [trustRevision, attestor, identityId, json(pattern), reason, effectiveFrom, at, actor],
    );
  }
  for (const { signedDigest, signers, act, reason, attestation, at } of records.statements ?? []) {
    await tx.query(
      `insert into statement_acts (trust_revision, signed_digest, signers, act, reason, attestation, at, actor)
       values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [trustRevision, signedDigest, signers, act, reason, attestation, at, actor],
    );
  }
  if (gains.length > 0) {
    await tx.query('insert into trust_gains (trust_revision, cause) select $1, unnest($2::text[])', [
      trustRevision,
      gains,
    ]);
  }
}

function json(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}
