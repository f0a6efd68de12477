import type { MigrationInterface, QueryRunner } from 'typeorm';
import { fastCompression } from './fast-compression.js';

export class PoliciesAndVerdicts1764000000700 implements MigrationInterface {
  name = 'PoliciesAndVerdicts1764000000700';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table policy_revisions (
        name text collate "C" not null,
        revision integer not null,
        digest text collate "C" not null,
        format text not null,
        source text not null,
        at timestamptz not null default now(),
        actor text not null,
        constraint policy_revisions_pkey primary key (name, revision)
      )`);
    await queryRunner.query(`
      create table verdicts (
        id uuid not null,
        at timestamptz not null,
        image text collate "C" not null,
        repository text,
        policy text collate "C" not null,
        policy_revision integer not null,
        decision text not null,
        requested_by text not null,
        context jsonb,
        verdict json not null,
        constraint verdicts_pkey primary key (id)
      )`);
    await queryRunner.query(`create index verdicts_at on verdicts (at, id)`);
    await queryRunner.query(`create index verdicts_image on verdicts (image, at, id)`);
    await queryRunner.query(`create index verdicts_policy on verdicts (policy, at, id)`);
    await queryRunner.query(`
      create table verdict_latest (
        question text collate "C" not null,
        content text collate "C" not null,
        verdict uuid not null,
        constraint verdict_latest_pkey primary key (question)
      )`);
    await fastCompression(queryRunner, 'verdicts', 'verdict');
    await queryRunner.query(`grant select, insert on policy_revisions, verdicts to assay_service`);
    await queryRunner.query(`grant select, insert, update on verdict_latest to assay_service`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table verdict_latest, verdicts, policy_revisions`);
  }
}
