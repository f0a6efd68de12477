import { TokenStore } from '../../src/access/token.store.js';
import { createAnnouncer } from '../../src/attestations/announce-received.js';
import { ImageIndexStore } from '../../src/attestations/image-index.store.js';
import { VERIFY_QUEUE, type VerifyJob } from '../../src/attestations/verify-queue.js';
import { entities } from '../../src/data-source.js';
import { FactStore } from '../../src/facts/fact.store.js';
import { PastFactStore } from '../../src/facts/past-facts.store.js';
import { ImageRelationStore } from '../../src/images/image-relation.store.js';
import { openLog } from '../../src/history/open-log.sequencer.js';
import { ImageStore } from '../../src/images/image.store.js';
import { openDatabase, type Database } from '../../src/platform/database.js';
import type { Producer } from '../../src/platform/queue-producer.js';
import { openQueues } from '../../src/platform/queue.js';
import { CelEngine } from '../../src/policy/cel.js';
import { PastVerdictService } from '../../src/policy/past-verdict.service.js';
import { PolicyService } from '../../src/policy/policy.service.js';
import { PolicyStore } from '../../src/policy/policy.store.js';
import { VerdictService } from '../../src/policy/verdict.service.js';
import { VerdictRecordStore } from '../../src/policy/verdict-record.store.js';
import { VerdictStore } from '../../src/policy/verdict.store.js';
import { WaiverService } from '../../src/policy/waiver.service.js';
import { WaiverStore } from '../../src/policy/waiver.store.js';
import { LegalHoldStore } from '../../src/retention/legal-hold.store.js';
import type { Thumbprint } from '../../src/trust/signer.js';
import { PendingSweeper, type SweeperOptions } from '../../src/verification/pending.sweeper.js';
import { createVerifyProcessor, VERIFY_ATTEMPTS } from '../../src/verification/verify.processor.js';
import { verifyEnqueuer } from '../../src/verify-workers.js';
import type { Faults } from './faults.js';
import { pipelineOver, type Pipeline } from './pipeline.js';
import { SEALING } from './sealing.js';

/** Later than any evidence is left to the job of its ingest. */
const LATER_MS = 60_000;

/** All rooms of one process over one database and its queue, without HTTP; every call to either can be made to fail. */
export interface Rooms extends Pipeline {
  readonly tokens: TokenStore;
  readonly indexes: ImageIndexStore;
  readonly policies: PolicyService;
  readonly verdicts: VerdictService;
  readonly waivers: WaiverService;
  readonly holds: LegalHoldStore;
  readonly past: PastVerdictService;
  /** What ingest announces is handed to the queue by then. */
  announced(): Promise<void>;
  /** One sweep of this process' sweeper, at a moment when all that was received so far is old enough. */
  sweep(): Promise<void>;
  /** Handles a job as a worker does: again after a failure, up to its last try. */
  work(job: VerifyJob): Promise<void>;
  /** Places and seals what waits, as the sequencer does in one look. */
  sequence(): Promise<void>;
}

export interface House {
  readonly database: Database;
  /** The rooms of a process that has just started and remembers nothing. */
  enter(): Rooms;
  /** What becomes of what the queue lost: another process sweeps, works off what that finds, and sequences history. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export async function openHouse(url: string, faults: Faults): Promise<House> {
  const database = await openDatabase({ url, entities, applicationName: 'test', poolSize: 10 });
  const queues = await openQueues({ redisUrl: null, databaseUrl: url, onError: () => undefined });
  const producer = queues.producer(VERIFY_QUEUE);
  const cel = new CelEngine();
  faults.watch(database.pool);
  faults.watch(database.hotPool);
  return {
    database,
    enter: () => enter(database, producer, cel, faults),
    async settle() {
      faults.letFail(() => null);
      const rooms = enter(database, producer, cel, faults);
      const sweeper = sweeperOf(rooms, {
        enqueue: async (jobs) => {
          for (const job of jobs) await rooms.work(job);
        },
        backlog: () => Promise.resolve(0),
      });
      await sweeper.sweep();
      await rooms.sequence();
    },
    async close() {
      await queues.close();
      await cel.close();
      await database.close();
    },
  };
}

function enter(database: Database, producer: Producer, cel: CelEngine, faults: Faults): Rooms {
  const enqueue = faults.guard('queue: add', verifyEnqueuer(producer));
  const counts = faults.guard('queue: counts', () => producer.counts());
  let sent: Promise<unknown> = Promise.resolve();
  const announce = createAnnouncer({
    enqueue: (jobs) => {
      const sending = enqueue(jobs);
      sent = Promise.allSettled([sent, sending]);
      return sending;
    },
    onFailure: () => undefined,
  });
  const pipeline = pipelineOver(database, { announce });
  const { history, images, trust, verification } = pipeline;
  const policies = new PolicyStore(database);
  const waivers = new WaiverStore(database);
  const relations = new ImageRelationStore(database);
  const facts = new FactStore(database);
  const ownKeys = new Set<Thumbprint>();
  const verdicts = new VerdictService({
    images,
    relations,
    facts,
    trust,
    policies,
    waivers,
    records: new VerdictRecordStore(database),
    cel,
    ownKeys,
  });
  const sweeper = sweeperOf(pipeline, {
    enqueue,
    backlog: async () => {
      const { waiting, active, delayed } = await counts();
      return waiting + active + delayed;
    },
  });
  const handle = createVerifyProcessor({ service: verification, enqueue, onExamined: () => undefined });
  return {
    ...pipeline,
    tokens: new TokenStore(database, history),
    indexes: new ImageIndexStore(database, new ImageStore(), relations, history),
    policies: new PolicyService(database, policies, history, trust),
    verdicts,
    past: new PastVerdictService({
      pastFacts: new PastFactStore(database),
      facts,
      relations,
      trust,
      policies,
      waivers,
      verdicts: new VerdictStore(database),
      present: verdicts,
      cel,
      ownKeys,
    }),
    waivers: new WaiverService(database, waivers, policies, history),
    holds: new LegalHoldStore(database, history),
    announced: async () => {
      await sent;
    },
    sweep: () => sweeper.sweep(),
    async work(job) {
      for (let attemptsMade = 0; ; attemptsMade += 1) {
        try {
          await handle({ id: '1', name: 'verify', data: job, attemptsMade, attempts: VERIFY_ATTEMPTS });
          return;
        } catch (error) {
          if (attemptsMade + 1 >= VERIFY_ATTEMPTS) throw error;
        }
      }
    },
    async sequence() {
      const client = await database.pool.connect();
      // The failure of a lost connection is thrown by the statement on it.
      client.on('error', () => undefined);
      try {
        const log = await openLog(client, SEALING, null, 1_000);
        while ((await log.seal(0, 1_000)).count > 0);
      } finally {
        client.release(true);
      }
    },
  };
}

function sweeperOf(
  { database, dueEvidence }: Pipeline,
  queue: Pick<SweeperOptions, 'enqueue' | 'backlog'>,
): PendingSweeper {
  return new PendingSweeper({
    ...queue,
    store: dueEvidence,
    clock: async () => {
      const { rows } = await database.pool.query<{ now: Date }>('select now() as now');
      return new Date(rows[0]!.now.getTime() + LATER_MS);
    },
    onSwept: () => undefined,
  });
}
