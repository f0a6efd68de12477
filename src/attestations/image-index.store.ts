import { Injectable } from '@nestjs/common';
import { HistoryStore } from '../history/history.store.js';
import { ImageStore } from '../images/image.store.js';
import type { Sha256Digest } from '../intoto/digest.js';
import type { ImageIndex } from '../intoto/image-index.js';
import { Database, namedQuery } from '../platform/database.js';
import { inTransaction } from '../platform/transaction.js';

/** An index as it was posted, and what was read of it. */
export interface PostedIndex {
  readonly digest: Sha256Digest;
  /** They hash to the digest. */
  readonly bytes: Buffer;
  readonly index: ImageIndex;
  readonly actor: string;
}

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

/** Which manifests an index consists of. A digest names its bytes, so what is recorded never changes. */
@Injectable()
export class ImageIndexStore {
  constructor(
    private readonly database: Database,
    private readonly images: ImageStore,
    private readonly history: HistoryStore,
  ) {}

  /**
   * Records an index with its manifests and one entry of the account. False where it was on record already, and then
   * changes nothing. Durable on return.
   *
   * Revisions stay as they are: no verdict looks at what an index consists of, and a replay tells by an image's revision
   * how much of its evidence a verdict had seen.
   */
  async insert({ digest, bytes, index, actor }: PostedIndex): Promise<boolean> {
    const { mediaType, manifests } = index;
    return inTransaction(this.database.dataSource, async (tx) => {
      const concerned = [...new Set([digest, ...manifests.map((manifest) => manifest.digest)])];
      await this.images.lock(tx, concerned);
      const inserted: readonly unknown[] = await tx.query(
        `insert into image_indexes (digest, bytes, media_type, received_by) values ($1, $2, $3, $4)
         on conflict (digest) do nothing returning digest`,
        [digest, bytes, mediaType, actor],
      );
      if (inserted.length === 0) return false;
      await tx.query(
        `insert into image_manifests
           (index_digest, place, manifest, media_type, os, architecture, variant, artifact_type, runnable)
         select $1, t.place - 1, t.manifest, t.media_type, t.os, t.architecture, t.variant, t.artifact_type, t.runnable
         from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[]) with ordinality
           as t (manifest, media_type, os, architecture, variant, artifact_type, runnable, place)`,
        [
          digest,
          manifests.map((manifest) => manifest.digest),
          manifests.map((manifest) => manifest.mediaType),
          manifests.map(({ platform }) => platform?.os ?? null),
          manifests.map(({ platform }) => platform?.architecture ?? null),
          manifests.map(({ platform }) => platform?.variant ?? null),
          manifests.map(({ artifactType }) => artifactType),
          manifests.map(({ runnable }) => runnable),
        ],
      );
      const data = { manifests: manifests.length, size: bytes.length };
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
