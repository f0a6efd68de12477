import { Module } from '@nestjs/common';
import { FactStore } from './fact.store.js';

@Module({ providers: [FactStore], exports: [FactStore] })
export class FactsModule {}
