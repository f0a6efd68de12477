import { Module } from '@nestjs/common';
import { Database } from '../platform/database.js';
import type { Logger } from '../platform/logger.js';
import { LOGGER } from '../platform/platform-parts.js';
import { HistorySequencer } from './history.sequencer.js';
import { HistoryStore } from './history.store.js';

@Module({ providers: [HistoryStore], exports: [HistoryStore] })
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
