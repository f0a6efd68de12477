import { Module } from '@nestjs/common';
import { FactsModule } from '../facts/facts.module.js';
import { HistoryModule } from '../history/history.module.js';
import { ImagesModule } from '../images/images.module.js';
import { TrustModule } from '../trust/trust.module.js';
import { EnvelopeReader } from './envelope-reader.service.js';
import { VerificationService } from './verification.service.js';
import { VerificationStore } from './verification.store.js';

@Module({
  imports: [FactsModule, HistoryModule, ImagesModule, TrustModule],
  providers: [
    { provide: EnvelopeReader, useFactory: () => new EnvelopeReader() },
    VerificationService,
    VerificationStore,
  ],
  exports: [VerificationService, VerificationStore],
})
export class VerificationModule {}
