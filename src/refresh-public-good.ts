import { join } from 'node:path';
import type { ModuleRef } from '@nestjs/core';
import { SERVICE_ACTOR } from './history/history-entry.js';
import type { Logger } from './platform/logger.js';
import { CONFIG, LOGGER } from './platform/platform-parts.js';
import type { Config } from './platform/config.js';
import { fetchPublicGoodRoot } from './trust/sigstore-mirror.js';
import { putRoot } from './trust/trust-root-change.js';
import { TrustStore } from './trust/trust.store.js';

const FIRST_MS = 5_000;
const DAY_MS = 24 * 3_600_000;
const RETRY_MS = 3_600_000;

/**
 * Looks the trust root of the public Sigstore instance up once a day, where a mirror is configured, and puts on record what
 * has changed. Nothing waits for it: until it succeeds, and where it fails, the root that is on record goes on counting.
 *
 * @returns ends it.
 */
export function startPublicGoodRefresh(app: ModuleRef): () => void {
  const { sigstoreMirrorUrl: url, dataDir } = app.get<Config>(CONFIG, { strict: false });
  if (url === null) return () => undefined;
  const logger = app.get<Logger>(LOGGER, { strict: false });
  const store = app.get(TrustStore, { strict: false });
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const next = (pause: number): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      refresh(store, { url, cacheDir: join(dataDir, 'sigstore') }).then(
        (changed) => {
          if (changed) logger.info('the trust root of the public Sigstore instance has changed and is on record');
          next(DAY_MS);
        },
        (error: unknown) => {
          logger.warn({ err: error, url }, 'the trust root of the public Sigstore instance could not be looked up');
          next(RETRY_MS);
        },
      );
    }, pause);
    timer.unref();
  };
  next(FIRST_MS);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

async function refresh(store: TrustStore, mirror: Parameters<typeof fetchPublicGoodRoot>[0]): Promise<boolean> {
  const root = await fetchPublicGoodRoot(mirror);
  const { change } = await store.change(SERVICE_ACTOR, (trust) => putRoot(trust, 'public-good', root));
  return change !== null;
}
