import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orUnknown } from '../../src/cli/failure.js';
import { run } from '../../src/cli/program.js';
import { attestationIdOf } from '../../src/intoto/digest.js';
import { demand, eventually, walk } from '../support/answers.js';
import { apiAs, apiOf, type Answer, type Api } from '../support/api.js';
import { PREDICATE_TYPES, provenance } from '../support/predicates.js';
import { expectRefused } from '../support/problems.js';
import { newImage, postExamined, verdictOn } from '../support/release.js';
import { envelopeOf, makeKey, statementAbout } from '../support/sign.js';
import { prepareSigners, scanOf, testOf, type Signers } from '../support/signers.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { ISSUER, SUBJECT } from '../support/trust-domain.js';

const DRY = '/v1/attestations?dryRun=true';

let database: TestDatabase;
let app: TestApp;
let admin: Api;
let pipeline: Api;
let signers: Signers;
let directory: string;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  admin = apiOf(app);
  pipeline = await apiAs(app, { name: 'pipeline', roles: ['attester'] });
  signers = await prepareSigners(admin);
  directory = mkdtempSync(join(tmpdir(), 'assay-dry-run-'));
});

afterAll(async () => {
  await app.stop();
  await database.drop();
  rmSync(directory, { recursive: true });
});

/** Nothing of it is to be found, by whatever way one could ask for it. */
async function expectNotStored(image: string, id: string): Promise<void> {
  for (const path of [id, `${id}/envelope`]) {
    expectRefused(await admin.get(`/v1/attestations/${path}`), { status: 404, code: 'attestation_not_found' });
  }
  expect((await admin.get(`/v1/images/${image}`)).body).toMatchObject({ received: 0, examined: 0, facts: [] });
  expect(await walk(admin, `/v1/attestations?digest=${image}`, 10)).toEqual([]);
  expect(await verdictOn(admin, image, 'policy=tested')).toMatchObject({
    decision: 'deny',
    pending: false,
    requirements: [{ code: 'no_evidence' }],
  });
  // What was put on record after it has its place in the history, so it would have its own by then.
  const later = (await postExamined(pipeline, await signers.sign('keyed', testOf(newImage())))).body.id;
  await eventually(async () => {
    const told = (await walk(admin, '/v1/history', 1000)).map(({ attestation }) => attestation);
    expect(told).toContain(later);
    expect(told).not.toContain(id);
  });
}

interface Case {
  readonly make: (image: string) => Buffer | Promise<Buffer>;
  readonly told: object;
}

const CASES: Readonly<Record<string, Case>> = {
  'an envelope that is verified': {
    make: (image) => signers.sign('keyed', testOf(image)),
    told: {
      status: 'verified',
      kind: 'test',
      predicateType: PREDICATE_TYPES.testResult,
      verification: {
        outcome: 'verified',
        code: null,
        signers: [{ attestor: 'keyed', keyId: 'k1', identity: null, signedAt: null, counts: true }],
      },
      facts: [{ kind: 'test', content: { result: 'passed', suite: 'integration' } }],
    },
  },
  'a bundle that is verified': {
    make: (image) => signers.sign('keyless', scanOf(image, ['CRITICAL'])),
    told: {
      status: 'verified',
      kind: 'scan',
      verification: {
        signers: [
          {
            attestor: 'keyless',
            keyId: null,
            identity: {
              id: 'release',
              issuer: ISSUER,
              subjects: [SUBJECT],
              claims: { sourceRepositoryUri: 'https://github.com/acme/app' },
            },
            signedAt: expect.stringMatching(/^\d{4}-.*Z$/),
            counts: true,
          },
        ],
      },
      facts: [{ kind: 'scan', content: { counts: { critical: 1 } } }],
    },
  },
  'a bundle whose signer may not sign it, who is shown': {
    make: (image) => signers.sign('keyless', statementAbout(image, PREDICATE_TYPES.provenance, provenance())),
    told: {
      status: 'rejected',
      kind: 'build',
      verification: {
        outcome: 'rejected',
        code: 'signer_not_allowed',
        detail: expect.stringContaining('keyless'),
        signers: [{ attestor: 'keyless', identity: { id: 'release', subjects: [SUBJECT] }, counts: false }],
      },
      facts: [],
    },
  },
  'an envelope by nobody known': {
    make: (image) => envelopeOf(testOf(image), [makeKey()]),
    told: {
      status: 'rejected',
      verification: { outcome: 'rejected', code: 'untrusted_signer', signers: [] },
      facts: [],
    },
  },
  'an envelope of another type of payload': {
    make: () => envelopeOf('{"hello":"world"}', [makeKey()], 'text/plain'),
    told: {
      status: 'rejected',
      predicateType: null,
      subjects: [],
      verification: { code: 'payload_type_unsupported' },
      facts: [],
    },
  },
};

