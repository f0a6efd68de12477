import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('dropped_envelopes')
export class DroppedEnvelopeEntity {
  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'dropped_envelopes_pkey' })
  attestation!: string;

  @Column({ type: 'text' })
  rule!: string;

  @Column({ type: 'timestamptz', default: () => 'now()' })
  at!: Date;

  @Column({ type: 'text' })
  actor!: string;
}

@Entity('legal_holds')
@Index('legal_holds_number', ['number'], { unique: true })
@Check('legal_holds_scope', `(scope = 'everything') = (target is null)`)
export class LegalHoldEntity {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'legal_holds_pkey' })
  id!: string;

  /** From 1, in the order in which they were placed. */
  @Column({ type: 'bigint' })
  number!: number;

  @Column({ type: 'text' })
  scope!: string;

  /** What is held: a digest, a repository or the id of an attestation; null for everything. */
  @Column({ type: 'text', collation: 'C', nullable: true })
  target!: string | null;

  @Column({ type: 'text' })
  reason!: string;

  @Column({ type: 'text', nullable: true })
  reference!: string | null;

  @Column({ type: 'timestamptz', default: () => 'now()' })
  at!: Date;

  @Column({ type: 'text' })
  actor!: string;
}

@Entity('legal_hold_releases')
export class LegalHoldReleaseEntity {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'legal_hold_releases_pkey' })
  hold!: string;

  @Column({ type: 'text' })
  reason!: string;

  @Column({ type: 'timestamptz', default: () => 'now()' })
  at!: Date;

  @Column({ type: 'text' })
  actor!: string;
}
