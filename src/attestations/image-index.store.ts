import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { HistoryStore } from '../history/history.store.js';
import { ImageRelationStore, type PostedIndex } from '../images/image-relation.store.js';
import { ImageStore } from '../images/image.store.js';
import type { Sha256Digest } from '../intoto/digest.js';
import { AppError } from '../platform/app-error.js';
import { Database, namedQuery } from '../platform/database.js';
import { inTransaction } from '../platform/transaction.js';

/** One manifest of an index on record. */
export interface ManifestRow {
  readonly digest: Sha256Digest;
  readonly mediaType: string;
  readonly os: string | null;
  readonly architecture: string | null;
  readonly variant: string | null;
  readonly artifactType: string | null;
  readonly runnable: boolean;
}

/** The indexes that were posted. */
@Injectable()
export class ImageIndexStore {
  constructor(
    private readonly database: Database,
    private readonly images: ImageStore,
    private readonly relations: ImageRelationStore,
    private readonly history: HistoryStore,
  ) {}

  /**
   * Records an index with its manifests and one entry of the account. False where it was on record already, and then
   * changes nothing. Durable on return, and regarded by the very next verdict about any of them.
   *
   * Throws AppError `index_malformed` where it lists as a manifest what is on record as an index, whatever it says of its type.
   */
  async insert(posted: PostedIndex): Promise<boolean> {
    const { digest, bytes, index, actor } = posted;
    const { manifests } = index;
    return inTransaction(this.database.dataSource, async (tx) => {
      await this.images.lock(tx, [digest, ...manifests.map((manifest) => manifest.digest)]);
      const at = await this.relations.insert(tx, posted);
      if (at === null) return false;
      await refuseIndexes(tx, posted);
      const data = { at, manifests: manifests.length, size: bytes.length };
      await this.history.append(tx, [{ type: 'image.related', actor, image: digest, attestation: null, data }]);
      return true;
    });
  }

  /** The manifests of an index in its order; null where no such index is on record. */
  async manifestsOf(digest: Sha256Digest): Promise<readonly ManifestRow[] | null> {
    const { rows } = await namedQuery<ManifestRow & { readonly place: number | null }>(this.database.pool, {
      name: 'image-manifests',
      text: `
        select m.place, m.manifest as digest, m.media_type as "mediaType", m.os, m.architecture, m.variant,
          m.artifact_type as "artifactType", m.runnable
        from image_indexes i left join image_manifests m on m.index_digest = i.digest
        where i.digest = $1 order by m.place`,
      values: [digest],
    });
    if (rows.length === 0) return null;
    return rows.flatMap(({ place, ...manifest }) => (place === null ? [] : [manifest]));
  }
}

/** What is said of the manifests of a nested index would not be looked at. The caller holds the locks of all their rows. */
async function refuseIndexes(tx: EntityManager, { index }: PostedIndex): Promise<void> {
  const digests = index.manifests.map((manifest) => manifest.digest);
  const rows: readonly { readonly digest: Sha256Digest }[] = await tx.query(
    'select digest from image_indexes where digest = any($1)',
    [digests],
  );
  if (rows.length === 0) return;
  const nested = new Set(rows.map(({ digest }) => digest));
  throw new AppError('malformed', 'index_malformed', 'the index is malformed', {
    errors: digests.flatMap((digest, place) =>
      nested.has(digest)
        ? [{ path: `manifests[${place}].digest`, message: 'must be a manifest, and is an index' }]
        : [],
    ),
  });
}
