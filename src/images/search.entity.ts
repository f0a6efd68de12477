import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One thing that one piece of evidence says of an image, or that is so of it. Terms and images as in search-term.ts. */
@Entity('search_evidence')
export class SearchEvidenceEntity {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'search_evidence_pkey' })
  term!: string;

  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'search_evidence_pkey' })
  image!: string;

  @PrimaryColumn({ type: 'bigint', primaryKeyConstraintName: 'search_evidence_pkey' })
  fact!: number;

  @Column({ type: 'timestamptz' })
  at!: Date;
}

/** One thing that is in an image, with the first and the last evidence that says so. */
@Entity('search_contents')
export class SearchContentEntity {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'search_contents_pkey' })
  term!: string;

  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'search_contents_pkey' })
  image!: string;

  @Column({ name: 'first_fact', type: 'bigint' })
  firstFact!: number;

  @Column({ name: 'first_at', type: 'timestamptz' })
  firstAt!: Date;

  @Column({ name: 'last_fact', type: 'bigint' })
  lastFact!: number;

  @Column({ name: 'last_at', type: 'timestamptz' })
  lastAt!: Date;
}

/** A fact of which images are not found by what is in them. */
@Entity('search_left_out')
export class SearchLeftOutEntity {
  @PrimaryColumn({ type: 'bigint', primaryKeyConstraintName: 'search_left_out_pkey' })
  fact!: number;
}

/** How far what was stored before there was a search has been added to it. */
@Entity('search_progress')
export class SearchProgressEntity {
  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'search_progress_pkey' })
  part!: string;

  @Column({ type: 'text', collation: 'C' })
  position!: string;

  @Column({ name: 'finished_at', type: 'timestamptz', nullable: true })
  finishedAt!: Date | null;
}
