import type { MigrationInterface, QueryRunner } from 'typeorm';
import { fastCompression } from './fast-compression.js';

/*
 * What grows for ever is kept in ranges: envelopes by month of receipt, verdicts by month of their ids, entries of the account
 * by their ids. What falls into no range that was made in time goes into the default one, so nothing is ever refused.
 */

const ENVELOPES = `
  create table envelopes (
    attestation text collate "C" not null,
    received_at timestamptz not null default now(),
    bytes bytea not null,
    constraint envelopes_pkey primary key (received_at, attestation)
  ) partition by range (received_at)`;

const VERDICTS = `
  create table verdicts (
    id uuid not null,
    at timestamptz not null,
    image text collate "C" not null,
    repository text,
    policy text collate "C" not null,
    policy_revision integer not null,
    decision text not null,
    requested_by text not null,
    context jsonb,
    verdict json not null,
    break_glass boolean not null default false,
    question text collate "C" not null,
    environment text collate "C",
    constraint verdicts_pkey primary key (id)
  ) partition by range (id)`;

const VERDICT_INDEXES = [
  `create index verdicts_at on verdicts (at, id)`,
  `create index verdicts_image on verdicts (image, at, id)`,
  `create index verdicts_policy on verdicts (policy, at, id)`,
  `create index verdicts_break_glass on verdicts (at, id) where break_glass`,
  `create index verdicts_question on verdicts (image, question, at, id)`,
  `create index verdicts_environment_at on verdicts (environment, decision, at, image) where environment is not null`,
  `create index verdicts_environment on verdicts (environment, decision, image, at) where environment is not null`,
  `create index verdicts_policy_image on verdicts (policy, decision, image, at)`,
];

const ENTRIES = `
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
  ) partition by range (id)`;

const ENTRY_INDEXES = [
  ...['image', 'attestation', 'type', 'actor'].map(
    (column) => `create index history_entries_${column} on history_entries (${column}, id)`,
  ),
  `create index history_entries_verdict on history_entries ((data->>'verdict'))
   where type in ('verdict.recorded', 'verdict.break_glass')`,
  `create index history_entries_policies on history_entries ((data->>'policy'), id) where type = 'policy.changed'`,
  `create index history_entries_waivers on history_entries ((data->>'waiver'), id)
   where type in ('waiver.created', 'waiver.approved', 'waiver.revoked')`,
  `create index history_entries_trust on history_entries (((data->>'trustRevision')::bigint))
   where type in ('attestor.created', 'attestor.changed', 'attestor.deleted', 'key.revoked', 'identity.revoked',
     'trust_root.created', 'trust_root.changed', 'trust_root.deleted', 'attestation.revoked', 'attestation.retracted')`,
];

/** Arbitrary, the same in every version: whoever makes ranges meets at it. */
const PARTITIONS_LOCK = 0x61_73_73_63;

/** The lowest uuid of version 7 of a moment (RFC 9562, section 5.7). */
const LOWEST_ID = `
  create function assay_lowest_id(moment timestamptz) returns uuid language sql immutable as $$
    select (lpad(to_hex(floor(extract(epoch from moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
  $$`;

/**
 * Attaching takes a lock that lets reads and writes through; only the default range, empty as a rule, is looked through. A range
 * that rows in the default one fall into is left to them.
 */
const ADD_PARTITION = `
  create function assay_add_partition(parent text, name text, lower text, upper text) returns void
  language plpgsql set search_path = public, pg_temp as $$
  begin
    if to_regclass(name) is not null then return; end if;
    execute format('create table %I (like %I including defaults including constraints including storage including compression)',
      name, parent);
    execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, name, lower, upper);
  exception when check_violation then
    null;
  end $$`;

