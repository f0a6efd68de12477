import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The role under which every connection of the service runs. It owns nothing: what it may do is what the migrations
 * grant it, table by table. Roles belong to the whole cluster, so another database may have made it already.
 */
export class ServiceRole1764000000000 implements MigrationInterface {
  name = 'ServiceRole1764000000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      do $$ begin
        -- Asked first: an owner who may not make roles can use one that was made for him.
        if not exists (select from pg_roles where rolname = 'assay_service') then
          create role assay_service nologin;
        end if;
      exception when duplicate_object or unique_violation then null;
      end $$`);
    await queryRunner.query(`grant assay_service to current_user`);
    await queryRunner.query(`grant usage on schema public to assay_service`);
    await queryRunner.query(`
      create table revisions (
        name text not null,
        value bigint not null,
        constraint revisions_pkey primary key (name)
      )`);
    await queryRunner.query(
      `insert into revisions (name, value) values ('access', 0), ('trust', 0), ('trust_gain', 0), ('policy', 0), ('waiver', 0)`,
    );
    await queryRunner.query(`grant select, update on revisions to assay_service`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table revisions`);
  }
}
