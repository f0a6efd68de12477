import { Module, type DynamicModule, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { HistorySequencerModule } from './history/history.module.js';
import { PartitionKeeperModule } from './platform/partition-keeper.module.js';
import { PlatformModule, type PlatformParts } from './platform/platform.module.js';
import { VerificationModule } from './verification/verification.module.js';
import { startPublicGoodRefresh } from './refresh-public-good.js';
import { TrustModule } from './trust/trust.module.js';
import { startVerifyWorkers, type VerifyWorkers } from './verify-workers.js';

/** What goes on without being asked. It serves no route. */
@Module({ imports: [HistorySequencerModule, PartitionKeeperModule, TrustModule, VerificationModule] })
export class WorkerModule implements OnApplicationBootstrap, OnApplicationShutdown {
  private workers: VerifyWorkers | null = null;
  private stopRefresh: () => void = () => undefined;

  constructor(private readonly rooms: ModuleRef) {}

  static of(parts: PlatformParts): DynamicModule {
    return { module: WorkerModule, imports: [PlatformModule.of(parts)] };
  }

  onApplicationBootstrap(): void {
    this.workers = startVerifyWorkers(this.rooms);
    this.stopRefresh = startPublicGoodRefresh(this.rooms);
  }

  /** Resolves when the jobs under way are done. */
  async onApplicationShutdown(): Promise<void> {
    this.stopRefresh();
    await this.workers?.close();
  }
}