const ADD_PARTITIONS = `
  create function assay_add_partitions() returns void
  language plpgsql security definer set search_path = public, pg_temp set timezone = 'UTC' set lock_timeout = '2s' as $$
  declare
    entries_each constant bigint := 10000000;
    month timestamptz;
    following timestamptz;
    reached bigint;
  begin
    if not pg_try_advisory_xact_lock(${PARTITIONS_LOCK}) then return; end if;
    for ahead in 0..3 loop
      month := date_trunc('month', now()) + make_interval(months => ahead);
      following := month + interval '1 month';
      perform assay_add_partition('envelopes', 'envelopes_' || to_char(month, 'YYYY_MM'), month::text, following::text);
      perform assay_add_partition('verdicts', 'verdicts_' || to_char(month, 'YYYY_MM'),
        assay_lowest_id(month)::text, assay_lowest_id(following)::text);
    end loop;
    select coalesce(max(id), 0) / entries_each into reached from history_entries;
    for number in reached..reached + 2 loop
      perform assay_add_partition('history_entries', 'history_entries_' || number,
        (number * entries_each)::text, ((number + 1) * entries_each)::text);
    end loop;
  end $$`;

export class Partitions1764000001700 implements MigrationInterface {
  name = 'Partitions1764000001700';

  async up(queryRunner: QueryRunner): Promise<void> {
    const tables = ['envelopes', 'verdicts', 'history_entries'];
    for (const table of tables) {
      await queryRunner.query(`alter table ${table} rename to ${table}_whole`);
      await queryRunner.query(`alter table ${table}_whole rename constraint ${table}_pkey to ${table}_whole_pkey`);
    }
    for (const kept of [
      'at',
      'image',
      'policy',
      'break_glass',
      'question',
      'environment_at',
      'environment',
      'policy_image',
    ]) {
      await queryRunner.query(`drop index verdicts_${kept}`);
    }
    for (const kept of ['image', 'attestation', 'type', 'actor', 'verdict', 'policies', 'waivers', 'trust']) {
      await queryRunner.query(`drop index history_entries_${kept}`);
    }
    await queryRunner.query(`alter sequence history_entries_id_seq rename to history_entries_whole_id_seq`);
    for (const text of [ENVELOPES, VERDICTS, ...VERDICT_INDEXES, ENTRIES, ...ENTRY_INDEXES]) {
      await queryRunner.query(text);
    }
    await fastCompression(queryRunner, 'envelopes', 'bytes');
    await fastCompression(queryRunner, 'verdicts', 'verdict');
    for (const table of tables) {
      await queryRunner.query(
        `create table ${table}_default (like ${table} including defaults including constraints including storage including compression)`,
      );
      await queryRunner.query(`alter table ${table} attach partition ${table}_default default`);
    }
    for (const text of [LOWEST_ID, ADD_PARTITION, ADD_PARTITIONS]) await queryRunner.query(text);
    await queryRunner.query(`
      revoke execute on function assay_lowest_id(timestamptz), assay_add_partition(text, text, text, text),
        assay_add_partitions() from public`);
    await queryRunner.query(`select assay_add_partitions()`);
    await queryRunner.query(`
      insert into envelopes (attestation, received_at, bytes)
      select e.attestation, a.received_at, e.bytes from envelopes_whole e join attestations a on a.id = e.attestation`);
    await queryRunner.query(`
      insert into verdicts (id, at, image, repository, policy, policy_revision, decision, requested_by, context, verdict, break_glass, question, environment)
      select id, at, image, repository, policy, policy_revision, decision, requested_by, context, verdict, break_glass, question,
        environment
      from verdicts_whole`);
    await queryRunner.query(`
      insert into history_entries (id, at, actor, type, image, attestation, data, nonce) overriding system value
      select id, at, actor, type, image, attestation, data, nonce from history_entries_whole`);
    await queryRunner.query(
      `select setval('history_entries_id_seq', greatest((select max(id) from history_entries), 1),
         exists (select from history_entries))`,
    );
    for (const table of tables) await queryRunner.query(`drop table ${table}_whole`);
    await queryRunner.query(`grant select, insert on envelopes, verdicts, history_entries to assay_service`);
    await queryRunner.query(`grant execute on function assay_add_partitions() to assay_service`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop function assay_add_partitions, assay_add_partition, assay_lowest_id`);
    for (const table of ['envelopes', 'verdicts', 'history_entries']) {
      await queryRunner.query(`create table ${table}_whole (like ${table} including all)`);
      await queryRunner.query(`insert into ${table}_whole overriding system value select * from ${table}`);
      await queryRunner.query(`drop table ${table}`);
      await queryRunner.query(`alter table ${table}_whole rename to ${table}`);
      await queryRunner.query(`grant select, insert on ${table} to assay_service`);
    }
  }
}
