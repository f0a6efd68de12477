import { Module } from '@nestjs/common';
import { FactsModule } from '../facts/facts.module.js';
import { HistoryModule } from '../history/history.module.js';
import { ImagesModule } from '../images/images.module.js';
import { TrustModule } from '../trust/trust.module.js';
import { DueEvidenceStore } from './due-evidence.store.js';
import { EvidenceReader } from './evidence-reader.service.js';
import { VerificationService } from './verification.service.js';
import { VerificationStore } from './verification.store.js';

@Module({
  imports: [FactsModule, HistoryModule, ImagesModule, TrustModule],
  providers: [
    DueEvidenceStore,
    { provide: EvidenceReader, useFactory: () => new EvidenceReader() },
    VerificationService,
    VerificationStore,
  ],
  exports: [DueEvidenceStore, EvidenceReader, VerificationService, VerificationStore],
})
export class VerificationModule {}
