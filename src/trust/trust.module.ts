import { Module } from '@nestjs/common';
import { HistoryModule } from '../history/history.module.js';
import { TrustController } from './trust.controller.js';
import { TrustStore } from './trust.store.js';

@Module({
  imports: [HistoryModule],
  controllers: [TrustController],
  providers: [TrustStore],
  exports: [TrustStore],
})
export class TrustModule {}
