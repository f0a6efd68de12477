import type { MigrationInterface, QueryRunner } from 'typeorm';

export class IdentitiesAndRoots1764000000800 implements MigrationInterface {
  name = 'IdentitiesAndRoots1764000000800';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table trust_root_states (
        name text collate "C" not null,
        trust_revision bigint not null,
        at timestamptz not null default now(),
        actor text not null,
        root jsonb,
        constraint trust_root_states_pkey primary key (name, trust_revision)
      )`);
    await queryRunner.query(`
      create table identity_revocations (
        trust_revision bigint not null,
        attestor text collate "C" not null,
        identity_id text collate "C" not null,
        pattern jsonb not null,
        reason text not null,
        effective_from timestamptz,
        at timestamptz not null default now(),
        actor text not null,
        constraint identity_revocations_pkey primary key (trust_revision)
      )`);
    await queryRunner.query(`
      create table statement_acts (
        trust_revision bigint not null,
        signed_digest text collate "C" not null,
        signers text[],
        act text not null,
        reason text not null,
        attestation text collate "C" not null,
        at timestamptz not null default now(),
        actor text not null,
        constraint statement_acts_pkey primary key (trust_revision)
      )`);
    await queryRunner.query(`
      create table trust_gains (
        trust_revision bigint not null,
        cause text collate "C" not null,
        constraint trust_gains_pkey primary key (trust_revision, cause)
      )`);
    await queryRunner.query(
      `grant select, insert on trust_root_states, identity_revocations, statement_acts, trust_gains to assay_service`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table trust_gains, statement_acts, identity_revocations, trust_root_states`);
  }
}
