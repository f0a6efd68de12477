import { Module } from '@nestjs/common';
import { HistoryModule } from '../history/history.module.js';
import { TrustStore } from './trust.store.js';

@Module({
  imports: [HistoryModule],
  providers: [TrustStore],
  exports: [TrustStore],
})
export class TrustModule {}
