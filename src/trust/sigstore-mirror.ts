import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { DEFAULT_MIRROR_URL, getTrustedRoot } from '@sigstore/tuf';
import { z } from 'zod';
import { parseTrustRoot, type TrustRoot } from '../intoto/sigstore/trust-root.js';

const require = createRequire(import.meta.url);
const seeds = z.record(z.string(), z.object({ 'root.json': z.base64() }));

/** Of one request; a refresh makes a handful. */
const REQUEST_TIMEOUT_MS = 10_000;

export interface SigstoreMirror {
  /** Where a TUF repository of the public Sigstore instance is served. */
  readonly url: string;
  /** Keeps what was verified, so that the next refresh begins there and no older metadata is taken (TUF, 5.3 and 5.4). */
  readonly cacheDir: string;
  /** The TUF root that everything is verified from; where it is not given, the one that came with this release. */
  readonly firstRoot?: Buffer;
}

/**
 * The trust root of the public Sigstore instance as a mirror has it, verified by The Update Framework from the root that
 * came with this release: a mirror can withhold what is new, and invent nothing. Throws where it cannot be had or verified.
 */
export async function fetchPublicGoodRoot({ url, cacheDir, firstRoot }: SigstoreMirror): Promise<TrustRoot> {
  await mkdir(cacheDir, { recursive: true });
  const rootPath = join(cacheDir, 'root.json');
  await writeFile(rootPath, firstRoot ?? releasedRoot());
  const root = await getTrustedRoot({
    mirrorURL: url,
    cachePath: cacheDir,
    rootPath,
    retry: 1,
    timeout: REQUEST_TIMEOUT_MS,
  });
  return parseTrustRoot(TrustedRoot.toJSON(root));
}

function releasedRoot(): Buffer {
  const seed = seeds.parse(require('@sigstore/tuf/seeds.json'))[DEFAULT_MIRROR_URL];
  if (seed === undefined) throw new Error('@sigstore/tuf ships no root of the public instance');
  return Buffer.from(seed['root.json'], 'base64');
}
