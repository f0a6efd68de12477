import { Module } from '@nestjs/common';
import { FactStore } from '../facts/fact.store.js';
import { FactsModule } from '../facts/facts.module.js';
import { HistoryModule } from '../history/history.module.js';
import { ImageStateStore } from '../images/image-state.store.js';
import { ImagesModule } from '../images/images.module.js';
import { TrustModule } from '../trust/trust.module.js';
import { TrustStore } from '../trust/trust.store.js';
import { CelEngine } from './cel.js';
import { PolicyService } from './policy.service.js';
import { PolicyStore } from './policy.store.js';
import { VerdictService } from './verdict.service.js';
import { VerdictStore } from './verdict.store.js';
import { WaiverService } from './waiver.service.js';
import { WaiverStore } from './waiver.store.js';

@Module({
  imports: [FactsModule, HistoryModule, ImagesModule, TrustModule],
  providers: [
    PolicyStore,
    PolicyService,
    VerdictStore,
    WaiverStore,
    WaiverService,
    { provide: CelEngine, useFactory: () => new CelEngine() },
    {
      provide: VerdictService,
      inject: [ImageStateStore, FactStore, TrustStore, PolicyStore, WaiverStore, VerdictStore, CelEngine],
      useFactory: (
        images: ImageStateStore,
        facts: FactStore,
        trust: TrustStore,
        policies: PolicyStore,
        waivers: WaiverStore,
        verdicts: VerdictStore,
        cel: CelEngine,
      ) => new VerdictService({ images, facts, trust, policies, waivers, verdicts, cel, ownKeys: new Set() }),
    },
  ],
  exports: [CelEngine, PolicyService, PolicyStore, VerdictService, VerdictStore, WaiverService],
})
export class PolicyModule {}
