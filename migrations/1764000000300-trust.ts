import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Trust1764000000300 implements MigrationInterface {
  name = 'Trust1764000000300';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table attestor_states (
        name text collate "C" not null,
        trust_revision bigint not null,
        at timestamptz not null default now(),
        actor text not null,
        attestor jsonb,
        constraint attestor_states_pkey primary key (name, trust_revision)
      )`);
    await queryRunner.query(`
      create table key_revocations (
        trust_revision bigint not null,
        thumbprint text collate "C" not null,
        attestor text collate "C" not null,
        key_id text collate "C" not null,
        reason text not null,
        effective_from timestamptz,
        at timestamptz not null default now(),
        actor text not null,
        constraint key_revocations_pkey primary key (trust_revision)
      )`);
    await queryRunner.query(`grant select, insert on attestor_states, key_revocations to assay_service`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table key_revocations, attestor_states`);
  }
}