describe('a dry run', () => {
  it.each(Object.entries(CASES))('of %s tells what would come of it and stores nothing', async (_, { make, told }) => {
    const image = newImage();
    const bytes = await make(image);
    const id = attestationIdOf(bytes);
    const answer = demand(await pipeline.post(DRY, bytes), 200);
    expect(answer.body).toMatchObject({ id, dryRun: true, ...told });
    expect(answer.headers.get('location')).toBeNull();
    for (const absent of ['history', 'receivedAt', 'receivedBy']) expect(answer.body).not.toHaveProperty(absent);
    await expectNotStored(image, id);

    const { body } = demand(await pipeline.post('/v1/attestations', bytes, { prefer: 'wait=30' }), 201);
    const { facts } = demand(await admin.get(`/v1/attestations/${id}`), 200).body;
    const { at: _at, ...before } = answer.body.verification;
    expect(body.verification).toMatchObject(before);
    expect(facts).toEqual(answer.body.facts);
    expect(body.history.entry).toEqual(expect.any(String));
  });

  it('of several lines answers each as it would alone, and stores none', async () => {
    const image = newImage();
    const verified = await signers.sign('keyless', testOf(image));
    const untrusted = envelopeOf(testOf(image), [makeKey()]);
    const lines = [verified, Buffer.from('{"payload":'), untrusted, Buffer.from('{"hello":"world"}'), verified];
    const { body } = demand(
      await pipeline.post(DRY, lines.map(String).join('\n'), { 'content-type': 'application/jsonl' }),
      200,
    );
    expect(body.items).toMatchObject([
      { line: 1, status: 200, attestation: { id: attestationIdOf(verified), dryRun: true, status: 'verified' } },
      { line: 2, status: 400, problem: { code: 'envelope_malformed' } },
      { line: 3, status: 200, attestation: { dryRun: true, verification: { code: 'untrusted_signer' } } },
      { line: 4, status: 415, problem: { code: 'format_unrecognized' } },
      { line: 5, status: 200, attestation: { id: attestationIdOf(verified), facts: [{ kind: 'test' }] } },
    ]);
    for (const bytes of [verified, untrusted]) await expectNotStored(image, attestationIdOf(bytes));
    const posted = await pipeline.post('/v1/attestations', lines.map(String).join('\n'), {
      'content-type': 'application/jsonl',
    });
    expect(posted.body.items.map(({ status }: Answer['body']) => status)).toEqual([201, 400, 201, 415, 200]);
  });

  it('refuses what would be refused', async () => {
    const post = (body: string | Buffer): Promise<Answer> => pipeline.post(DRY, body);
    expectRefused(await post('{"payload":'), { status: 400, code: 'envelope_malformed' });
    expectRefused(await post(''), { status: 400, code: 'envelope_malformed', paths: [''] });
    expectRefused(await post('{"hello":"world"}'), { status: 415, code: 'format_unrecognized' });
    expectRefused(await post('{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}'), {
      status: 400,
      code: 'bundle_malformed',
    });
    expectRefused(await post('eyJhbGciOiJub25lIn0.e30.'), { status: 400, code: 'jws_malformed' });
    expectRefused(await post(envelopeOf('{"hello":"world"}', [makeKey()])), {
      status: 400,
      code: 'statement_malformed',
    });
  });

  it('of what is stored already says the same and changes nothing', async () => {
    const image = newImage();
    const bytes = await signers.sign('keyed', testOf(image));
    const { body: stored } = await postExamined(pipeline, bytes);
    const { body } = demand(await pipeline.post(DRY, bytes, { prefer: 'wait=30' }), 200);
    expect(body).toMatchObject({ id: stored.id, dryRun: true, status: 'verified' });
    expect(demand(await admin.get(`/v1/attestations/${stored.id}`), 200).body).toMatchObject({
      receivedAt: stored.receivedAt,
      verification: stored.verification,
    });
    expect((await admin.get(`/v1/images/${image}`)).body).toMatchObject({ received: 1, examined: 1 });
  });

  it('tells what trust is at its moment', async () => {
    const key = makeKey();
    const bytes = envelopeOf(testOf(newImage()), [key]);
    expect((await pipeline.post(DRY, bytes)).body.verification.code).toBe('untrusted_signer');
    const keys = [{ id: 'k1', publicKey: key.publicKey }];
    demand(await admin.put('/v1/attestors/late', { kinds: ['test'], keys }), 201);
    expect((await pipeline.post(DRY, bytes)).body).toMatchObject({
      status: 'verified',
      verification: { signers: [{ attestor: 'late', keyId: 'k1', counts: true }] },
    });
    demand(await admin.post('/v1/attestors/late/keys/k1/revoke', { reason: 'compromised' }), 200);
    expect((await pipeline.post(DRY, bytes)).body).toMatchObject({
      status: 'rejected',
      verification: { code: 'key_not_valid_then', signers: [{ attestor: 'late', counts: false }] },
    });
  });

  it('is for attesters', async () => {
    const bytes = await signers.sign('keyed', testOf(newImage()));
    for (const role of ['gate', 'auditor', 'policy-admin', 'trust-admin']) {
      const api = await apiAs(app, { name: role, roles: [role] });
      expectRefused(await api.post(DRY, bytes), { status: 403, code: 'role_missing' });
    }
    expectRefused(await apiOf(app, null).post(DRY, bytes), { status: 401, code: 'token_missing' });
  });

  it.each([
    ['dryRun=maybe', 'query.dryRun'],
    ['dryRun=', 'query.dryRun'],
    ['dryRun=TRUE', 'query.dryRun'],
    ['dryRun', 'query.dryRun'],
    ['dryRun=true&dryRun=true', 'query.dryRun'],
    ['dryRun=true&dryRun=false', 'query.dryRun'],
    ['dry_run=true', 'query.dry_run'],
    ['dryRun=true&wait=5', 'query.wait'],
  ])('is nothing that %s asks for, which is refused, and nothing is stored', async (query, path) => {
    const image = newImage();
    const bytes = await signers.sign('keyed', testOf(image));
    const answer = await pipeline.post(`/v1/attestations?${query}`, bytes);
    expectRefused(answer, { status: 400, code: 'request_invalid', paths: [path] });
    expect(answer.body.detail).toContain('nothing was stored');
    expect((await admin.get(`/v1/attestations/${attestationIdOf(bytes)}`)).status).toBe(404);
    demand(await pipeline.post('/v1/attestations?dryRun=false', bytes), 201);
  });
});

