import { isDeepStrictEqual } from 'node:util';
import { parseImageIndex } from '../intoto/image-index.js';
import { Malformed } from '../intoto/malformed.js';
import { BY_INDEX, sqlInvariant, walkRows, type Keyed, type Walk } from './walk.js';

/** An index, and the rows that tell of its manifests. */
interface IndexRow extends Keyed {
  readonly digest: string;
  readonly bytes: Buffer;
  readonly mediaType: string;
  /** In their order. */
  readonly manifests: readonly object[];
}

function isOfItsBytes({ bytes, mediaType, manifests }: IndexRow): boolean {
  try {
    const index = parseImageIndex(bytes);
    const listed = index.manifests.map(({ digest, mediaType: type, platform, artifactType, runnable }, place) => ({
      place,
      manifest: digest,
      mediaType: type,
      os: platform?.os ?? null,
      architecture: platform?.architecture ?? null,
      variant: platform?.variant ?? null,
      artifactType,
      runnable,
    }));
    return index.mediaType === mediaType && isDeepStrictEqual(manifests, listed);
  } catch (error) {
    if (error instanceof Malformed) return false;
    throw error;
  }
}

/** How images are related by the indexes on record. */
export const IMAGE_RELATIONS: readonly Walk[] = [
  sqlInvariant(
    'the relations of an image are numbered from 1, one for each index that concerns it',
    [''],
    `with looked_at as (
       (select subject from images where subject > $1 order by subject limit $2)
       union (select distinct manifest from image_manifests where manifest > $1 order by manifest limit $2)
       order by subject limit $2
     )
     select array[l.subject] as key,
       case when c.indexes <> coalesce(i.relations, 0)
            then c.indexes || ' indexes concern ' || l.subject || ', ' || coalesce(i.relations, 0) || ' count'
            when c.numbers <> c.indexes or c.highest <> c.indexes
            then 'the relations of ' || l.subject || ' are not numbered from 1 to ' || c.indexes end as fault
     from looked_at l
     left join lateral (select relations from images where subject = l.subject ${BY_INDEX}) i on true
     cross join lateral (
       select count(*) as indexes, count(distinct revision) as numbers, coalesce(max(revision), 0) as highest
       from (
         (select digest as index_digest, revision from image_indexes where digest = l.subject ${BY_INDEX})
         union (select index_digest, revision from image_manifests where manifest = l.subject ${BY_INDEX})
       ) concerning
     ) c
     order by l.subject`,
    'images',
  ),
  walkRows<IndexRow, IndexRow>({
    table: 'image_indexes',
    start: [''],
    pageSize: 50,
    text: `
      select array[x.digest] as key, x.digest, x.bytes, x.media_type as "mediaType",
        (select coalesce(jsonb_agg(jsonb_build_object('place', m.place, 'manifest', m.manifest, 'mediaType', m.media_type,
            'os', m.os, 'architecture', m.architecture, 'variant', m.variant, 'artifactType', m.artifact_type,
            'runnable', m.runnable) order by m.place), '[]')
         from image_manifests m where m.index_digest = x.digest) as manifests
      from (select * from image_indexes where digest > $1 order by digest limit $2) x order by x.digest`,
    read: (row) => row,
    faultOf: {
      'the manifests of an index are those that its bytes list': (row) =>
        isOfItsBytes(row) ? null : `the bytes of index ${row.digest} list other manifests than are on record`,
    },
  }),
];
