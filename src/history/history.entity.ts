import { Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn, Unique } from 'typeorm';

@Entity('history_entries')
@Index('history_entries_image', ['image', 'id'])
@Index('history_entries_attestation', ['attestation', 'id'])
@Index('history_entries_type', ['type', 'id'])
@Index('history_entries_actor', ['actor', 'id'])
@Index('history_entries_verdict', { synchronize: false })
@Index('history_entries_policies', { synchronize: false })
@Index('history_entries_waivers', { synchronize: false })
@Index('history_entries_trust', { synchronize: false })
export class HistoryEntryEntity {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'history_entries_pkey',
  })
  id!: number;

  @Column({ type: 'timestamptz', default: () => 'now()' })
  at!: Date;

  @Column({ type: 'text' })
  actor!: string;

  @Column({ type: 'text' })
  type!: string;

  @Column({ type: 'text', collation: 'C', nullable: true })
  image!: string | null;

  @Column({ type: 'text', collation: 'C', nullable: true })
  attestation!: string | null;

  @Column({ type: 'jsonb' })
  data!: object;

  @Column({ type: 'uuid' })
  nonce!: string;
}

@Entity('history_sequence')
@Unique('history_sequence_entry', ['entry'])
export class HistorySequenceEntity {
  @PrimaryColumn({ type: 'bigint', primaryKeyConstraintName: 'history_sequence_pkey' })
  sequence!: number;

  @Column({ type: 'bigint' })
  entry!: number;

  @Column({ name: 'leaf_hash', type: 'bytea' })
  leafHash!: Buffer;
}

@Entity('history_unsequenced')
export class HistoryUnsequencedEntity {
  @PrimaryColumn({ type: 'bigint', primaryKeyConstraintName: 'history_unsequenced_pkey' })
  entry!: number;
}

@Entity('log_tiles')
export class LogTileEntity {
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'log_tiles_pkey' })
  level!: number;

  @PrimaryColumn({ type: 'bigint', primaryKeyConstraintName: 'log_tiles_pkey' })
  tile!: number;

  @Column({ type: 'bytea' })
  hashes!: Buffer;

  @Column({ type: 'bytea' })
  root!: Buffer;
}

@Entity('log_checkpoints')
export class LogCheckpointEntity {
  @PrimaryColumn({ type: 'bigint', primaryKeyConstraintName: 'log_checkpoints_pkey' })
  size!: number;

  @Column({ type: 'bytea' })
  root!: Buffer;

  @Column({ type: 'bytea' })
  note!: Buffer;

  @Column({ type: 'text' })
  vkey!: string;

  @Column({ type: 'timestamptz', default: () => 'now()' })
  at!: Date;
}

@Entity('log_cosignatures')
export class LogCosignatureEntity {
  @PrimaryColumn({ type: 'bigint', primaryKeyConstraintName: 'log_cosignatures_pkey' })
  size!: number;

  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'log_cosignatures_pkey' })
  witness!: string;

  @PrimaryColumn({ type: 'bigint', primaryKeyConstraintName: 'log_cosignatures_pkey' })
  time!: number;

  @Column({ type: 'text' })
  line!: string;

  @Column({ type: 'timestamptz', default: () => 'now()' })
  at!: Date;

  @Column({ type: 'text' })
  actor!: string;
}
