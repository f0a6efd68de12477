import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { attestationIdOf } from '../../src/intoto/digest.js';
import { demand, eventually, walk, whileUnderWay } from '../support/answers.js';
import { apiAs, apiOf, type Answer, type Api } from '../support/api.js';
import { PREDICATE_TYPES, testResult, trivyScan } from '../support/predicates.js';
import {
  codesOf,
  KINDS_SIGNED,
  newImage,
  postExamined,
  prepareRelease,
  publish,
  verdictOn,
  type Attestor,
  type Release,
} from '../support/release.js';
import { envelopeOf, makeKey, statementAbout } from '../support/sign.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { REDIS_IS_MISSING } from '../support/test-redis.js';

const ATTESTORS = Object.keys(KINDS_SIGNED) as readonly Attestor[];

for (const backend of ['postgres', 'redis'] as const) {
  const missing = backend === 'redis' && inject('services').redisUrl === null;
  describe.skipIf(missing)(`from a pipeline to a verdict, with the queue on ${backend}`, () => {
    let database: TestDatabase;
    let app: TestApp;
    let admin: Api;
    let pipeline: Api;
    let gate: Api;
    let auditor: Api;
    let release: Release;

    beforeAll(async () => {
      database = await createTestDatabase();
      app = await startTestApp({ database, backend });
      admin = apiOf(app);
      release = await prepareRelease(admin);
      [pipeline, gate, auditor] = await Promise.all([
        apiAs(app, { name: 'pipeline', roles: ['attester'] }),
        apiAs(app, { name: 'gate', roles: ['gate'], policies: ['release'] }),
        apiAs(app, { name: 'auditor', roles: ['auditor'] }),
      ]);
    });

    afterAll(async () => {
      await app.stop();
      await database.drop();
    });

    describe('a release', () => {
      it.concurrent('is denied until every kind of evidence is there, and then allowed', async () => {
        const image = newImage();
        const codes = { built: 'no_evidence', scanned: 'no_evidence', tested: 'no_evidence', approved: 'no_evidence' };
        const first = await verdictOn(gate, image);
        expect(first).toMatchObject({ decision: 'deny', pending: false, image: { digest: image, repository: null } });
        expect(codesOf(first)).toEqual(codes);

        const requirement = { ci: 'built', trivy: 'scanned', qa: 'tested', leads: 'approved' } as const;
        for (const attestor of ATTESTORS) {
          const { body } = await postExamined(pipeline, release.signed(attestor, image));
          expect(body).toMatchObject({
            status: 'verified',
            kind: KINDS_SIGNED[attestor],
            subjects: [{ name: 'app', digest: image }],
            verification: { outcome: 'verified', code: null, signers: [{ attestor, keyId: 'k1' }] },
          });
          codes[requirement[attestor]] = 'satisfied';
          const verdict = await verdictOn(gate, image);
          expect(codesOf(verdict)).toEqual(codes);
          expect(verdict.decision).toBe(attestor === 'leads' ? 'allow' : 'deny');
          const named = verdict.requirements.find(({ id }: { id: string }) => id === requirement[attestor]);
          expect(named.evidence).toEqual([body.id]);
        }
      });

      it.concurrent('is denied by a newer scan that fails, and allowed by one newer still', async () => {
        const image = newImage();
        await Promise.all(ATTESTORS.map((attestor) => postExamined(pipeline, release.signed(attestor, image))));
        expect((await verdictOn(gate, image)).decision).toBe('allow');

        const failing = release.signed('trivy', image, { predicate: trivyScan(new Date(), ['CRITICAL']) });
        const { body } = await postExamined(pipeline, failing);
        const denied = await verdictOn(gate, image);
        expect(denied).toMatchObject({ decision: 'deny' });
        expect(denied.requirements[1]).toMatchObject({
          id: 'scanned',
          status: 'unsatisfied',
          code: 'negative_evidence',
          evidence: [body.id],
        });
        expect(denied.requirements[1].missing).toEqual(expect.any(String));

        await postExamined(pipeline, release.signed('trivy', image));
        expect((await verdictOn(gate, image)).decision).toBe('allow');
      });

      it.concurrent('is denied while a test fails, whatever passed before', async () => {
        const image = newImage();
        await Promise.all(ATTESTORS.map((attestor) => postExamined(pipeline, release.signed(attestor, image))));
        await postExamined(pipeline, release.signed('qa', image, { predicate: testResult('FAILED') }));
        expect(codesOf(await verdictOn(gate, image))).toMatchObject({ tested: 'negative_evidence' });
      });

      it.concurrent('is denied where the evidence is about another image', async () => {
        const [image, other] = [newImage(), newImage()];
        await Promise.all(ATTESTORS.map((attestor) => postExamined(pipeline, release.signed(attestor, other))));
        expect((await verdictOn(gate, image)).decision).toBe('deny');
        expect((await verdictOn(gate, other)).decision).toBe('allow');
      });

      it.concurrent('is decided for many images at once, each verdict on record with who asked', async () => {
        const [allowed, denied] = [newImage(), newImage()];
        await Promise.all(ATTESTORS.map((attestor) => postExamined(pipeline, release.signed(attestor, allowed))));
        const asked = {
          policy: 'release',
          images: [denied, `registry.example.com:5000/acme/app:v1@${allowed}`],
          context: { cluster: 'eu-1', requestedBy: 'somebody' },
        };
        const { body, headers } = demand(await gate.post('/v1/verdicts', asked), 201);
        expect(headers.get('cache-control')).toBe('no-store');
        expect(body.items).toMatchObject([
          { decision: 'deny', image: { digest: denied, repository: null } },
          { decision: 'allow', image: { digest: allowed, repository: 'registry.example.com:5000/acme/app' } },
        ]);
        for (const verdict of body.items) {
          const recorded = demand(await auditor.get(`/v1/verdicts/${verdict.id}`), 200).body;
          expect(recorded).toMatchObject({ ...verdict, context: asked.context });
          expect(recorded.requestedBy).toMatch(/^token:gate#/);
        }
      });

      it.concurrent('has a verdict on record whenever what it says has changed, and only then', async () => {
        const image = newImage();
        const first = await verdictOn(gate, image);
        expect((await verdictOn(gate, image)).id).toBe(first.id);
        await postExamined(pipeline, release.signed('ci', image));
        const second = await verdictOn(gate, image);
        expect(second.id).not.toBe(first.id);
        const recorded = await walk(auditor, `/v1/verdicts?digest=${image}`, 10);
        expect(recorded.map(({ id }) => id)).toEqual([second.id, first.id]);
      });
    });

    describe('posting evidence', () => {
      it.concurrent('answers 201 once and then 200 with the same id and place', async () => {
        const envelope = release.signed('ci', newImage());
        const first = demand(await pipeline.post('/v1/attestations', envelope), 201);
        expect(first.body).toMatchObject({ id: attestationIdOf(envelope), status: 'pending', verification: null });
        expect(first.headers.get('location')).toBe(`/v1/attestations/${first.body.id}`);
        const again = demand(await pipeline.post('/v1/attestations', envelope), 200);
        expect(again.headers.get('location')).toBe(`/v1/attestations/${first.body.id}`);
        expect(again.body).toMatchObject({
          id: first.body.id,
          receivedAt: first.body.receivedAt,
          history: { entry: first.body.history.entry },
        });
      });

      it.concurrent('stores bytes that many post at once exactly once', async () => {
        const image = newImage();
        const envelope = release.signed('qa', image);
        const answers = await Promise.all(
          Array.from({ length: 20 }, () => pipeline.post('/v1/attestations', envelope)),
        );
        expect(answers.map(({ status }) => status).sort()).toEqual([...Array<number>(19).fill(200), 201]);
        expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
        expect(await walk(auditor, `/v1/images/${image}/attestations`, 10)).toHaveLength(1);
      });

      it.concurrent('counts one statement signed once, however often it is posted in other white space', async () => {
        const image = newImage();
        const envelope = release.signed('ci', image);
        const spaced = Buffer.from(JSON.stringify(JSON.parse(envelope.toString()), null, 2));
        const [first, second] = await Promise.all([postExamined(pipeline, envelope), postExamined(pipeline, spaced)]);
        expect(second.body.id).not.toBe(first.body.id);
        const { body } = demand(await auditor.get(`/v1/images/${image}`), 200);
        expect(body).toMatchObject({ received: 2, examined: 2, pending: false });
        expect(body.facts).toHaveLength(1);
      });

      it.concurrent('waits as long as it prefers, and no longer', async () => {
        const waited = await postExamined(pipeline, release.signed('ci', newImage()));
        expect(waited.body).toMatchObject({ status: 'verified', verification: { outcome: 'verified' } });
        const unsigned = release.signed('ci', newImage(), { key: makeKey() });
        expect((await postExamined(pipeline, unsigned)).body).toMatchObject({
          status: 'rejected',
          verification: { outcome: 'rejected', code: 'untrusted_signer', signers: [] },
        });
      });

      it.concurrent('comes to an outcome also where nobody waits for it', async () => {
        const { body } = demand(await pipeline.post('/v1/attestations', release.signed('ci', newImage())), 201);
        await eventually(async () => {
          expect((await pipeline.get(`/v1/attestations/${body.id}`)).body).toMatchObject({
            status: 'verified',
            history: { sequence: expect.any(Number) },
          });
        });
      });
    });

    describe('reading evidence back', () => {
      it.concurrent('gives the envelope byte for byte, with an ETag that saves the next read', async () => {
        const compact = release.signed('ci', newImage()).toString();
        const envelope = Buffer.from(`\n ${compact.replace('{', '{ \t"unknown" : "\u00e9\\u00e9" , ')}\r\n`);
        const { body } = await postExamined(pipeline, envelope);
        const path = `/v1/attestations/${body.id}/envelope`;
        const read = demand(await auditor.get(path), 200);
        expect(read.bytes.equals(envelope)).toBe(true);
        expect(attestationIdOf(read.bytes)).toBe(body.id);
        const etag = read.headers.get('etag')!;
        const unchanged = await auditor.get(path, { 'if-none-match': `"other", ${etag}` });
        expect(unchanged).toMatchObject({ status: 304, text: '' });
        expect(unchanged.headers.get('etag')).toBe(etag);
        expect((await auditor.get(path, { 'if-none-match': '"other"' })).status).toBe(200);
      });

      it.concurrent('tells the facts that verification found', async () => {
        const { body } = await postExamined(pipeline, release.signed('ci', newImage()));
        const read = demand(await auditor.get(`/v1/attestations/${body.id}`), 200).body;
        expect(read).toMatchObject({ id: body.id, status: 'verified' });
        expect(read.facts).toMatchObject([
          {
            kind: 'build',
            content: {
              builder: 'https://github.com/acme/.github/.github/workflows/release.yml@refs/tags/v2',
              source: { repository: 'https://github.com/acme/app', ref: 'refs/tags/v1.2.3' },
            },
          },
        ]);
        const untrusted = await postExamined(pipeline, release.signed('ci', newImage(), { key: makeKey() }));
        expect((await auditor.get(`/v1/attestations/${untrusted.body.id}`)).body.facts).toEqual([]);
      });

      it.concurrent('shows an attester what it posted and nothing else', async () => {
        const other = await apiAs(app, { name: 'other', roles: ['attester'] });
        const image = newImage();
        const { body } = await postExamined(pipeline, release.signed('ci', image));
        expect((await pipeline.get(`/v1/attestations/${body.id}`)).status).toBe(200);
        for (const path of [body.id, `${body.id}/envelope`]) {
          expect(await other.get(`/v1/attestations/${path}`)).toMatchObject({
            status: 404,
            body: { code: 'attestation_not_found' },
          });
        }
        expect((await other.get(`/v1/images/${image}/attestations`)).body.items).toEqual([]);
        expect((await other.get(`/v1/attestations?receivedBy=${body.receivedBy}`)).body.items).toEqual([]);
      });
    });

    describe('the list of evidence', () => {
      it('is narrowed by every filter, and by several at once', async () => {
        const image = newImage();
        const stranger = makeKey();
        const [build, scan, unsigned] = await Promise.all([
          postExamined(pipeline, release.signed('ci', image)),
          postExamined(admin, release.signed('trivy', image)),
          postExamined(pipeline, release.signed('ci', image, { key: stranger })),
        ]);
        const ids = async (query: string): Promise<unknown[]> =>
          (await walk(auditor, `/v1/attestations?digest=${image}&${query}`, 1)).map(({ id }) => id).sort();
        const sorted = (...answers: readonly Answer[]): unknown[] => answers.map(({ body }) => body.id).sort();
        expect(await ids('')).toEqual(sorted(build, scan, unsigned));
        expect(await ids('kind=scan')).toEqual(sorted(scan));
        expect(await ids('kind=sbom')).toEqual([]);
        expect(await ids(`predicateType=${encodeURIComponent(PREDICATE_TYPES.provenance)}`)).toEqual(
          sorted(build, unsigned),
        );
        expect(await ids('attestor=ci')).toEqual(sorted(build));
        expect(await ids('status=rejected')).toEqual(sorted(unsigned));
        expect(await ids('status=verified')).toEqual(sorted(build, scan));
        expect(await ids('status=pending')).toEqual([]);
        expect(await ids(`receivedBy=${encodeURIComponent(scan.body.receivedBy)}`)).toEqual(sorted(scan));
        expect(await ids('status=verified&kind=build&attestor=ci')).toEqual(sorted(build));
        const { receivedAt } = unsigned.body;
        const early = new Date(Date.parse(receivedAt) - 3_600_000).toISOString();
        const late = new Date(Date.parse(receivedAt) + 3_600_000).toISOString();
        expect(await ids(`since=${early}&until=${late}`)).toEqual(sorted(build, scan, unsigned));
        expect(await ids(`until=${early}`)).toEqual([]);
        expect(await ids(`since=${late}`)).toEqual([]);
      });

      it('loses and repeats nothing while others post', async () => {
        const image = newImage();
        const post = (): Promise<Answer> => pipeline.post('/v1/attestations', release.signed('qa', image));
        const before = (await Promise.all(Array.from({ length: 25 }, post))).map(({ body }) => body.id);
        const items = await whileUnderWay(walk(auditor, `/v1/attestations?digest=${image}`, 3), async () => {
          await post();
        });
        const walked = items.map(({ id }) => id);
        expect(new Set(walked).size).toBe(walked.length);
        expect(before.filter((id) => !walked.includes(id))).toEqual([]);
      });
    });

    describe('history', () => {
      it('tells every change of an image in order, up to where it is complete', async () => {
        const image = newImage();
        const build = (await postExamined(pipeline, release.signed('ci', image))).body;
        const scan = (await postExamined(pipeline, release.signed('ci', image, { key: makeKey() }))).body;
        const verdict = await verdictOn(gate, image);
        await eventually(async () => {
          const { body } = demand(await auditor.get(`/v1/images/${image}/history`), 200);
          expect(body.items).toMatchObject([
            { type: 'attestor.created', data: { attestor: 'ci' } },
            { type: 'policy.changed', data: { policy: 'release' } },
            { type: 'attestation.received', attestation: build.id, entry: build.history.entry },
            { type: 'attestation.verified', attestation: build.id, actor: 'service', data: { signers: ['ci/k1'] } },
            { type: 'attestation.received', attestation: scan.id },
            { type: 'attestation.rejected', attestation: scan.id, data: { code: 'untrusted_signer' } },
            { type: 'verdict.recorded', image, data: { verdict: verdict.id, policy: 'release', decision: 'deny' } },
          ]);
          const sequences = body.items.map(({ sequence }: { sequence: number }) => sequence);
          expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
          expect(body.completeTo).toBeGreaterThanOrEqual(Math.max(...sequences));
        });
        expect((await walk(auditor, `/v1/history?digest=${image}`, 2)).map(({ type }) => type)).toHaveLength(5);
        expect(await walk(auditor, `/v1/history?digest=${image}&type=attestation.rejected`, 2)).toHaveLength(1);
        expect(await walk(auditor, `/v1/history?digest=${image}&actor=service`, 2)).toHaveLength(2);
      });

      it('is dense, has one entry for each acknowledged change, and never fills in below completeTo', async () => {
        const image = newImage();
        const names = Array.from({ length: 8 }, (_, index) => `temporary-${index}`);
        const changes = Promise.all([
          ...names.map(async (name) => {
            demand(await admin.put(`/v1/attestors/${name}`, { kinds: ['test'], keys: [] }), 201);
            demand(await admin.delete(`/v1/attestors/${name}`), 204);
          }),
          ...names.map(() => postExamined(pipeline, release.signed('qa', image))),
        ]);
        const answered: { readonly sequences: readonly number[]; readonly completeTo: number }[] = [];
        await whileUnderWay(changes, async () => {
          const { body } = demand(await auditor.get('/v1/history?limit=1000'), 200);
          const sequences = body.items.map(({ sequence }: { sequence: number }) => sequence);
          answered.push({ sequences, completeTo: body.completeTo });
        });
        expect(answered.length).toBeGreaterThan(1);
        for (const { sequences, completeTo } of answered) {
          expect(sequences).toEqual(Array.from({ length: completeTo }, (_, index) => index + 1));
        }
        await eventually(async () => {
          const entries = await walk(auditor, '/v1/history', 200);
          expect(entries.map(({ sequence }) => sequence)).toEqual(entries.map((_, index) => index + 1));
          for (const name of names) {
            const ofName = entries.filter(({ data }) => data.attestor === name).map(({ type }) => type);
            expect(ofName).toEqual(['attestor.created', 'attestor.deleted']);
          }
          const ofImage = await walk(auditor, `/v1/history?digest=${image}`, 5);
          const counts = Map.groupBy(ofImage, ({ type }) => type as string);
          expect([...counts].map(([type, all]) => [type, all.length])).toEqual([
            ['attestation.received', names.length],
            ['attestation.verified', names.length],
          ]);
        });
      });
    });

    it('shows one image: what is counted, its evidence and its timeline', async () => {
      const image = newImage();
      await Promise.all(ATTESTORS.map((attestor) => postExamined(pipeline, release.signed(attestor, image))));
      const { body } = demand(await auditor.get(`/v1/images/${image}`), 200);
      expect(body).toMatchObject({ digest: image, received: 4, examined: 4, pending: false });
      expect(body.facts.map(({ kind }: { kind: string }) => kind).sort()).toEqual([
        'approval',
        'build',
        'scan',
        'test',
      ]);
      expect(await walk(auditor, `/v1/images/${image}/attestations`, 3)).toHaveLength(4);
      await eventually(async () => {
        const told = await walk(auditor, `/v1/images/${image}/history`, 3);
        expect(told.filter(({ type }) => String(type).startsWith('attestation.'))).toHaveLength(8);
        expect(told.filter(({ type }) => type === 'attestor.created')).toHaveLength(4);
      });
      const nobody = demand(await auditor.get(`/v1/images/${newImage()}`), 200).body;
      expect(nobody).toMatchObject({ received: 0, examined: 0, facts: [] });
    });

    it('files evidence about several images, and by other digests than sha256, under each of them', async () => {
      const [one, two] = [newImage(), newImage()];
      const statement = {
        ...JSON.parse(statementAbout(one, PREDICATE_TYPES.testResult, testResult('PASSED'))),
        subject: [one, two].map((image) => ({ name: 'app', digest: { sha256: image.slice('sha256:'.length) } })),
      };
      const sha512 = 'ab'.repeat(64);
      statement.subject[1].digest.sha512 = sha512;
      const { body } = await postExamined(pipeline, envelopeOf(JSON.stringify(statement), [release.keys.qa]));
      for (const digest of [one, two, `sha512:${sha512}`]) {
        const found = await walk(auditor, `/v1/attestations?digest=${digest}`, 10);
        expect(found.map(({ id }) => id)).toEqual([body.id]);
      }
      for (const image of [one, two])
        expect(codesOf(await verdictOn(gate, image))).toMatchObject({ tested: 'satisfied' });
    });
  });
  describe.skipIf(missing)(`evidence that nobody has examined yet, with the queue on ${backend}`, () => {
    it('shows in the verdict as pending, supports nothing, and may be told to deny', async () => {
      const database = await createTestDatabase();
      const app = await startTestApp({ database, backend, role: 'api' });
      const admin = apiOf(app);
      const release = await prepareRelease(admin);
      const patient = "policy: patient\nrequirements: [{id: sure, check: 'true'}]\n";
      await publish(admin, 'patient', patient);
      await publish(admin, 'strict', `${patient.replace('patient', 'strict')}onPending: deny\n`);
      const image = newImage();
      const asked = ['release', 'patient', 'strict'].map((policy) => `policy=${policy}`);
      const decisions = async (): Promise<readonly unknown[]> =>
        (await Promise.all(asked.map((query) => verdictOn(admin, image, query)))).map(({ decision, pending }) => [
          decision,
          pending,
        ]);
      expect(await decisions()).toEqual([
        ['deny', false],
        ['allow', false],
        ['allow', false],
      ]);
      for (const attestor of ATTESTORS)
        demand(await admin.post('/v1/attestations', release.signed(attestor, image)), 201);
      expect(await decisions()).toEqual([
        ['deny', true],
        ['allow', true],
        ['deny', true],
      ]);
      const waited = await admin.post('/v1/attestations', release.signed('ci', image), { prefer: 'wait=1' });
      expect(waited).toMatchObject({ status: 201, body: { status: 'pending', verification: null } });

      const worker = await startTestApp({ database, backend, role: 'worker' });
      await eventually(async () => {
        expect(await decisions()).toEqual(Array(3).fill(['allow', false]));
      });
      await worker.stop();
      await app.stop();
      await database.drop();
    });
  });
  if (missing) it.skip(`ran nothing on Redis: ${REDIS_IS_MISSING}`, () => undefined);
}
