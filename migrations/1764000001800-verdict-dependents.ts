import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which images' verdicts depended on what is said of other digests: of commits, and of related images. */
export class VerdictDependents1764000001800 implements MigrationInterface {
  name = 'VerdictDependents1764000001800';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table verdict_dependents (
        digest text collate "C" not null,
        image text collate "C" not null,
        constraint verdict_dependents_pkey primary key (digest, image)
      )`);
    await queryRunner.query(`
      insert into verdict_dependents (digest, image)
      select distinct k.digest, v.image
      from verdicts v cross join lateral json_object_keys(v.verdict->'revisions'->'related') as k (digest)`);
    await queryRunner.query(`grant select, insert on verdict_dependents to assay_service`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table verdict_dependents`);
  }
}
