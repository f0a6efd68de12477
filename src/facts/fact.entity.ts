import { Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn, Unique } from 'typeorm';

@Entity('facts')
@Unique('facts_signed_digest', ['signedDigest', 'kind', 'readerRevision'])
@Index('facts_attestation', ['attestation'])
export class FactEntity {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'facts_pkey',
  })
  id!: number;

  @Column({ name: 'signed_digest', type: 'text', collation: 'C' })
  signedDigest!: string;

  @Column({ type: 'text' })
  kind!: string;

  @Column({ name: 'reader_revision', type: 'integer' })
  readerRevision!: number;

  @Column({ type: 'text', collation: 'C' })
  attestation!: string;

  @Column({ name: 'predicate_type', type: 'text' })
  predicateType!: string;

  @Column({ name: 'own_time', type: 'timestamptz', nullable: true })
  ownTime!: Date | null;

  @Column({ type: 'jsonb' })
  content!: object;

  @Column({ type: 'integer' })
  size!: number;

  @Column({ name: 'recorded_at', type: 'timestamptz', default: () => 'now()' })
  recordedAt!: Date;
}

@Entity('fact_signers')
@Index('fact_signers_signer', ['signer', 'attestation'])
@Index('fact_signers_identity', ['identity', 'attestation'], { where: 'identity is not null' })
export class FactSignerEntity {
  @PrimaryColumn({ type: 'bigint', primaryKeyConstraintName: 'fact_signers_pkey' })
  fact!: number;

  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'fact_signers_pkey' })
  signer!: string;

  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'fact_signers_pkey' })
  attestation!: string;

  @Column({ name: 'received_at', type: 'timestamptz' })
  receivedAt!: Date;

  @Column({ name: 'proven_at', type: 'timestamptz', nullable: true })
  provenAt!: Date | null;

  @Column({ type: 'jsonb', nullable: true })
  proof!: object | null;

  @Column({ type: 'text', collation: 'C', nullable: true })
  identity!: string | null;

  @Column({ name: 'recorded_at', type: 'timestamptz', default: () => 'now()' })
  recordedAt!: Date;
}
