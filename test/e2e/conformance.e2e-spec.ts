import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attestationIdOf } from '../../src/intoto/digest.js';
import { readConformanceFile, withConformanceData } from '../conformance/conformance-data.js';
import { demand } from '../support/answers.js';
import { apiAs, apiOf, type Answer, type Api } from '../support/api.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let app: TestApp;
let admin: Api;
let pipeline: Api;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  admin = apiOf(app);
  pipeline = await apiAs(app, { name: 'pipeline', roles: ['attester'] });
});

afterAll(async () => {
  await app.stop();
  await database.drop();
});

function post(file: string): Promise<Answer> {
  return pipeline.post('/v1/attestations', readConformanceFile(file), { prefer: 'wait=30' });
}

describe('Witness and Archivista envelopes over HTTP', () => {
  withConformanceData('in-toto', () => {
    beforeAll(async () => {
      for (const [name, file] of [
        ['witness-ed25519', 'witness-testpub.pem'],
        ['witness-rsa', 'witness-testpub2.pem'],
      ] as const) {
        const publicKey = readConformanceFile(`in-toto/${file}`).toString();
        demand(await admin.put(`/v1/attestors/${name}`, { kinds: ['other'], keys: [{ id: 'k1', publicKey }] }), 201);
      }
    });

    it.each([
      ['archivista-build.json', 'witness-ed25519'],
      ['archivista-package.json', 'witness-rsa'],
      ['witness-cdx-att.json', 'witness-ed25519'],
      ['witness-spdx-att.json', 'witness-ed25519'],
    ])('%s is verified as signed by %s, and given back byte for byte', async (file, attestor) => {
      const { body } = demand(await post(`in-toto/${file}`), 201);
      expect(body).toMatchObject({
        status: 'verified',
        predicateType: 'https://witness.testifysec.com/attestation-collection/v0.1',
        kind: 'other',
        verification: { code: null, signers: [{ attestor, keyId: 'k1' }] },
      });
      expect(body.subjects.length).toBeGreaterThan(0);
      const { bytes } = demand(await admin.get(`/v1/attestations/${body.id}/envelope`), 200);
      expect(bytes.equals(readConformanceFile(`in-toto/${file}`))).toBe(true);
    });

    it('archivista-fail.json is rejected as signed by a key nobody trusts', async () => {
      expect(demand(await post('in-toto/archivista-fail.json'), 201).body).toMatchObject({
        status: 'rejected',
        verification: { code: 'untrusted_signer', signers: [] },
      });
    });

    it('archivista-invalid_payload.json is refused, with every fault of its statement, and not stored', async () => {
      const answer = demand(await post('in-toto/archivista-invalid_payload.json'), 400);
      expect(answer.body.code).toBe('statement_malformed');
      expect(answer.body.errors.map(({ path }: { path: string }) => path)).toEqual([
        '_type',
        'subject',
        'predicateType',
      ]);
      const id = attestationIdOf(readConformanceFile('in-toto/archivista-invalid_payload.json'));
      expect((await admin.get(`/v1/attestations/${id}`)).status).toBe(404);
    });

    it('archivista-policy-signed.json is rejected as no attestation', async () => {
      expect(demand(await post('in-toto/archivista-policy-signed.json'), 201).body).toMatchObject({
        status: 'rejected',
        predicateType: null,
        subjects: [],
        verification: { code: 'payload_type_unsupported' },
      });
    });
  });
});

/** Whoever signed the reports, as an attestor for scans. */
const CARABINER = {
  kinds: ['scan'],
  keys: [],
  identities: [{ id: 'puerco', issuer: 'https://accounts.google.com', subject: 'puerco@carabiner.dev' }],
};

describe('signed scan reports over HTTP', () => {
  withConformanceData('carabiner-policies', () => {
    beforeAll(async () => {
      demand(await admin.put('/v1/attestors/carabiner', CARABINER), 201);
    });

    it.each([
      ['testdata_grype_many.intoto.json', { critical: 11, high: 122, medium: 132, low: 23 }],
      ['testdata_grype_none.intoto.json', { critical: 0, high: 0, medium: 0, low: 0 }],
      ['testdata_trivy_many.intoto.json', { critical: 1, high: 7, medium: 7, low: 3 }],
      ['testdata_trivy_none.intoto.json', { critical: 0, high: 0, medium: 0, low: 0 }],
    ])('%s is verified offline by identity, and its findings are counted: %j', async (file, counts) => {
      const { body } = demand(await post(`carabiner-policies/${file}`), 201);
      expect(body).toMatchObject({
        status: 'verified',
        verification: {
          signers: [
            {
              attestor: 'carabiner',
              keyId: null,
              identity: { id: 'puerco', issuer: 'https://accounts.google.com', subjects: ['puerco@carabiner.dev'] },
              counts: true,
            },
          ],
        },
      });
      expect(body.verification.signers[0].signedAt).not.toBeNull();
      const stored = demand(await admin.get(`/v1/attestations/${body.id}`), 200);
      expect(stored.body.facts).toMatchObject([{ kind: 'scan', content: { counts } }]);
    });
  });
});

/** The decisions that the policies published with the reports come to: which severities they let pass. */
const LIMITS = {
  'no finding': { maxFindings: 0 },
  'low ones alone': { maxSeverity: { critical: 0, high: 0, medium: 0, negligible: 0, none: 0, unknown: 0 } },
  'all four severities': { maxSeverity: { negligible: 0, none: 0, unknown: 0 } },
} as const;

describe.each(['grype', 'trivy'])('the published decisions about reports of %s', (scanner) => {
  withConformanceData('carabiner-policies', () => {
    describe.each(['many', 'none'])('with %s', (which) => {
      // All four reports are about one image, so each is alone in a service of its own.
      let alone: TestDatabase;
      let service: TestApp;
      let attestation: string;
      let image: string;

      beforeAll(async () => {
        alone = await createTestDatabase();
        service = await startTestApp({ database: alone });
        const owner = apiOf(service);
        demand(await owner.put('/v1/attestors/carabiner', CARABINER), 201);
        const bundle = readConformanceFile(`carabiner-policies/testdata_${scanner}_${which}.intoto.json`);
        const { body } = demand(await owner.post('/v1/attestations', bundle, { prefer: 'wait=30' }), 201);
        attestation = body.id;
        const digests: readonly string[] = body.subjects.map(({ digest }: { digest: string }) => digest);
        image = digests.find((digest) => digest.startsWith('sha256:')) ?? '';
      });

      afterAll(async () => {
        await service.stop();
        await alone.drop();
      });

      const DECISIONS = [
        { allowed: 'no finding', many: 'deny', none: 'allow' },
        { allowed: 'low ones alone', many: 'deny', none: 'allow' },
        { allowed: 'all four severities', many: 'allow', none: 'allow' },
      ] as const;

      it.each(DECISIONS)('allowing $allowed: $many with many, $none with none', async ({ allowed, many, none }) => {
        const owner = apiOf(service);
        const policy = allowed.replaceAll(' ', '-');
        const requirement = {
          id: 'scanned',
          kind: 'scan',
          from: ['carabiner'],
          where: { scanner, ...LIMITS[allowed] },
        };
        demand(await owner.put(`/v1/policies/${policy}`, { policy, requirements: [requirement] }), 201);
        const { body } = demand(await owner.get(`/v1/images/${image}/verdict?policy=${policy}`), 200);
        const decision = which === 'many' ? many : none;
        expect(body).toMatchObject({
          decision,
          pending: false,
          requirements: [{ code: decision === 'allow' ? 'satisfied' : 'negative_evidence', evidence: [attestation] }],
        });
      });
    });
  });
});
