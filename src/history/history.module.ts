import { Module } from '@nestjs/common';
import type { Config } from '../platform/config.js';
import { Database } from '../platform/database.js';
import { Degradations } from '../platform/degradations.js';
import { logKeyFile } from '../platform/log-key-file.js';
import type { Logger } from '../platform/logger.js';
import { Metrics } from '../platform/metrics.js';
import { CONFIG, LOGGER } from '../platform/platform-parts.js';
import { HistoryFeed } from './history-feed.service.js';
import { HistorySequencer } from './history.sequencer.js';
import { HistoryStore } from './history.store.js';
import { LogService } from './log.service.js';
import { LogStore } from './log.store.js';
import { parseNoteKeys, SealingRefused, type SealingSettings } from './log-settings.js';
import { TimelineStore } from './timeline.store.js';

@Module({
  providers: [
    HistoryStore,
    LogStore,
    LogService,
    TimelineStore,
    {
      provide: HistoryFeed,
      inject: [HistoryStore, LOGGER],
      useFactory: (store: HistoryStore, logger: Logger) =>
        new HistoryFeed(store, (error) => {
          logger.warn({ err: error }, 'the account could not be looked at for those who follow it');
        }),
    },
  ],
  exports: [HistoryFeed, HistoryStore, LogService, LogStore, TimelineStore],
})
export class HistoryModule {}

/** Runs a sequencer as long as the application runs. */
@Module({
  providers: [
    {
      provide: HistorySequencer,
      inject: [Database, CONFIG, LOGGER, Metrics, Degradations],
      useFactory: (
        database: Database,
        config: Config,
        logger: Logger,
        metrics: Metrics,
        degradations: Degradations,
      ) => {
        const size = metrics.gauge('log_size', 'Leaves of the log when this process sealed it last');
        const refused = metrics.gauge(
          'log_sealing_refused',
          '1 while this process must not seal the log, and says why in its own log',
        );
        const note = (isRefused: boolean): void => {
          refused.set(isRefused ? 1 : 0);
          degradations.note('sealing', isRefused);
        };
        return new HistorySequencer(database, sealingSettings(config), {
          onFailure: (error) => {
            const isRefused = error instanceof SealingRefused;
            note(isRefused);
            if (isRefused) logger.error({ err: error }, 'the log is not sealed by this process');
            else logger.warn({ err: error }, 'the sequencer lost its session and opens another');
          },
          onSealed: (leaves) => {
            note(false);
            size.set(leaves);
          },
        });
      },
    },
  ],
})
export class HistorySequencerModule {}

function sealingSettings({ log, dataDir }: Config): SealingSettings {
  return {
    privateKey: log.privateKey ?? logKeyFile(dataDir),
    origin: log.origin,
    defaultOrigin: log.defaultOrigin,
    retired: parseNoteKeys('ASSAY_LOG_RETIRED_VKEYS', log.retired, 'ed25519'),
  };
}
