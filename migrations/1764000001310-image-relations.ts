import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Numbers the relations of every digest, so that what was known of them at an earlier moment can be told. */
export class ImageRelations1764000001310 implements MigrationInterface {
  name = 'ImageRelations1764000001310';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table images add column relations bigint not null default 0`);
    await queryRunner.query(`alter table image_indexes add column revision bigint not null default 0`);
    await queryRunner.query(`alter table image_manifests add column revision bigint not null default 0`);
    await queryRunner.query(`
      create temporary table numbered on commit drop as
      select subject, index_digest, row_number() over (partition by subject order by received_at, index_digest) as revision
      from (
        select digest as subject, digest as index_digest, received_at from image_indexes
        union
        select m.manifest, m.index_digest, i.received_at
        from image_manifests m join image_indexes i on i.digest = m.index_digest
      ) related`);
    await queryRunner.query(`
      insert into images (subject) select distinct subject from numbered on conflict (subject) do nothing`);
    await queryRunner.query(`
      update images i set relations = n.revision
      from (select subject, max(revision) as revision from numbered group by subject) n where n.subject = i.subject`);
    await queryRunner.query(`
      update image_indexes i set revision = n.revision from numbered n
      where n.subject = i.digest and n.index_digest = i.digest`);
    await queryRunner.query(`
      update image_manifests m set revision = n.revision from numbered n
      where n.subject = m.manifest and n.index_digest = m.index_digest`);
    await queryRunner.query(`alter table image_indexes alter column revision drop default`);
    await queryRunner.query(`alter table image_manifests alter column revision drop default`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table image_manifests drop column revision`);
    await queryRunner.query(`alter table image_indexes drop column revision`);
    await queryRunner.query(`alter table images drop column relations`);
  }
}
