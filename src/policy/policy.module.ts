import { Module } from '@nestjs/common';
import { FactStore } from '../facts/fact.store.js';
import { FactsModule } from '../facts/facts.module.js';
import { PastFactStore } from '../facts/past-facts.store.js';
import { HistoryModule } from '../history/history.module.js';
import { ImageStateStore } from '../images/image-state.store.js';
import { ImagesModule } from '../images/images.module.js';
import { TrustModule } from '../trust/trust.module.js';
import { TrustStore } from '../trust/trust.store.js';
import { CelEngine } from './cel.js';
import { noWaivers, PastVerdictService } from './past-verdict.service.js';
import { PolicyService } from './policy.service.js';
import { PolicyStore } from './policy.store.js';
import { VerdictService } from './verdict.service.js';
import { VerdictStore } from './verdict.store.js';

@Module({
  imports: [FactsModule, HistoryModule, ImagesModule, TrustModule],
  providers: [
    PolicyStore,
    PolicyService,
    VerdictStore,
    { provide: CelEngine, useFactory: () => new CelEngine() },
    {
      provide: VerdictService,
      inject: [ImageStateStore, FactStore, TrustStore, PolicyStore, VerdictStore, CelEngine],
      useFactory: (
        images: ImageStateStore,
        facts: FactStore,
        trust: TrustStore,
        policies: PolicyStore,
        verdicts: VerdictStore,
        cel: CelEngine,
      ) => new VerdictService({ images, facts, trust, policies, verdicts, cel, ownKeys: new Set() }),
    },
    {
      provide: PastVerdictService,
      inject: [PastFactStore, TrustStore, PolicyStore, VerdictStore, VerdictService],
      useFactory: (
        facts: PastFactStore,
        trust: TrustStore,
        policies: PolicyStore,
        verdicts: VerdictStore,
        evaluation: VerdictService,
      ) => new PastVerdictService({ facts, trust, policies, verdicts, evaluation, waiversAsOf: noWaivers }),
    },
  ],
  exports: [CelEngine, PastVerdictService, PolicyService, PolicyStore, VerdictService, VerdictStore],
})
export class PolicyModule {}
