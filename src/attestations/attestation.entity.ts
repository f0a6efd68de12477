import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('attestations')
@Index('attestations_received_at', ['receivedAt', 'id'])
@Index('attestations_predicate_type', ['predicateType', 'receivedAt', 'id'])
export class AttestationEntity {
  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'attestations_pkey' })
  id!: string;

  @Column({ name: 'received_at', type: 'timestamptz', default: () => 'now()' })
  receivedAt!: Date;

  @Column({ name: 'received_by', type: 'text' })
  receivedBy!: string;

  @Column({ type: 'text' })
  format!: string;

  @Column({ name: 'payload_type', type: 'text' })
  payloadType!: string;

  @Column({ name: 'predicate_type', type: 'text', collation: 'C', nullable: true })
  predicateType!: string | null;

  @Column({ type: 'text' })
  kind!: string;

  @Column({ type: 'integer' })
  size!: number;
}

@Entity('envelopes')
export class EnvelopeEntity {
  @PrimaryColumn({
    name: 'received_at',
    type: 'timestamptz',
    default: () => 'now()',
    primaryKeyConstraintName: 'envelopes_pkey',
  })
  receivedAt!: Date;

  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'envelopes_pkey' })
  attestation!: string;

  @Column({ type: 'bytea' })
  bytes!: Buffer;
}

@Entity('attestation_subjects')
@Index('attestation_subjects_subject', ['subject', 'attestation'])
export class AttestationSubjectEntity {
  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'attestation_subjects_pkey' })
  attestation!: string;

  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'attestation_subjects_pkey' })
  ordinal!: number;

  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'attestation_subjects_pkey' })
  subject!: string;

  @Column({ type: 'text', nullable: true })
  name!: string | null;
}

@Entity('subject_receipts')
export class SubjectReceiptEntity {
  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'subject_receipts_pkey' })
  subject!: string;

  @Column({ type: 'bigint' })
  received!: number;
}
