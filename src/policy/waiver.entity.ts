import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('waivers')
@Index('waivers_revision', ['revision'], { unique: true })
@Index('waivers_policy', ['policy', 'until'])
@Check('waivers_scope', '(digest is null) <> (repository is null)')
export class WaiverEntity {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'waivers_pkey' })
  id!: string;

  /** The value of the counter `waiver` with this act in it. */
  @Column({ type: 'bigint' })
  revision!: number;

  @Column({ type: 'text', collation: 'C' })
  policy!: string;

  @Column({ type: 'text', collation: 'C' })
  requirement!: string;

  @Column({ type: 'text', nullable: true })
  vulnerability!: string | null;

  @Column({ type: 'text', collation: 'C', nullable: true })
  digest!: string | null;

  @Column({ type: 'text', collation: 'C', nullable: true })
  repository!: string | null;

  @Column({ type: 'jsonb' })
  parameters!: object;

  @Column({ type: 'text' })
  reason!: string;

  @Column({ type: 'text' })
  reference!: string;

  @Column({ type: 'timestamptz' })
  until!: Date;

  /** How many it needs before it holds. */
  @Column({ type: 'integer' })
  approvals!: number;

  @Column({ type: 'timestamptz' })
  at!: Date;

  @Column({ type: 'text' })
  actor!: string;

  /** The id of the token by which it was made. */
  @Column({ type: 'text' })
  author!: string;
}

@Entity('waiver_approvals')
@Index('waiver_approvals_revision', ['revision'], { unique: true })
export class WaiverApprovalEntity {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'waiver_approvals_pkey' })
  waiver!: string;

  /** The id of the token by which it was approved. */
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'waiver_approvals_pkey' })
  approver!: string;

  @Column({ type: 'bigint' })
  revision!: number;

  @Column({ type: 'timestamptz' })
  at!: Date;

  @Column({ type: 'text' })
  actor!: string;
}

@Entity('waiver_revocations')
@Index('waiver_revocations_revision', ['revision'], { unique: true })
export class WaiverRevocationEntity {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'waiver_revocations_pkey' })
  waiver!: string;

  @Column({ type: 'bigint' })
  revision!: number;

  @Column({ type: 'text' })
  reason!: string;

  @Column({ type: 'timestamptz' })
  at!: Date;

  @Column({ type: 'text' })
  actor!: string;
}
