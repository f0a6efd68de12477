import { Module } from '@nestjs/common';
import { ImageRelationStore } from './image-relation.store.js';
import { ImageSearchStore } from './image-search.store.js';
import { ImageStateStore } from './image-state.store.js';
import { ImageSummaryStore } from './image-summary.store.js';
import { ImageStore } from './image.store.js';

const STORES = [ImageRelationStore, ImageSearchStore, ImageStateStore, ImageStore, ImageSummaryStore];

@Module({ providers: STORES, exports: STORES })
export class ImagesModule {}
