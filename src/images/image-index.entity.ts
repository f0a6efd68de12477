import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('image_indexes')
export class ImageIndexEntity {
  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'image_indexes_pkey' })
  digest!: string;

  @Column({ type: 'bytea' })
  bytes!: Buffer;

  @Column({ name: 'media_type', type: 'text' })
  mediaType!: string;

  @Column({ name: 'received_at', type: 'timestamptz', default: () => 'now()' })
  receivedAt!: Date;

  @Column({ name: 'received_by', type: 'text' })
  receivedBy!: string;

  @Column({ type: 'bigint' })
  revision!: number;
}

@Entity('image_manifests')
@Index('image_manifests_manifest', ['manifest', 'indexDigest'])
export class ImageManifestEntity {
  @PrimaryColumn({
    name: 'index_digest',
    type: 'text',
    collation: 'C',
    primaryKeyConstraintName: 'image_manifests_pkey',
  })
  indexDigest!: string;

  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'image_manifests_pkey' })
  place!: number;

  @Column({ type: 'text', collation: 'C' })
  manifest!: string;

  @Column({ name: 'media_type', type: 'text' })
  mediaType!: string;

  @Column({ type: 'text', nullable: true })
  os!: string | null;

  @Column({ type: 'text', nullable: true })
  architecture!: string | null;

  @Column({ type: 'text', nullable: true })
  variant!: string | null;

  @Column({ name: 'artifact_type', type: 'text', nullable: true })
  artifactType!: string | null;

  @Column({ type: 'boolean' })
  runnable!: boolean;

  @Column({ type: 'bigint' })
  revision!: number;
}
