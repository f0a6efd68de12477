import type { MigrationInterface, QueryRunner } from 'typeorm';
import { fastCompression } from './fast-compression.js';

export class VerificationsAndFacts1764000000600 implements MigrationInterface {
  name = 'VerificationsAndFacts1764000000600';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table verifications (
        id bigint generated always as identity,
        attestation text collate "C" not null,
        trust_revision bigint not null,
        reader_revision integer not null,
        at timestamptz not null default now(),
        outcome text not null,
        code text,
        detail text,
        signed_digest text collate "C",
        signers jsonb not null,
        could_gain boolean not null,
        constraint verifications_pkey primary key (id)
      )`);
    await queryRunner.query(`create index verifications_attestation on verifications (attestation, id)`);
    await queryRunner.query(
      `create index verifications_could_gain on verifications (trust_revision, attestation) where could_gain`,
    );
    await queryRunner.query(
      `create index verifications_retriable on verifications (attestation) where outcome = 'error' or code = 'predicate_malformed'`,
    );
    await queryRunner.query(`
      create table facts (
        id bigint generated always as identity,
        signed_digest text collate "C" not null,
        kind text not null,
        reader_revision integer not null,
        attestation text collate "C" not null,
        predicate_type text not null,
        own_time timestamptz,
        content jsonb not null,
        size integer not null,
        recorded_at timestamptz not null default now(),
        constraint facts_pkey primary key (id),
        constraint facts_signed_digest unique (signed_digest, kind, reader_revision)
      )`);
    await queryRunner.query(`create index facts_attestation on facts (attestation)`);
    await queryRunner.query(`
      create table fact_signers (
        fact bigint not null,
        signer text collate "C" not null,
        attestation text collate "C" not null,
        received_at timestamptz not null,
        proven_at timestamptz,
        recorded_at timestamptz not null default now(),
        constraint fact_signers_pkey primary key (fact, signer, attestation)
      )`);
    await queryRunner.query(`create index fact_signers_signer on fact_signers (signer, attestation)`);
    await fastCompression(queryRunner, 'facts', 'content');
    await queryRunner.query(`grant select, insert on verifications, facts, fact_signers to assay_service`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table fact_signers, facts, verifications`);
  }
}
