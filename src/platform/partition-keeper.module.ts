import { Module } from '@nestjs/common';
import { Database } from './database.js';
import type { Logger } from './logger.js';
import { PartitionKeeper } from './partition-keeper.js';
import { LOGGER } from './platform-parts.js';

/** Keeps ranges ahead of what grows as long as the application runs. */
@Module({
  providers: [
    {
      provide: PartitionKeeper,
      inject: [Database, LOGGER],
      useFactory: (database: Database, logger: Logger) =>
        new PartitionKeeper(database, (error) => {
          logger.warn({ err: error }, 'no ranges were made ahead; what falls into none is kept in the default one');
        }),
    },
  ],
})
export class PartitionKeeperModule {}
