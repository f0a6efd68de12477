import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('images')
export class ImageEntity {
  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'images_pkey' })
  subject!: string;

  @Column({ type: 'bigint', default: 0 })
  revision!: number;

  @Column({ type: 'bigint', default: 0 })
  examined!: number;

  @Column({ type: 'jsonb', default: [] })
  facts!: object[];

  @Column({ type: 'bigint', default: 0 })
  relations!: number;

  @Column({ type: 'bigint', default: 0 })
  dropped!: number;
}
