import type { MigrationInterface, QueryRunner } from 'typeorm';

export class History1764000000100 implements MigrationInterface {
  name = 'History1764000000100';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table history_entries (
        id bigint generated always as identity,
        at timestamptz not null default now(),
        actor text not null,
        type text not null,
        image text collate "C",
        attestation text collate "C",
        data jsonb not null,
        nonce uuid not null,
        constraint history_entries_pkey primary key (id)
      )`);
    await queryRunner.query(`create index history_entries_image on history_entries (image, id)`);
    await queryRunner.query(`create index history_entries_attestation on history_entries (attestation, id)`);
    await queryRunner.query(`create index history_entries_type on history_entries (type, id)`);
    await queryRunner.query(`create index history_entries_actor on history_entries (actor, id)`);
    await queryRunner.query(`
      create table history_sequence (
        sequence bigint not null,
        entry bigint not null,
        constraint history_sequence_pkey primary key (sequence),
        constraint history_sequence_entry unique (entry)
      )`);
    await queryRunner.query(`
      create table history_unsequenced (
        entry bigint not null,
        constraint history_unsequenced_pkey primary key (entry)
      )`);
    await queryRunner.query(`grant select, insert on history_entries, history_sequence to assay_service`);
    await queryRunner.query(`grant select, insert, delete on history_unsequenced to assay_service`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table history_unsequenced, history_sequence, history_entries`);
  }
}
