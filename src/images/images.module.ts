import { Module } from '@nestjs/common';
import { ImageSearchStore } from './image-search.store.js';
import { ImageStateStore } from './image-state.store.js';
import { ImageStore } from './image.store.js';

const STORES = [ImageSearchStore, ImageStateStore, ImageStore];

@Module({ providers: STORES, exports: STORES })
export class ImagesModule {}
