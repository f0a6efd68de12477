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

@Entity('identity_revocations')
export class IdentityRevocationEntity {
  @PrimaryColumn({ name: 'trust_revision', type: 'bigint', primaryKeyConstraintName: 'identity_revocations_pkey' })
  trustRevision!: number;

  @Column({ type: 'text', collation: 'C' })
  attestor!: string;

  @Column({ name: 'identity_id', type: 'text', collation: 'C' })
  identityId!: string;

  @Column({ type: 'jsonb' })
  pattern!: object;

  @Column({ type: 'text' })
  reason!: string;

  @Column({ name: 'effective_from', type: 'timestamptz', nullable: true })
  effectiveFrom!: Date | null;

  @Column({ type: 'timestamptz', default: () => 'now()' })
  at!: Date;

  @Column({ type: 'text' })
  actor!: string;
}

@Entity('trust_root_states')
export class TrustRootStateEntity {
  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'trust_root_states_pkey' })
  name!: string;

  @PrimaryColumn({ name: 'trust_revision', type: 'bigint', primaryKeyConstraintName: 'trust_root_states_pkey' })
  trustRevision!: number;

  @Column({ type: 'timestamptz', default: () => 'now()' })
  at!: Date;

  @Column({ type: 'text' })
  actor!: string;

  /** Its form, its authorities and its document. */
  @Column({ type: 'jsonb', nullable: true })
  root!: object | null;
}

@Entity('statement_acts')
export class StatementActEntity {
  @PrimaryColumn({ name: 'trust_revision', type: 'bigint', primaryKeyConstraintName: 'statement_acts_pkey' })
  trustRevision!: number;

  @Column({ name: 'signed_digest', type: 'text', collation: 'C' })
  signedDigest!: string;

  /** null: whoever signed. */
  @Column({ type: 'text', array: true, nullable: true })
  signers!: string[] | null;

  @Column({ type: 'text' })
  act!: string;

  @Column({ type: 'text' })
  reason!: string;

  @Column({ type: 'text', collation: 'C' })
  attestation!: string;

  @Column({ type: 'timestamptz', default: () => 'now()' })
  at!: Date;

  @Column({ type: 'text' })
  actor!: string;
}

@Entity('trust_gains')
export class TrustGainEntity {
  @PrimaryColumn({ name: 'trust_revision', type: 'bigint', primaryKeyConstraintName: 'trust_gains_pkey' })
  trustRevision!: number;

  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'trust_gains_pkey' })
  cause!: string;
}
