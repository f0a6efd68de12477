import { Module } from '@nestjs/common';
import { FactStore } from './fact.store.js';
import { PastFactStore } from './past-facts.store.js';

@Module({ providers: [FactStore, PastFactStore], exports: [FactStore, PastFactStore] })
export class FactsModule {}
