import { Module } from '@nestjs/common';
import { Database } from '../platform/database.js';
import type { Logger } from '../platform/logger.js';
import { LOGGER } from '../platform/platform-parts.js';
import { HistoryFeed } from './history-feed.service.js';
import { HistorySequencer } from './history.sequencer.js';
import { HistoryStore } from './history.store.js';
import { TimelineStore } from './timeline.store.js';

@Module({
  providers: [
    HistoryStore,
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
  exports: [HistoryFeed, HistoryStore, TimelineStore],
})
export class HistoryModule {}

/** Runs a sequencer as long as the application runs. */
@Module({
  providers: [
    {
      provide: HistorySequencer,
      inject: [Database, LOGGER],
      useFactory: (database: Database, logger: Logger) =>
        new HistorySequencer(database, (error) => {
          logger.warn({ err: error }, 'the sequencer lost its session and opens another');
        }),
    },
  ],
})
export class HistorySequencerModule {}
