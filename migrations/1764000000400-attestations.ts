import type { MigrationInterface, QueryRunner } from 'typeorm';
import { fastCompression } from './fast-compression.js';

export class Attestations1764000000400 implements MigrationInterface {
  name = 'Attestations1764000000400';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table attestations (
        id text collate "C" not null,
        received_at timestamptz not null default now(),
        received_by text not null,
        format text not null,
        payload_type text not null,
        predicate_type text collate "C",
        kind text not null,
        size integer not null,
        constraint attestations_pkey primary key (id)
      )`);
    await queryRunner.query(`create index attestations_received_at on attestations (received_at, id)`);
    await queryRunner.query(
      `create index attestations_predicate_type on attestations (predicate_type, received_at, id)`,
    );
    await queryRunner.query(`
      create table envelopes (
        attestation text collate "C" not null,
        bytes bytea not null,
        constraint envelopes_pkey primary key (attestation)
      )`);
    await queryRunner.query(`
      create table attestation_subjects (
        attestation text collate "C" not null,
        ordinal integer not null,
        subject text collate "C" not null,
        name text,
        constraint attestation_subjects_pkey primary key (attestation, ordinal, subject)
      )`);
    await queryRunner.query(`create index attestation_subjects_subject on attestation_subjects (subject, attestation)`);
    await queryRunner.query(`
      create table subject_receipts (
        subject text collate "C" not null,
        received bigint not null,
        constraint subject_receipts_pkey primary key (subject)
      ) with (fillfactor = 70)`);
    await queryRunner.query(`grant select, insert on attestations, envelopes, attestation_subjects to assay_service`);
    await fastCompression(queryRunner, 'envelopes', 'bytes');
    await queryRunner.query(`grant select, insert, update on subject_receipts to assay_service`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table subject_receipts, attestation_subjects, envelopes, attestations`);
  }
}
