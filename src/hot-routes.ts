import type { INestApplicationContext } from '@nestjs/common';
import { hotAuthentication } from './access/access.guard.js';
import { Authenticator } from './access/authenticator.js';
import { getCaller } from './access/request-caller.js';
import { createAnnouncer } from './attestations/announce-received.js';
import { AttestationStore } from './attestations/attestation.store.js';
import { EVIDENCE_OPERATION, evidenceRoute } from './attestations/evidence.routes.js';
import { IMAGE_INDEX_OPERATION, imageIndexRoute } from './attestations/image-index.routes.js';
import { ImageIndexStore } from './attestations/image-index.store.js';
import { createIngest } from './attestations/ingest.service.js';
import { IngestStore } from './attestations/ingest.store.js';
import { VERIFY_QUEUE } from './attestations/verify-queue.js';
import { COSIGNATURE_ROLES, COSIGNATURES_OPERATION, cosignaturesRoute } from './history/cosignatures.routes.js';
import { WITNESSES } from './history/log.controller.js';
import { LogStore } from './history/log.store.js';
import type { NoteKey } from './history/note-key.js';
import { ImageStateStore } from './images/image-state.store.js';
import type { AttestationId } from './intoto/digest.js';
import { coalesce } from './platform/coalesce.js';
import type { Logger } from './platform/logger.js';
import { Metrics } from './platform/metrics.js';
import { LOGGER, QUEUES } from './platform/platform-parts.js';
import type { Queues } from './platform/queue.js';
import type { RawOperation } from './platform/raw-operation.js';
import type { RawRoute } from './platform/raw-route.js';
import { VERDICT_SIGNING, type VerdictSigning } from './policy/sign-verdict.js';
import { PastVerdictService } from './policy/past-verdict.service.js';
import { VERDICT_OPERATIONS, verdictRoutes } from './policy/verdict.routes.js';
import { VerdictService } from './policy/verdict.service.js';
import { TrustStore } from './trust/trust.store.js';
import { EvidenceReader } from './verification/evidence-reader.service.js';
import { previewEvidence } from './verification/preview-evidence.js';
import { verifyEnqueuer } from './verify-workers.js';

const MOST_READ_TOGETHER = 500;

/** What the API's description says of the hot routes. */
export const HOT_OPERATIONS: readonly RawOperation[] = [
  EVIDENCE_OPERATION,
  IMAGE_INDEX_OPERATION,
  COSIGNATURES_OPERATION,
  ...VERDICT_OPERATIONS,
];

/** The routes that pipelines and gates call all day, composed from the application's rooms. */
export function hotRoutes(app: INestApplicationContext): readonly RawRoute[] {
  const indexes = app.get(ImageIndexStore, { strict: false });
  const authenticator = app.get(Authenticator, { strict: false });
  const cosignatures = cosignaturesRoute({
    authenticate: hotAuthentication(authenticator, ...COSIGNATURE_ROLES),
    actorOf: (request) => getCaller(request).actor,
    store: app.get(LogStore, { strict: false }),
    witnesses: app.get<readonly NoteKey[]>(WITNESSES, { strict: false }),
  });
  return [postingEvidence(app), imageIndexRoute({ authenticator, indexes }), cosignatures, ...givingVerdicts(app)];
}

function postingEvidence(app: INestApplicationContext): RawRoute {
  const metrics = app.get(Metrics, { strict: false });
  const logger = app.get<Logger>(LOGGER, { strict: false });
  const attestations = app.get(AttestationStore, { strict: false });
  const enqueue = verifyEnqueuer(app.get<Queues>(QUEUES, { strict: false }).producer(VERIFY_QUEUE));
  const posted = metrics.counter('evidence_posted_total', 'Attestations in accepted requests, repeated ones included');
  const seconds = metrics.histogram('evidence_post_seconds', 'Time to answer a POST of evidence, waits included');
  const unqueued = metrics.counter(
    'attestations_not_queued_total',
    'Attestations left to the sweeper because the queue was away',
  );
  return evidenceRoute({
    authenticator: app.get(Authenticator, { strict: false }),
    port: {
      ingest: createIngest({
        store: app.get(IngestStore, { strict: false }),
        announce: createAnnouncer({
          enqueue,
          onFailure: (error, attestations) => {
            unqueued.inc(attestations);
            logger.warn({ err: error, attestations }, 'the queue is away; the sweeper will find these');
          },
        }),
      }),
      find: coalesce(
        async (ids: readonly AttestationId[]) =>
          new Map((await attestations.findMany(ids)).map((row) => [row.id, row])),
        { maxBatch: MOST_READ_TOGETHER },
      ),
      preview: async ({ bytes, format }) => {
        const { examination, at } = await previewEvidence(
          { bytes, format },
          { reader: app.get(EvidenceReader, { strict: false }), trust: app.get(TrustStore, { strict: false }) },
        );
        const { outcome, signers, proved, facts } = examination;
        return {
          verification: { ...outcome, at, signers, proved },
          // As of what is stored, facts are told of what is verified alone.
          facts: (outcome.outcome === 'verified' ? facts : []).map(({ content, ownTime }) => ({
            kind: content.kind,
            ownTime: ownTime === null ? null : new Date(ownTime),
            content,
          })),
        };
      },
      isExamined: coalesce(
        async (ids: readonly AttestationId[]) =>
          new Map([...(await attestations.examined(ids))].map((id) => [id, true])),
        { maxBatch: MOST_READ_TOGETHER },
      ),
    },
    onPosted: (count, took) => {
      posted.inc(count);
      seconds.observe(took);
    },
  });
}

function givingVerdicts(app: INestApplicationContext): readonly RawRoute[] {
  const metrics = app.get(Metrics, { strict: false });
  const verdicts = app.get(VerdictService, { strict: false });
  const seconds = metrics.histogram('verdict_seconds', 'Time to answer a request for verdicts', ['route']);
  const decisions = metrics.counter('verdicts_total', 'Verdicts given', ['decision', 'from']);
  verdicts.onVerdict = (decision, from) => {
    decisions.inc({ decision, from });
  };
  return verdictRoutes({
    authenticator: app.get(Authenticator, { strict: false }),
    images: app.get(ImageStateStore, { strict: false }),
    verdicts,
    signing: app.get<VerdictSigning>(VERDICT_SIGNING, { strict: false }),
    past: app.get(PastVerdictService, { strict: false }),
    onAnswered: (route, took) => {
      seconds.observe({ route }, took);
    },
  });
}
