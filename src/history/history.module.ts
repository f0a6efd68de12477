import { Logger, Module } from '@nestjs/common';
import { Database } from '../platform/database.js';
import { HistorySequencer } from './history.sequencer.js';
import { HistoryStore } from './history.store.js';

@Module({ providers: [HistoryStore], exports: [HistoryStore] })
export class HistoryModule {}

/** Runs a sequencer as long as the application runs. */
@Module({
  providers: [
    {
      provide: HistorySequencer,
      inject: [Database],
      useFactory: (database: Database): HistorySequencer => {
        const logger = new Logger(HistorySequencer.name);
        return new HistorySequencer(database, (error) => {
          logger.warn(`opens another session, since the last one failed: ${String(error)}`);
        });
      },
    },
  ],
})
export class HistorySequencerModule {}
