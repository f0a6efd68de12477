import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { demand, eventually } from '../support/answers.js';
import { apiAs, apiOf, type Api } from '../support/api.js';
import { codesOf, newImage, postExamined, verdictOn } from '../support/release.js';
import { prepareSigners, scanOf, SIGNERS, testOf, type SignerName, type Signers } from '../support/signers.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { REDIS_IS_MISSING } from '../support/test-redis.js';

const GATES = 10;
/** Between two pieces of evidence of a pipeline: it is the gates that shall have no pause. */
const PAUSE_MS = 30;

/** One answer that a gate got, by the clock of this process. */
interface Answered {
  readonly gate: number;
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly decision: string;
  readonly code: string;
}

for (const backend of ['postgres', 'redis'] as const) {
  const missing = backend === 'redis' && inject('services').redisUrl === null;
  describe.skipIf(missing)(`ten gates that ask in parallel, with the queue on ${backend}`, () => {
    let database: TestDatabase;
    let apps: readonly TestApp[];
    let worker: TestApp;
    let admin: Api;
    let trustAdmin: Api;
    let pipeline: Api;
    let gates: readonly Api[];
    let signers: Signers;

    beforeAll(async () => {
      database = await createTestDatabase();
      const start = (role: 'api' | 'worker'): Promise<TestApp> => startTestApp({ database, backend, role });
      const [first, second] = [await start('api'), await start('api')];
      apps = [first, second];
      worker = await start('worker');
      admin = apiOf(first);
      trustAdmin = await apiAs(second, { name: 'security', roles: ['trust-admin'] });
      pipeline = await apiAs(first, { name: 'pipeline', roles: ['attester'] });
      gates = await Promise.all(
        Array.from({ length: GATES }, (_, index) =>
          apiAs(index % 2 === 0 ? first : second, { name: `gate-${index}`, roles: ['gate'] }),
        ),
      );
      signers = await prepareSigners(admin);
    });

    afterAll(async () => {
      await worker.stop();
      for (const app of apps) await app.stop();
      await database.drop();
    });

    async function ask(gate: number, image: string, policy: string): Promise<Answered> {
      const api = gates[gate]!;
      const askedAt = performance.now();
      // Every third gate is one that puts its question on record.
      const verdict =
        gate % 3 === 0
          ? demand(await api.post('/v1/verdicts', { policy, images: [image] }), 201).body.items[0]
          : await verdictOn(api, image, `policy=${policy}`);
      const { decision } = verdict;
      return { gate, askedAt, answeredAt: performance.now(), decision, code: codesOf(verdict).it! };
    }

    const REVOCATIONS: Readonly<Record<SignerName, string>> = {
      keyed: '/v1/attestors/keyed/keys/k1/revoke',
      keyless: '/v1/attestors/keyless/identities/release/revoke',
    };

    it.each(SIGNERS)('get their very next verdict flipped when %s is revoked as compromised', async (by) => {
      const policy = `tested-by-${by}`;
      const image = newImage();
      // About this one nothing is posted meanwhile, so that its answers are remembered.
      const quiet = newImage();
      const unaffected = newImage();
      const objected = newImage();
      for (const each of [image, quiet]) await postExamined(pipeline, await signers.sign(by, testOf(each)));
      await postExamined(pipeline, await signers.sign(by, testOf(objected, 'FAILED')));
      if (by === 'keyed') await postExamined(pipeline, await signers.sign('keyless', testOf(unaffected)));
      const everyGate = Array.from({ length: GATES }, (_, gate) => gate);
      const askAll = async (): Promise<readonly Answered[]> =>
        (
          await Promise.all([image, quiet].map((each) => Promise.all(everyGate.map((gate) => ask(gate, each, policy)))))
        ).flat();
      for (let round = 0; round < 2; round += 1) {
        expect((await askAll()).filter(({ decision }) => decision !== 'allow')).toEqual([]);
      }

      const ended = new AbortController();
      const answers: Answered[] = [];
      const strangers: Answered[] = [];
      const asking = everyGate.map(async (gate) => {
        while (!ended.signal.aborted) {
          answers.push(await ask(gate, image, policy), await ask(gate, quiet, policy));
          if (by === 'keyed' && gate === 1) strangers.push(await ask(gate, unaffected, 'tested-by-keyless'));
        }
      });
      const posted: { readonly image: string; readonly id: string; readonly startedAt: number }[] = [];
      const posting = Array.from({ length: 2 }, async (_, index) => {
        while (!ended.signal.aborted) {
          // About the image that the gates ask for, and about others of which nobody has asked yet.
          const about = index === 0 ? image : newImage();
          const startedAt = performance.now();
          const payload = testOf(about, 'PASSED', `suite-${posted.length}`);
          const { body } = demand(await pipeline.post('/v1/attestations', await signers.sign(by, payload)), 201);
          posted.push({ image: about, id: body.id, startedAt });
          await sleep(PAUSE_MS);
        }
      });
      /** Goes on until every gate has asked and been answered since, and evidence was posted. */
      const untilAllAsked = (since: number): Promise<void> =>
        eventually(() => {
          expect(new Set(answers.filter(({ askedAt }) => askedAt > since).map(({ gate }) => gate)).size).toBe(GATES);
          expect(posted.filter(({ startedAt }) => startedAt > since).length).toBeGreaterThan(1);
          return Promise.resolve();
        });
      await untilAllAsked(0);
      const revokingAt = performance.now();
      demand(await trustAdmin.post(REVOCATIONS[by], { reason: 'compromised' }), 200);
      const revokedAt = performance.now();
      const verdicts = await askAll();
      await untilAllAsked(revokedAt);
      ended.abort();
      await Promise.all([...asking, ...posting]);

      const before = answers.filter(({ answeredAt }) => answeredAt < revokingAt);
      const after = [...verdicts, ...answers.filter(({ askedAt }) => askedAt > revokedAt)];
      for (const asked of [before, after]) expect(new Set(asked.map(({ gate }) => gate)).size).toBe(GATES);
      expect(before.filter(({ decision }) => decision !== 'allow')).toEqual([]);
      expect(after.filter(({ decision, code }) => decision !== 'deny' || code !== 'signer_revoked')).toEqual([]);
      // Whoever asked meanwhile was answered by one or the other.
      expect(answers.every(({ decision, code }) => `${decision} ${code}` in OUTCOMES)).toBe(true);
      expect(strangers.filter(({ decision }) => decision !== 'allow')).toEqual([]);

      expect(posted.filter(({ startedAt }) => startedAt > revokedAt).length).toBeGreaterThan(0);
      const images = [...new Set(posted.map((each) => each.image))];
      const denied = async (): Promise<void> => {
        const all = await Promise.all(images.map((each, index) => ask(index % GATES, each, policy)));
        expect(all.filter(({ decision }) => decision !== 'deny')).toEqual([]);
      };
      await denied();
      await eventually(async () => {
        const read = await Promise.all(posted.map(({ id }) => admin.get(`/v1/attestations/${id}`)));
        expect(read.filter(({ body }) => body.status === 'pending')).toEqual([]);
      });
      await denied();
      const late = posted.filter(({ startedAt }) => startedAt > revokedAt);
      for (const { id } of late) {
        expect((await admin.get(`/v1/attestations/${id}`)).body).toMatchObject({
          status: 'rejected',
          verification: { code: 'key_not_valid_then' },
        });
      }
      // What objected in time goes on objecting.
      expect(await ask(1, objected, policy)).toMatchObject({ decision: 'deny', code: 'negative_evidence' });
      const clean = await postExamined(pipeline, await signers.sign(by, scanOf(newImage())));
      expect(clean.body.status).toBe('rejected');
    });
  });
  if (missing) it.skip(`asked nothing with the queue on Redis: ${REDIS_IS_MISSING}`, () => undefined);
}

const OUTCOMES: Readonly<Record<string, true>> = { 'allow satisfied': true, 'deny signer_revoked': true };
