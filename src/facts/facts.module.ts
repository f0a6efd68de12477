import { Module } from '@nestjs/common';
import { FactStore } from './fact.store.js';
import { ImageSignersStore } from './image-signers.store.js';
import { PastFactStore } from './past-facts.store.js';

@Module({
  providers: [FactStore, ImageSignersStore, PastFactStore],
  exports: [FactStore, ImageSignersStore, PastFactStore],
})
export class FactsModule {}
