import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('verdicts')
@Index('verdicts_at', ['at', 'id'])
@Index('verdicts_image', ['image', 'at', 'id'])
@Index('verdicts_policy', ['policy', 'at', 'id'])
@Index('verdicts_question', ['image', 'question', 'at', 'id'])
@Index('verdicts_environment', ['environment', 'decision', 'image', 'at'], { where: 'environment is not null' })
@Index('verdicts_environment_at', ['environment', 'decision', 'at', 'image'], { where: 'environment is not null' })
@Index('verdicts_policy_image', ['policy', 'decision', 'image', 'at'])
@Index('verdicts_break_glass', ['at', 'id'], { where: 'break_glass' })
export class VerdictEntity {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'verdicts_pkey' })
  id!: string;

  @Column({ type: 'timestamptz' })
  at!: Date;

  @Column({ type: 'text', collation: 'C' })
  image!: string;

  @Column({ type: 'text', nullable: true })
  repository!: string | null;

  @Column({ type: 'text', collation: 'C' })
  policy!: string;

  @Column({ name: 'policy_revision', type: 'integer' })
  policyRevision!: number;

  @Column({ type: 'text' })
  decision!: string;

  @Column({ name: 'requested_by', type: 'text' })
  requestedBy!: string;

  @Column({ type: 'jsonb', nullable: true })
  context!: object | null;

  @Column({ type: 'json' })
  verdict!: object;

  /** Recorded in spite of what the policy says. */
  @Column({ name: 'break_glass', type: 'boolean', default: false })
  breakGlass!: boolean;

  /** As in `verdict_latest`. */
  @Column({ type: 'text', collation: 'C' })
  question!: string;

  /** Which it was asked for, by its parameters or else its context. */
  @Column({ type: 'text', collation: 'C', nullable: true })
  environment!: string | null;
}

/** Whose keys signed what an allow rests on: by the first 128 bits of their thumbprints. A projection. */
@Entity('verdict_signers')
@Index('verdict_signers_at', ['signer', 'at', 'image'])
export class VerdictSignerEntity {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'verdict_signers_pkey' })
  signer!: string;

  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'verdict_signers_pkey' })
  image!: string;

  @PrimaryColumn({ type: 'timestamptz', primaryKeyConstraintName: 'verdict_signers_pkey' })
  at!: Date;

  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'verdict_signers_pkey' })
  verdict!: string;
}

/** The other digests on which verdicts about an image depended. */
@Entity('verdict_dependents')
export class VerdictDependentEntity {
  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'verdict_dependents_pkey' })
  digest!: string;

  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'verdict_dependents_pkey' })
  image!: string;
}

@Entity('verdict_latest')
export class VerdictLatestEntity {
  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'verdict_latest_pkey' })
  question!: string;

  @Column({ type: 'text', collation: 'C' })
  content!: string;

  @Column({ type: 'uuid' })
  verdict!: string;
}
