import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('revisions')
export class RevisionEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'revisions_pkey' })
  name!: string;

  @Column({ type: 'bigint' })
  value!: number;
}
