import { Module } from '@nestjs/common';
import { ImageRelationStore } from './image-relation.store.js';
import { ImageStateStore } from './image-state.store.js';
import { ImageStore } from './image.store.js';

const STORES = [ImageRelationStore, ImageStateStore, ImageStore];

@Module({ providers: STORES, exports: STORES })
export class ImagesModule {}
