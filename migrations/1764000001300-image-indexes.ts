import type { MigrationInterface, QueryRunner } from 'typeorm';
import { fastCompression } from './fast-compression.js';

export class ImageIndexes1764000001300 implements MigrationInterface {
  name = 'ImageIndexes1764000001300';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table image_indexes (
        digest text collate "C" not null,
        bytes bytea not null,
        media_type text not null,
        received_at timestamptz not null default now(),
        received_by text not null,
        constraint image_indexes_pkey primary key (digest)
      )`);
    await queryRunner.query(`
      create table image_manifests (
        index_digest text collate "C" not null,
        place integer not null,
        manifest text collate "C" not null,
        media_type text not null,
        os text,
        architecture text,
        variant text,
        artifact_type text,
        runnable boolean not null,
        constraint image_manifests_pkey primary key (index_digest, place)
      )`);
    await queryRunner.query(`create index image_manifests_manifest on image_manifests (manifest, index_digest)`);
    await fastCompression(queryRunner, 'image_indexes', 'bytes');
    await queryRunner.query(`grant select, insert on image_indexes, image_manifests to assay_service`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table image_manifests, image_indexes`);
  }
}
