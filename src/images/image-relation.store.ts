import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Sha256Digest } from '../intoto/digest.js';
import type { ImageIndex } from '../intoto/image-index.js';
import { Database, namedQuery } from '../platform/database.js';
import { boundedRelations, MOST_INDEXES, MOST_MANIFESTS, UNRELATED, type ImageRelations } from './image-relations.js';

/** An index as it was posted, and what was read of it. */
export interface PostedIndex {
  readonly digest: Sha256Digest;
  /** They hash to the digest. */
  readonly bytes: Buffer;
  readonly index: ImageIndex;
  readonly actor: string;
}

/** How an image was related at one moment, and the number of that. */
export interface NumberedRelations {
  readonly relations: ImageRelations;
  readonly revision: number;
}

const MOST_KEPT = 10_000;

/**
 * The time is read by a statement that begins when the locks are held, and is no earlier than that of the relation before it of any
 * image concerned (`$5`): so an image's relations have their times in the order of their numbers.
 */
const INSERT_INDEX = `
  with before as (
    select max(r.received_at) as at from images s cross join lateral (
      select received_at from image_indexes where digest = s.subject and revision = s.relations
      union all
      select i.received_at from image_manifests m join image_indexes i on i.digest = m.index_digest
      where m.manifest = s.subject and m.revision = s.relations
    ) r
    where s.subject = any($5)
  )
  insert into image_indexes (digest, bytes, media_type, received_by, revision, received_at)
  select $1, $2, $3, $4, relations + 1, greatest(date_trunc('milliseconds', clock_timestamp()), before.at)
  from images cross join before where subject = $1
  on conflict (digest) do nothing
  returning to_char(received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`;

const INSERT_MANIFESTS = `
  insert into image_manifests
    (index_digest, place, manifest, media_type, os, architecture, variant, artifact_type, runnable, revision)
  select $1, t.place - 1, t.manifest, t.media_type, t.os, t.architecture, t.variant, t.artifact_type, t.runnable,
    i.relations + 1
  from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[]) with ordinality
    as t (manifest, media_type, os, architecture, variant, artifact_type, runnable, place)
  join images i on i.subject = t.manifest`;

const relationsText = (reached: string): string => `
  with reached as (${reached})
  select r.revision,
    array(
      select distinct index_digest from image_manifests
      where manifest = $1 and runnable and revision <= r.revision order by 1 limit ${MOST_INDEXES + 1}
    ) as indexes,
    array(
      select distinct m.manifest from image_indexes x join image_manifests m on m.index_digest = x.digest
      where x.digest = $1 and x.revision <= r.revision and m.runnable order by 1 limit ${MOST_MANIFESTS + 1}
    ) as manifests
  from reached r`;

interface RelationsRow {
  readonly revision: number;
  readonly indexes: readonly Sha256Digest[];
  readonly manifests: readonly Sha256Digest[];
}

/**
 * Which images are manifests of which index. A digest names its bytes, so what is recorded never changes, and a digest's
 * relations are numbered: at a number they are the same for ever.
 */
@Injectable()
export class ImageRelationStore {
  private readonly kept = new Map<string, ImageRelations>();

  constructor(private readonly database: Database) {}

  /**
   * Records an index with its manifests and raises the number of relations of each. Answers from when on that is so, with
   * microseconds in UTC; null where it was on record already, and then changes nothing. The caller holds the locks of all
   * their rows, and says so in the account.
   *
   * Revisions stay as they are: a replay tells by an image's revision how much of its evidence a verdict had seen.
   */
  async insert(tx: EntityManager, { digest, bytes, index, actor }: PostedIndex): Promise<string | null> {
    const { mediaType, manifests } = index;
    const concerned = [...new Set([digest, ...manifests.map((manifest) => manifest.digest)])];
    const [inserted]: readonly { at: string }[] = await tx.query(INSERT_INDEX, [
      digest,
      bytes,
      mediaType,
      actor,
      concerned,
    ]);
    if (inserted === undefined) return null;
    await tx.query(INSERT_MANIFESTS, [
      digest,
      manifests.map((manifest) => manifest.digest),
      manifests.map((manifest) => manifest.mediaType),
      manifests.map(({ platform }) => platform?.os ?? null),
      manifests.map(({ platform }) => platform?.architecture ?? null),
      manifests.map(({ platform }) => platform?.variant ?? null),
      manifests.map(({ artifactType }) => artifactType),
      manifests.map(({ runnable }) => runnable),
    ]);
    await tx.query(`update images set relations = relations + 1 where subject = any($1)`, [concerned]);
    return inserted.at;
  }

  /** The relations of an image at a number of theirs. */
  async at(image: Sha256Digest, revision: number): Promise<ImageRelations> {
    if (revision === 0) return UNRELATED;
    const key = `${image} ${revision}`;
    const known = this.kept.get(key);
    if (known !== undefined) return known;
    const { rows } = await namedQuery<RelationsRow>(this.database.hotPool, {
      name: 'image-relations-at',
      text: relationsText('select $2::bigint as revision'),
      values: [image, revision],
    });
    const relations = relationsOf(rows[0]);
    if (this.kept.size >= MOST_KEPT) this.kept.clear();
    this.kept.set(key, relations);
    return relations;
  }

  /**
   * The relations of an image by what had been recorded at the end of the moment's millisecond; of what earlier releases
   * recorded, nothing that is numbered behind what was begun later.
   */
  async asOf(image: Sha256Digest, moment: Date): Promise<NumberedRelations> {
    const { rows } = await namedQuery<RelationsRow>(this.database.pool, {
      name: 'image-relations-as-of',
      text: relationsText(`
        select coalesce(min(revision) filter (where received_at >= $2::timestamptz + interval '1 millisecond') - 1,
          max(revision), 0) as revision
        from (
          select revision, received_at from image_indexes where digest = $1
          union all
          select m.revision, i.received_at
          from image_manifests m join image_indexes i on i.digest = m.index_digest where m.manifest = $1
        ) known`),
      values: [image, moment],
    });
    return { relations: relationsOf(rows[0]), revision: rows[0]?.revision ?? 0 };
  }
}

function relationsOf(row: RelationsRow | undefined): ImageRelations {
  return row === undefined ? UNRELATED : boundedRelations(row.indexes, row.manifests);
}
