import { Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

@Entity('verifications')
@Index('verifications_attestation', ['attestation', 'id'])
@Index('verifications_retriable', ['attestation'], { where: `outcome = 'error' or code = 'predicate_malformed'` })
@Index('verifications_gains', { synchronize: false })
export class VerificationEntity {
  @PrimaryGeneratedColumn('identity', {
    type: 'bigint',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'verifications_pkey',
  })
  id!: number;

  @Column({ type: 'text', collation: 'C' })
  attestation!: string;

  @Column({ name: 'trust_revision', type: 'bigint' })
  trustRevision!: number;

  @Column({ name: 'reader_revision', type: 'integer' })
  readerRevision!: number;

  @Column({ type: 'timestamptz', default: () => 'now()' })
  at!: Date;

  @Column({ type: 'text' })
  outcome!: string;

  @Column({ type: 'text', nullable: true })
  code!: string | null;

  @Column({ type: 'text', nullable: true })
  detail!: string | null;

  @Column({ name: 'signed_digest', type: 'text', collation: 'C', nullable: true })
  signedDigest!: string | null;

  @Column({ type: 'jsonb' })
  signers!: object[];

  @Column({ type: 'jsonb' })
  proved!: object[];

  @Column({ type: 'text', array: true })
  gains!: string[];
}

@Entity('reexaminations')
export class ReexaminationEntity {
  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'reexaminations_pkey' })
  attestation!: string;

  @Column({ name: 'trust_revision', type: 'bigint' })
  trustRevision!: number;
}
