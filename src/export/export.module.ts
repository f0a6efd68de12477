import { Module } from '@nestjs/common';
import { HistoryModule } from '../history/history.module.js';
import { HistoryStore } from '../history/history.store.js';
import { PolicyModule } from '../policy/policy.module.js';
import { TimelineService } from '../policy/timeline.service.js';
import { NO_PROOFS } from './archive.js';
import { ArchiveService } from './archive.service.js';
import { ArchiveStore } from './archive.store.js';

@Module({
  imports: [HistoryModule, PolicyModule],
  providers: [
    ArchiveStore,
    {
      provide: ArchiveService,
      inject: [ArchiveStore, HistoryStore, TimelineService],
      useFactory: (store: ArchiveStore, history: HistoryStore, timelines: TimelineService) =>
        new ArchiveService({ store, history, timelines, proofs: NO_PROOFS }),
    },
  ],
  exports: [ArchiveService],
})
export class ExportModule {}
