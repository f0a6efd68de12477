import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { describe, expect, inject, it } from 'vitest';
import { VERIFY_QUEUE, type VerifyJob } from '../../src/attestations/verify-queue.js';
import type { AttestationId, SubjectDigest } from '../../src/intoto/digest.js';
import { openQueues, type Queues } from '../../src/platform/queue.js';
import { createVerifyProcessor, VERIFY_ATTEMPTS } from '../../src/verification/verify.processor.js';
import { eventually } from '../support/answers.js';
import { Faults } from '../support/faults.js';
import { violatedInvariants } from '../support/invariants.js';
import { PREDICATE_TYPES, testResult } from '../support/predicates.js';
import { openHouse, type Rooms } from '../support/rooms.js';
import { envelopeOf, makeKey, statementAbout } from '../support/sign.js';
import { createTestDatabase } from '../support/test-database.js';
import { REDIS_IS_MISSING } from '../support/test-redis.js';

const { redisUrl } = inject('services');
const qa = makeKey();

/** The queue's own worker, trying again sooner than in production. Answers how jobs are handed to it. */
function startWorker(queues: Queues, rooms: Rooms): (jobs: readonly VerifyJob[]) => Promise<void> {
  const producer = queues.producer(VERIFY_QUEUE);
  const opts = { attempts: VERIFY_ATTEMPTS, backoff: { type: 'fixed', delay: 10 } };
  const enqueue = (jobs: readonly VerifyJob[]): Promise<void> =>
    producer.add(jobs.map((data) => ({ name: 'verify', data, opts })));
  const handle = createVerifyProcessor({ service: rooms.verification, enqueue, onExamined: () => undefined });
  queues.worker(VERIFY_QUEUE, handle, { concurrency: 2 });
  return enqueue;
}

async function codeOf(rooms: Rooms, id: AttestationId): Promise<string> {
  const [row] = await rooms.attestations.findMany([id]);
  return row?.verification?.code ?? row?.verification?.outcome ?? 'pending';
}

describe('evidence that nobody can examine', () => {
  it.for(['PostgreSQL', 'Redis'])(
    'ends as an error, and holds up nothing it was received with (queue on %s)',
    async (backend, { skip }) => {
      skip(backend === 'Redis' && redisUrl === null, REDIS_IS_MISSING);
      const database = await createTestDatabase();
      const faults = new Faults();
      const house = await openHouse(database.url, faults);
      const queues = await openQueues({
        redisUrl: backend === 'Redis' ? redisUrl : null,
        databaseUrl: database.url,
        prefix: `poison-${randomBytes(4).toString('hex')}`,
        onError: () => undefined,
      });
      try {
        const rooms = house.enter();
        await rooms.putAttestor('qa', { kinds: ['test'], keys: [{ id: 'k1', publicKey: qa.publicKey }] });
        const digest = `sha256:${randomBytes(32).toString('hex')}` as SubjectDigest;
        const bodies = ['a', 'b', 'c', 'd', 'e'].map((suite) =>
          envelopeOf(statementAbout(digest, PREDICATE_TYPES.testResult, testResult('PASSED', { suite })), [qa]),
        );
        // What ingest announces would be a second job for the same evidence.
        faults.letFail(({ what }) => (what === 'queue: add' ? 'nothing happened' : null));
        const ids = await Promise.all(bodies.map((body) => rooms.post(body)));
        await rooms.announced();
        const [poison, ...neighbours] = ids as [AttestationId, ...AttestationId[]];
        faults.letFail(({ what, values }) => {
          const loaded = what === 'verification-load-bytes' ? (values[0] as readonly string[]) : [];
          return loaded.includes(poison) ? 'nothing happened' : null;
        });
        const enqueue = startWorker(queues, rooms);
        await enqueue([{ ids }]);

        await eventually(async () => {
          expect(await codeOf(rooms, poison)).toBe('verification_error');
        });
        await eventually(async () => {
          const outcomes = await Promise.all(neighbours.map((id) => codeOf(rooms, id)));
          expect(outcomes).toEqual(neighbours.map(() => 'verified'));
        });
        expect(faults.failed).toHaveLength(1 + VERIFY_ATTEMPTS);
        expect(await rooms.images.readFacts(digest)).toMatchObject({ received: 5, examined: 5 });
        expect((await rooms.images.readFacts(digest)).facts).toHaveLength(4);
        expect(await violatedInvariants(database.url)).toEqual([]);

        // Whatever it was has passed, and so has the time after which the sweeper tries again.
        await agedBy(database.ownerUrl, '1 hour');
        await house.settle();
        expect(await codeOf(rooms, poison)).toBe('verified');
        expect((await rooms.images.readFacts(digest)).facts).toHaveLength(5);
        // What was made to look older is what its entry says again.
        await agedBy(database.ownerUrl, '-1 hour');
        expect(await violatedInvariants(database.url)).toEqual([]);
      } finally {
        await queues.close();
        await house.close();
        await database.drop();
      }
    },
  );
});

async function agedBy(ownerUrl: string, interval: string): Promise<void> {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  await owner.query(`update verifications set at = at - $1::interval where outcome = 'error'`, [interval]);
  await owner.end();
}
