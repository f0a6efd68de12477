import { Module } from '@nestjs/common';
import { ImageStateStore } from './image-state.store.js';
import { ImageSummaryStore } from './image-summary.store.js';
import { ImageStore } from './image.store.js';

@Module({
  providers: [ImageStore, ImageStateStore, ImageSummaryStore],
  exports: [ImageStore, ImageStateStore, ImageSummaryStore],
})
export class ImagesModule {}
