import type { ModuleRef } from '@nestjs/core';
import { VERIFY_QUEUE, type VerifyJob } from './attestations/verify-queue.js';
import { Database } from './platform/database.js';
import type { Logger } from './platform/logger.js';
import { Metrics } from './platform/metrics.js';
import { LOGGER, QUEUES } from './platform/platform-parts.js';
import type { Producer } from './platform/queue-producer.js';
import type { QueueWorker } from './platform/queue-worker.js';
import type { Queues } from './platform/queue.js';
import { DueEvidenceStore } from './verification/due-evidence.store.js';
import { PendingSweeper } from './verification/pending.sweeper.js';
import { createVerifyProcessor, VERIFY_ATTEMPTS, VERIFY_BACKOFF } from './verification/verify.processor.js';
import { VerificationService } from './verification/verification.service.js';

const CONCURRENT_JOBS = 2;
const SWEEP_EVERY_MS = 2_000;

export interface VerifyWorkers {
  /** Takes no more jobs, waits for those under way, and ends the sweeps. */
  close(): Promise<void>;
}

/** Hands verify jobs to the queue; every job of this service has the same tries and pauses. */
export function verifyEnqueuer(producer: Producer): (jobs: readonly VerifyJob[]) => Promise<void> {
  return (jobs) =>
    producer.add(
      jobs.map((data) => ({ name: 'verify', data, opts: { attempts: VERIFY_ATTEMPTS, backoff: VERIFY_BACKOFF } })),
    );
}

/** Starts the worker of the verify queue and the sweeper that finds what the queue forgot. */
export function startVerifyWorkers(app: ModuleRef): VerifyWorkers {
  const queues = app.get<Queues>(QUEUES, { strict: false });
  const metrics = app.get(Metrics, { strict: false });
  const logger = app.get<Logger>(LOGGER, { strict: false });
  const producer = queues.producer(VERIFY_QUEUE);
  const enqueue = verifyEnqueuer(producer);
  const outcomes = metrics.counter('verifications_total', 'Attestations examined', ['outcome', 'code']);
  const pending = metrics.gauge(
    'pending_attestations',
    'Attestations not examined 3 s after receipt, counted up to 4,096',
  );
  const oldest = metrics.gauge('pending_oldest_seconds', 'Age of the oldest attestation that waits for examination');
  metrics.gauge('verify_queue_jobs', 'Jobs of the verify queue', ['state'], async (gauge) => {
    // A store that is away has no counts to show, and the other metrics are wanted most just then.
    const counts = await producer.counts().catch(() => null);
    gauge.reset();
    if (counts === null) return;
    for (const state of ['waiting', 'active', 'delayed'] as const) gauge.set({ state }, counts[state]);
  });
  const worker = queues.worker(
    VERIFY_QUEUE,
    createVerifyProcessor({
      service: app.get(VerificationService, { strict: false }),
      enqueue,
      onExamined: (examined) => {
        for (const { outcome, code } of examined) outcomes.inc({ outcome, code: code ?? 'none' });
      },
    }),
    { concurrency: CONCURRENT_JOBS },
  );
  const store = app.get(DueEvidenceStore, { strict: false });
  const database = app.get(Database, { strict: false });
  const sweeper = new PendingSweeper({
    store,
    enqueue,
    backlog: async () => {
      const { waiting, active, delayed } = await producer.counts();
      return waiting + active + delayed;
    },
    clock: async () => {
      const { rows } = await database.pool.query<{ now: Date }>('select now() as now');
      const [row] = rows;
      if (row === undefined) throw new Error('the database told no time');
      return row.now;
    },
    onSwept: (count, seconds) => {
      pending.set(count);
      oldest.set(seconds);
    },
  });
  return {
    close: closing(
      worker,
      repeat(() => sweeper.sweep(), logger),
    ),
  };
}

/** Sweeps one after the other until stopped; one that fails is logged and the next is tried. */
function repeat(sweep: () => Promise<void>, logger: Logger): () => Promise<void> {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const next = (): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      running = sweep()
        .catch((error: unknown) => {
          if (!stopped) logger.warn({ err: error }, 'a sweep for pending evidence failed; the next one tries again');
        })
        .finally(next);
    }, SWEEP_EVERY_MS);
  };
  next();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await running;
  };
}

function closing(worker: QueueWorker, stopSweeps: () => Promise<void>): () => Promise<void> {
  return async () => {
    await Promise.all([worker.close(), stopSweeps()]);
  };
}
