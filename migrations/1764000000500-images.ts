import type { MigrationInterface, QueryRunner } from 'typeorm';
import { fastCompression } from './fast-compression.js';

export class Images1764000000500 implements MigrationInterface {
  name = 'Images1764000000500';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table images (
        subject text collate "C" not null,
        revision bigint not null default 0,
        examined bigint not null default 0,
        facts jsonb not null default '[]'::jsonb,
        constraint images_pkey primary key (subject)
      ) with (fillfactor = 70)`);
    await fastCompression(queryRunner, 'images', 'facts');
    await queryRunner.query(`grant select, insert, update on images to assay_service`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table images`);
  }
}