describe('assay post --dry-run', () => {
  async function assay(...words: readonly string[]): Promise<{ code: number; out: string; err: string }> {
    const [out, err]: [string[], string[]] = [[], []];
    const surroundings = {
      env: { ASSAY_URL: app.url, ASSAY_TOKEN: app.adminToken },
      stdin: Readable.from([]),
      print: (line: string) => out.push(line),
      write: () => undefined,
      warn: (line: string) => err.push(line),
      now: Date.now,
      sleep,
    };
    const code = await orUnknown(() => run(words, surroundings, (_tone, text) => text, '1.2.3'), surroundings.warn);
    return { code, out: out.join('\n'), err: err.join('\n') };
  }
  const file = (name: string, content: Buffer | string): string => {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  };

  it('shows whom to register, ends as posting would and stores nothing', async () => {
    const image = newImage();
    const bundle = await signers.sign('keyless', testOf(image));
    const good = await assay('post', '--dry-run', file('bundle.json', bundle));
    expect(good).toMatchObject({ code: 0, err: '' });
    expect(good.out).toMatch(/verified/);
    expect(good.out).toContain('keyless (release)');
    expect(good.out).toContain(image);
    const stranger = envelopeOf(testOf(image), [makeKey()]);
    const bad = await assay('post', '--dry-run', file('stranger.json', stranger));
    expect(bad.code).toBe(1);
    expect(bad.out).toMatch(/rejected untrusted_signer/);
    const lines = await assay(
      'post',
      '--dry-run',
      '--json',
      file('all.jsonl', `${String(bundle)}\n${String(stranger)}\n`),
    );
    expect(lines.code).toBe(1);
    expect(lines.out.split('\n').map((line) => JSON.parse(line).answer)).toMatchObject([
      { dryRun: true, status: 'verified', verification: { signers: [{ identity: { subjects: [SUBJECT] } }] } },
      { dryRun: true, status: 'rejected' },
    ]);
    for (const bytes of [bundle, stranger]) await expectNotStored(image, attestationIdOf(bytes));
  });
});
