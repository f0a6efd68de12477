import { Module } from '@nestjs/common';
import { HistoryModule } from '../history/history.module.js';
import { LegalHoldStore } from './legal-hold.store.js';

@Module({ imports: [HistoryModule], providers: [LegalHoldStore], exports: [LegalHoldStore] })
export class RetentionModule {}
