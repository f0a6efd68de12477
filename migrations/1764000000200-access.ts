import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Access1764000000200 implements MigrationInterface {
  name = 'Access1764000000200';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table tokens (
        id text collate "C" not null,
        name text not null,
        hash text collate "C" not null,
        roles text[] not null,
        policies text[],
        parameters jsonb,
        expires_at timestamptz,
        created_at timestamptz not null default now(),
        created_by text not null,
        constraint tokens_pkey primary key (id),
        constraint tokens_hash unique (hash)
      )`);
    await queryRunner.query(`
      create table token_revocations (
        token text collate "C" not null,
        at timestamptz not null default now(),
        actor text not null,
        constraint token_revocations_pkey primary key (token)
      )`);
    await queryRunner.query(`grant select, insert on tokens, token_revocations to assay_service`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table token_revocations, tokens`);
  }
}
