import { z } from 'zod';
import type { Sha256Digest } from '../intoto/digest.js';
import type { ManifestRow } from './image-index.store.js';

export const manifestsAnswer = z.object({
  digest: z.string().describe('Of the index'),
  manifests: z.array(
    z.object({
      digest: z.string(),
      mediaType: z.string(),
      platform: z
        .object({ os: z.string(), architecture: z.string(), variant: z.string().nullable() })
        .nullable()
        .describe('null where the index names none'),
      artifactType: z.string().nullable(),
      runnable: z.boolean().describe('false for the platform unknown/unknown, such as attestations beside images'),
    }),
  ),
});

/** The manifests of an index as they are answered. */
export function toManifestsAnswer(
  digest: Sha256Digest,
  manifests: readonly ManifestRow[],
): z.infer<typeof manifestsAnswer> {
  return {
    digest,
    manifests: manifests.map(({ os, architecture, variant, ...manifest }) => ({
      ...manifest,
      platform: os === null || architecture === null ? null : { os, architecture, variant },
    })),
  };
}
