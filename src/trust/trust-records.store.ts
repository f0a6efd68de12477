import type { EntityManager } from 'typeorm';
import type { GainCause } from './gain-causes.js';
import type { TrustRecords } from './trust-snapshot.js';

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
