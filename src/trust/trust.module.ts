import { Module } from '@nestjs/common';
import { HistoryModule } from '../history/history.module.js';
import { TRUST_ROOT_FORMATS, trustRootFormats } from './trust-root-formats.js';
import { SignedImagesStore } from './signed-images.store.js';
import { SignedStatementStore } from './signed-statement.store.js';
import { TrustStore } from './trust.store.js';

@Module({
  imports: [HistoryModule],
  providers: [
    TrustStore,
    SignedImagesStore,
    SignedStatementStore,
    { provide: TRUST_ROOT_FORMATS, useValue: trustRootFormats },
  ],
  exports: [TrustStore, SignedImagesStore, SignedStatementStore, TRUST_ROOT_FORMATS],
})
export class TrustModule {}
