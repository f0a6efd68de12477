import { Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn, Unique } from 'typeorm';

@Entity('history_entries')
@Index('history_entries_image', ['image', 'id'])
@Index('history_entries_attestation', ['attestation', 'id'])
@Index('history_entries_type', ['type', 'id'])
@Index('history_entries_actor', ['actor', 'id'])
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
}

@Entity('history_unsequenced')
export class HistoryUnsequencedEntity {
  @PrimaryColumn({ type: 'bigint', primaryKeyConstraintName: 'history_unsequenced_pkey' })
  entry!: number;
}
