import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('verdicts')
@Index('verdicts_at', ['at', 'id'])
@Index('verdicts_image', ['image', 'at', 'id'])
@Index('verdicts_policy', ['policy', 'at', 'id'])
@Index('verdicts_question', ['image', 'question', 'at', 'id'])
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
