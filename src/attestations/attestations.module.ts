import { Module } from '@nestjs/common';
import { AttestationStore } from './attestation.store.js';
import { HistoryModule } from '../history/history.module.js';
import { ImagesModule } from '../images/images.module.js';
import { ImageIndexStore } from './image-index.store.js';
import { IngestStore } from './ingest.store.js';

@Module({
  imports: [HistoryModule, ImagesModule],
  providers: [AttestationStore, ImageIndexStore, IngestStore],
  exports: [AttestationStore, ImageIndexStore, IngestStore],
})
export class AttestationsModule {}
