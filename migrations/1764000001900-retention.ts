import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Whose envelopes were dropped, which only the owner may note, and what holds them. An image counts what was dropped about it,
 * so that a verdict that looked at it is not given again.
 */
export class Retention1764000001900 implements MigrationInterface {
  name = 'Retention1764000001900';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create table dropped_envelopes (
        attestation text collate "C" not null,
        rule text not null,
        at timestamptz not null default now(),
        actor text not null,
        constraint dropped_envelopes_pkey primary key (attestation)
      )`);
    await queryRunner.query(`grant select on dropped_envelopes to assay_service`);
    await queryRunner.query(`
      create table legal_holds (
        id uuid not null,
        number bigint not null,
        scope text not null,
        target text collate "C",
        reason text not null,
        reference text,
        at timestamptz not null default now(),
        actor text not null,
        constraint legal_holds_pkey primary key (id),
        constraint legal_holds_scope check ((scope = 'everything') = (target is null))
      )`);
    await queryRunner.query(`create unique index legal_holds_number on legal_holds (number)`);
    await queryRunner.query(`
      create table legal_hold_releases (
        hold uuid not null,
        reason text not null,
        at timestamptz not null default now(),
        actor text not null,
        constraint legal_hold_releases_pkey primary key (hold)
      )`);
    await queryRunner.query(`grant select, insert on legal_holds, legal_hold_releases to assay_service`);
    await queryRunner.query(`alter table images add column dropped bigint not null default 0`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`alter table images drop column dropped`);
    await queryRunner.query(`drop table legal_hold_releases, legal_holds, dropped_envelopes`);
  }
}
