import { Module } from '@nestjs/common';
import { FactStore } from '../facts/fact.store.js';
import { FactsModule } from '../facts/facts.module.js';
import { PastFactStore } from '../facts/past-facts.store.js';
import { ImageSignersStore } from '../facts/image-signers.store.js';
import { HistoryModule } from '../history/history.module.js';
import { ImageRelationStore } from '../images/image-relation.store.js';
import { HistoryStore } from '../history/history.store.js';
import { LogService } from '../history/log.service.js';
import { TimelineStore } from '../history/timeline.store.js';
import { ImageStateStore } from '../images/image-state.store.js';
import { ImageSummaryStore } from '../images/image-summary.store.js';
import { ImagesModule } from '../images/images.module.js';
import type { Config } from '../platform/config.js';
import { CONFIG } from '../platform/platform-parts.js';
import { TrustModule } from '../trust/trust.module.js';
import { TrustStore } from '../trust/trust.store.js';
import { CelEngine } from './cel.js';
import { ImpactStore } from './impact.store.js';
import { PastVerdictService } from './past-verdict.service.js';
import { PolicyService } from './policy.service.js';
import { PolicyStore } from './policy.store.js';
import { RecordedQuestionStore } from './recorded-question.store.js';
import { SERVICE_KEYS, serviceKeys, type ServiceKeys } from './service-keys.js';
import {
  VERDICT_HISTORY,
  VERDICT_SIGNING,
  verdictSigning,
  type VerdictHistory,
  type VerdictSigning,
} from './sign-verdict.js';
import { TimelineService } from './timeline.service.js';
import { VerdictService } from './verdict.service.js';
import { VerdictRecordStore } from './verdict-record.store.js';
import { VerdictStore } from './verdict.store.js';
import { WaiverService } from './waiver.service.js';
import { WaiverStore } from './waiver.store.js';

@Module({
  imports: [FactsModule, HistoryModule, ImagesModule, TrustModule],
  providers: [
    ImpactStore,
    PolicyStore,
    PolicyService,
    RecordedQuestionStore,
    VerdictRecordStore,
    VerdictStore,
    WaiverStore,
    WaiverService,
    { provide: CelEngine, useFactory: () => new CelEngine() },
    { provide: SERVICE_KEYS, inject: [CONFIG], useFactory: (config: Config) => serviceKeys(config) },
    {
      provide: VerdictService,
      inject: [
        ImageStateStore,
        ImageRelationStore,
        FactStore,
        TrustStore,
        PolicyStore,
        WaiverStore,
        VerdictRecordStore,
        CelEngine,
        SERVICE_KEYS,
      ],
      useFactory: (
        images: ImageStateStore,
        relations: ImageRelationStore,
        facts: FactStore,
        trust: TrustStore,
        policies: PolicyStore,
        waivers: WaiverStore,
        records: VerdictRecordStore,
        cel: CelEngine,
        keys: ServiceKeys,
      ) =>
        new VerdictService({
          images,
          relations,
          facts,
          trust,
          policies,
          waivers,
          records,
          cel,
          ownKeys: keys.thumbprints,
        }),
    },
    {
      provide: VERDICT_HISTORY,
      inject: [HistoryStore, LogService],
      useFactory: (history: HistoryStore, log: LogService): VerdictHistory => ({
        entryOfVerdict: (id) => history.entryOfVerdict(id),
        proofText: (sequence) => log.proofText(sequence),
      }),
    },
    {
      provide: VERDICT_SIGNING,
      inject: [SERVICE_KEYS, PolicyStore, CONFIG, VERDICT_HISTORY],
      useFactory: (
        { signer }: ServiceKeys,
        policies: PolicyStore,
        { publicUrl }: Config,
        history: VerdictHistory,
      ): VerdictSigning => verdictSigning({ signer, policies, publicUrl, history }),
    },
    {
      provide: PastVerdictService,
      inject: [
        PastFactStore,
        FactStore,
        ImageRelationStore,
        TrustStore,
        PolicyStore,
        WaiverStore,
        VerdictStore,
        VerdictService,
        CelEngine,
        SERVICE_KEYS,
      ],
      useFactory: (
        pastFacts: PastFactStore,
        facts: FactStore,
        relations: ImageRelationStore,
        trust: TrustStore,
        policies: PolicyStore,
        waivers: WaiverStore,
        verdicts: VerdictStore,
        present: VerdictService,
        cel: CelEngine,
        keys: ServiceKeys,
      ) =>
        new PastVerdictService({
          pastFacts,
          facts,
          relations,
          trust,
          policies,
          waivers,
          verdicts,
          present,
          cel,
          ownKeys: keys.thumbprints,
        }),
    },
    {
      provide: TimelineService,
      inject: [
        TimelineStore,
        ImageSignersStore,
        ImageSummaryStore,
        TrustStore,
        PolicyStore,
        RecordedQuestionStore,
        WaiverStore,
      ],
      useFactory: (
        timelines: TimelineStore,
        signers: ImageSignersStore,
        summaries: ImageSummaryStore,
        trust: TrustStore,
        policies: PolicyStore,
        questions: RecordedQuestionStore,
        waivers: WaiverStore,
      ) => new TimelineService({ timelines, signers, summaries, trust, policies, questions, waivers }),
    },
  ],
  exports: [
    CelEngine,
    ImpactStore,
    PastVerdictService,
    PolicyService,
    PolicyStore,
    RecordedQuestionStore,
    SERVICE_KEYS,
    VERDICT_HISTORY,
    VERDICT_SIGNING,
    TimelineService,
    VerdictService,
    VerdictStore,
    WaiverService,
    WaiverStore,
  ],
})
export class PolicyModule {}
