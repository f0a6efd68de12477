import type { MigrationInterface, QueryRunner } from 'typeorm';
import { LEAF_COLUMNS, logLeaf, type LeafEntry } from '../src/history/log-leaf.js';
import { leafHash } from '../src/history/merkle-tree.js';
import { byteaArray } from '../src/platform/bytea-array.js';

const PAGE_SIZE = 5_000;

/**
 * The Merkle log over the account: the leaf hash of each placed entry, full tiles, checkpoints, and what witnesses signed. What
 * has its place by then gets its leaf hash here; the first sequencer seals it.
 */
export class SealedLog1764000001400 implements MigrationInterface {
  name = 'SealedLog1764000001400';

  async up(queryRunner: QueryRunner): Promise<void> {
    // Whoever places entries meanwhile would place them without a hash.
    await queryRunner.query(`lock table history_sequence in exclusive mode`);
    await queryRunner.query(`alter table history_sequence add column leaf_hash bytea`);
    await hashPlaced(queryRunner);
    await queryRunner.query(`alter table history_sequence alter column leaf_hash set not null`);
    await queryRunner.query(
      `create index history_entries_verdict on history_entries ((data->>'verdict'))
       where type in ('verdict.recorded', 'verdict.break_glass')`,
    );
    await queryRunner.query(`
      create table log_tiles (
        level integer not null,
        tile bigint not null,
        hashes bytea not null,
        root bytea not null,
        constraint log_tiles_pkey primary key (level, tile)
      )`);
    // Hashes cannot be compressed.
    await queryRunner.query(`alter table log_tiles alter column hashes set storage external`);
    await queryRunner.query(`
      create table log_checkpoints (
        size bigint not null,
        root bytea not null,
        note bytea not null,
        vkey text not null,
        at timestamptz not null default now(),
        constraint log_checkpoints_pkey primary key (size)
      )`);
    await queryRunner.query(`
      create table log_cosignatures (
        size bigint not null,
        witness text collate "C" not null,
        time bigint not null,
        line text not null,
        at timestamptz not null default now(),
        actor text not null,
        constraint log_cosignatures_pkey primary key (size, witness, time)
      )`);
    await queryRunner.query(`grant select, insert on log_tiles, log_checkpoints, log_cosignatures to assay_service`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop table log_cosignatures, log_checkpoints, log_tiles`);
    await queryRunner.query(`drop index history_entries_verdict`);
    await queryRunner.query(`alter table history_sequence drop column leaf_hash`);
  }
}

/** In pages, so that memory does not grow with the account. The owner's session reads int8 as text. */
async function hashPlaced(queryRunner: QueryRunner): Promise<void> {
  for (let after = 0; ;) {
    const rows = (await queryRunner.query(
      `select q.sequence::text as sequence, ${LEAF_COLUMNS}
       from history_sequence q join history_entries e on e.id = q.entry
       where q.sequence > $1 order by q.sequence limit $2`,
      [after, PAGE_SIZE],
    )) as readonly (Omit<LeafEntry, 'sequence'> & { readonly sequence: string })[];
    const sequences = rows.map((row) => Number(row.sequence));
    const last = sequences.at(-1);
    if (last === undefined) return;
    const hashes = rows.map((row, i) => leafHash(logLeaf({ ...row, sequence: sequences[i] ?? 0 })));
    await queryRunner.query(
      `update history_sequence q set leaf_hash = t.hash
       from unnest($1::bigint[], $2::bytea[]) as t (sequence, hash) where q.sequence = t.sequence`,
      [sequences, byteaArray(hashes)],
    );
    after = last;
  }
}
