import { Module } from '@nestjs/common';
import { ImageStateStore } from './image-state.store.js';
import { ImageStore } from './image.store.js';

@Module({ providers: [ImageStore, ImageStateStore], exports: [ImageStore, ImageStateStore] })
export class ImagesModule {}
