import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What images are searched by: projections of facts and of verdicts, which may be made again (docs/adr/0012). What was stored
 * before is added by `npm run reindex`, and until then no search is complete.
 */
export class Search1764000001500 implements MigrationInterface {
  name = 'Search1764000001500';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table search_evidence (
        term uuid not null,
        image uuid not null,
        fact bigint not null,
        at timestamptz not null,
        constraint search_evidence_pkey primary key (term, image, fact) include (at)
      )`);
    await queryRunner.query(`
      create table search_contents (
        term uuid not null,
        image uuid not null,
        first_fact bigint not null,
        first_at timestamptz not null,
        last_fact bigint not null,
        last_at timestamptz not null,
        constraint search_contents_pkey primary key (term, image)
      ) with (fillfactor = 85)`);
    await queryRunner.query(`
      create table search_left_out (
        fact bigint not null,
        constraint search_left_out_pkey primary key (fact)
      )`);
    await queryRunner.query(`
      create table search_progress (
        part text collate "C" not null,
        position text collate "C" not null,
        finished_at timestamptz,
        constraint search_progress_pkey primary key (part)
      )`);
    await queryRunner.query(`
      create table verdict_signers (
        signer uuid not null,
        image text collate "C" not null,
        at timestamptz not null,
        verdict uuid not null,
        constraint verdict_signers_pkey primary key (signer, image, at, verdict)
      )`);
    await queryRunner.query(`
      insert into search_progress (part, position, finished_at) values
        ('facts', '0', case when not exists (select from facts) then now() end),
        ('verdicts', '', case when not exists (select from verdicts) then now() end)`);
    await queryRunner.query(`alter table verdicts add column environment text collate "C"`);
    await queryRunner.query(`
      update verdicts set environment = case
        when json_typeof(verdict->'parameters'->'environment') = 'string' then verdict->'parameters'->>'environment'
        when jsonb_typeof(context->'environment') = 'string' then context->>'environment' end`);
    await queryRunner.query(`create index verdict_signers_at on verdict_signers (signer, at, image)`);
    await queryRunner.query(
      `create index verdicts_environment_at on verdicts (environment, decision, at, image) where environment is not null`,
    );
    await queryRunner.query(
      `create index verdicts_environment on verdicts (environment, decision, image, at) where environment is not null`,
    );
    await queryRunner.query(`create index verdicts_policy_image on verdicts (policy, decision, image, at)`);
    await queryRunner.query(
      `grant select, insert on search_evidence, search_left_out, verdict_signers to assay_service`,
    );
    await queryRunner.query(`grant select, insert, update on search_contents to assay_service`);
    await queryRunner.query(`grant select, update on search_progress to assay_service`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop index verdicts_policy_image, verdicts_environment, verdicts_environment_at`);
    await queryRunner.query(`alter table verdicts drop column environment`);
    await queryRunner.query(
      `drop table verdict_signers, search_progress, search_left_out, search_contents, search_evidence`,
    );
  }
}
