import { Module } from '@nestjs/common';
import { HistoryModule } from '../history/history.module.js';
import { HistoryStore } from '../history/history.store.js';
import { LogService } from '../history/log.service.js';
import { PolicyModule } from '../policy/policy.module.js';
import { TimelineService } from '../policy/timeline.service.js';
import { ArchiveService } from './archive.service.js';
import { ArchiveStore } from './archive.store.js';
import { logProofs } from './log-proofs.js';

@Module({
  imports: [HistoryModule, PolicyModule],
  providers: [
    ArchiveStore,
    {
      provide: ArchiveService,
      inject: [ArchiveStore, HistoryStore, LogService, TimelineService],
      useFactory: (store: ArchiveStore, history: HistoryStore, log: LogService, timelines: TimelineService) =>
        new ArchiveService({ store, history, timelines, proofs: logProofs(log) }),
    },
  ],
  exports: [ArchiveService],
})
export class ExportModule {}
