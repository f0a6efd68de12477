import type { INestApplicationContext } from '@nestjs/common';
import { Authenticator } from './access/authenticator.js';
import { AttestationStore } from './attestations/attestation.store.js';
import { evidenceRoute } from './attestations/evidence.routes.js';
import { createIngest } from './attestations/ingest.service.js';
import { IngestStore } from './attestations/ingest.store.js';
import type { VerifyJob } from './attestations/verify-queue.js';
import { ImageStateStore } from './images/image-state.store.js';
import type { AttestationId } from './intoto/digest.js';
import { coalesce } from './platform/coalesce.js';
import type { Logger } from './platform/logger.js';
import type { Metrics } from './platform/metrics.js';
import type { RawRoute } from './platform/raw-route.js';
import { verdictRoutes } from './policy/verdict.routes.js';
import { VerdictService } from './policy/verdict.service.js';

const MOST_READ_TOGETHER = 500;

export interface HotRoutesOptions {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly enqueue: (job: VerifyJob) => Promise<void>;
}

/** The routes that pipelines and gates call all day, composed from the application's rooms. */
export function hotRoutes(app: INestApplicationContext, { metrics, logger, enqueue }: HotRoutesOptions): RawRoute[] {
  const authenticator = app.get(Authenticator, { strict: false });
  const attestations = app.get(AttestationStore, { strict: false });
  const received = metrics.counter(
    'evidence_posted_total',
    'Attestations in accepted requests, repeated ones included',
  );
  const ingestSeconds = metrics.histogram('evidence_post_seconds', 'Time to answer a POST of evidence, waits included');
  const unqueued = metrics.counter(
    'verify_jobs_not_queued_total',
    'Jobs left to the sweeper because the queue was away',
  );
  const verdictSeconds = metrics.histogram('verdict_seconds', 'Time to answer a request for verdicts', ['route']);
  const decisions = metrics.counter('verdicts_total', 'Verdicts given', ['decision', 'from']);
  const verdicts = app.get(VerdictService, { strict: false });
  verdicts.onVerdict = (decision, from) => {
    decisions.inc({ decision, from });
  };
  return [
    evidenceRoute({
      authenticator,
      port: {
        ingest: createIngest({
          store: app.get(IngestStore, { strict: false }),
          enqueue,
          onEnqueueFailure: (error, ids) => {
            unqueued.inc();
            logger.warn({ err: error, attestations: ids.length }, 'the queue is away; the sweeper will find these');
          },
        }),
        find: coalesce(
          async (ids: readonly AttestationId[]) =>
            new Map((await attestations.findMany(ids)).map((row) => [row.id, row])),
          { maxBatch: MOST_READ_TOGETHER },
        ),
        isExamined: coalesce(
          async (ids: readonly AttestationId[]) =>
            new Map([...(await attestations.examined(ids))].map((id) => [id, true])),
          { maxBatch: MOST_READ_TOGETHER },
        ),
      },
      onPosted: (count, seconds) => {
        received.inc(count);
        ingestSeconds.observe(seconds);
      },
    }),
    ...verdictRoutes({
      authenticator,
      images: app.get(ImageStateStore, { strict: false }),
      verdicts,
      onAnswered: (route, seconds) => {
        verdictSeconds.observe({ route }, seconds);
      },
    }),
  ];
}
