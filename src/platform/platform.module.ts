import { Module, type DynamicModule } from '@nestjs/common';
import type { Config } from './config.js';
import { Database } from './database.js';
import { Degradations } from './degradations.js';
import { HealthController } from './health.controller.js';
import type { Logger } from './logger.js';
import { Metrics } from './metrics.js';
import { CONFIG, LOGGER, QUEUES } from './platform-parts.js';
import type { Queues } from './queue.js';

/** What a process has opened before its application is made; it also closes it afterwards. */
export interface PlatformParts {
  readonly config: Config;
  readonly database: Database;
  readonly queues: Queues;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly degradations: Degradations;
}

/** Provides the parts to every room: Database, Metrics and Degradations by their class, the others under the names of `platform-parts`. */
@Module({})
export class PlatformModule {
  static of({ config, database, queues, logger, metrics, degradations }: PlatformParts): DynamicModule {
    const providers = [
      { provide: CONFIG, useValue: config },
      { provide: Database, useValue: database },
      { provide: QUEUES, useValue: queues },
      { provide: LOGGER, useValue: logger },
      { provide: Metrics, useValue: metrics },
      { provide: Degradations, useValue: degradations },
    ];
    return { module: PlatformModule, global: true, providers, exports: providers, controllers: [HealthController] };
  }
}
