import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Waivers, their approvals and revocations, each act under a revision of its own; and verdicts given by break-glass. */
export class Waivers1764000001100 implements MigrationInterface {
  name = 'Waivers1764000001100';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table waivers (
        id uuid not null,
        revision bigint not null,
        policy text collate "C" not null,
        requirement text collate "C" not null,
        vulnerability text,
        digest text collate "C",
        repository text collate "C",
        parameters jsonb not null,
        reason text not null,
        reference text not null,
        until timestamptz not null,
        approvals integer not null,
        at timestamptz not null,
        actor text not null,
        author text not null,
        constraint waivers_pkey primary key (id),
        constraint waivers_scope check ((digest is null) <> (repository is null))
      )`);
    await queryRunner.query(`create unique index waivers_revision on waivers (revision)`);
    await queryRunner.query(`create index waivers_policy on waivers (policy, until)`);
    await queryRunner.query(`
      create table waiver_approvals (
        waiver uuid not null,
        approver text not null,
        revision bigint not null,
        at timestamptz not null,
        actor text not null,
        constraint waiver_approvals_pkey primary key (waiver, approver)
      )`);
    await queryRunner.query(`create unique index waiver_approvals_revision on waiver_approvals (revision)`);
    await queryRunner.query(`
      create table waiver_revocations (
        waiver uuid not null,
        revision bigint not null,
        reason text not null,
        at timestamptz not null,
        actor text not null,
        constraint waiver_revocations_pkey primary key (waiver)
      )`);
    await queryRunner.query(`create unique index waiver_revocations_revision on waiver_revocations (revision)`);
    await queryRunner.query(`grant select, insert on waivers, waiver_approvals, waiver_revocations to assay_service`);
    await queryRunner.query(`alter table verdicts add column break_glass boolean not null default false`);
    await queryRunner.query(`create index verdicts_break_glass on verdicts (at, id) where break_glass`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop index verdicts_break_glass`);
    await queryRunner.query(`alter table verdicts drop column break_glass`);
    await queryRunner.query(`drop table waiver_revocations, waiver_approvals, waivers`);
  }
}
