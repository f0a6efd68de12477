import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Database } from './database.js';

/** Ranges are made months ahead, so a look now and then is enough. */
const EVERY_MS = 6 * 3_600_000;

/**
 * Has the ranges made into which growing tables will be written next. Any number of processes may: one works, the others
 * leave it to that one. What falls into none is kept in a default range, so nothing depends on it but tidiness.
 */
export class PartitionKeeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | null = null;
  private working: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: Database,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  onApplicationBootstrap(): void {
    const look = (): void => {
      this.working = this.add().catch(this.onFailure);
    };
    look();
    this.timer = setInterval(look, EVERY_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.working;
  }

  /** Durable on return; repetition changes nothing. */
  async add(): Promise<void> {
    await this.database.pool.query('select assay_add_partitions()');
  }
}
