import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('attestor_states')
export class AttestorStateEntity {
  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'attestor_states_pkey' })
  name!: string;

  @PrimaryColumn({ name: 'trust_revision', type: 'bigint', primaryKeyConstraintName: 'attestor_states_pkey' })
  trustRevision!: number;

  @Column({ type: 'timestamptz', default: () => 'now()' })
  at!: Date;

  @Column({ type: 'text' })
  actor!: string;

  @Column({ type: 'jsonb', nullable: true })
  attestor!: object | null;
}

@Entity('key_revocations')
export class KeyRevocationEntity {
  @PrimaryColumn({ name: 'trust_revision', type: 'bigint', primaryKeyConstraintName: 'key_revocations_pkey' })
  trustRevision!: number;

  @Column({ type: 'text', collation: 'C' })
  thumbprint!: string;

  @Column({ type: 'text', collation: 'C' })
  attestor!: string;

  @Column({ name: 'key_id', type: 'text', collation: 'C' })
  keyId!: string;

  @Column({ type: 'text' })
  reason!: string;

  @Column({ name: 'effective_from', type: 'timestamptz', nullable: true })
  effectiveFrom!: Date | null;

  @Column({ type: 'timestamptz', default: () => 'now()' })
  at!: Date;

  @Column({ type: 'text' })
  actor!: string;
}
