import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('policy_revisions')
export class PolicyRevisionEntity {
  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'policy_revisions_pkey' })
  name!: string;

  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'policy_revisions_pkey' })
  revision!: number;

  @Column({ type: 'text', collation: 'C' })
  digest!: string;

  @Column({ type: 'text' })
  format!: string;

  @Column({ type: 'text' })
  source!: string;

  @Column({ type: 'timestamptz', default: () => 'now()' })
  at!: Date;

  @Column({ type: 'text' })
  actor!: string;
}
