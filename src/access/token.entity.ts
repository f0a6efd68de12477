import { Column, Entity, PrimaryColumn, Unique } from 'typeorm';

@Entity('tokens')
@Unique('tokens_hash', ['hash'])
export class TokenEntity {
  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'tokens_pkey' })
  id!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text', collation: 'C' })
  hash!: string;

  @Column({ type: 'text', array: true })
  roles!: string[];

  @Column({ type: 'text', array: true, nullable: true })
  policies!: string[] | null;

  @Column({ type: 'jsonb', nullable: true })
  parameters!: Record<string, string | number | boolean> | null;

  @Column({ name: 'expires_at', type: 'timestamptz', nullable: true })
  expiresAt!: Date | null;

  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' })
  createdAt!: Date;

  @Column({ name: 'created_by', type: 'text' })
  createdBy!: string;
}

@Entity('token_revocations')
export class TokenRevocationEntity {
  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'token_revocations_pkey' })
  token!: string;

  @Column({ type: 'timestamptz', default: () => 'now()' })
  at!: Date;

  @Column({ type: 'text' })
  actor!: string;
}
