import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demand, eventually } from '../support/answers.js';
import { apiAs, apiOf, type Answer, type Api } from '../support/api.js';
import { earlier, jsonOf, publicPem } from '../support/evidence-forms.js';
import { approval, PREDICATE_TYPES } from '../support/predicates.js';
import { expectRefused } from '../support/problems.js';
import { newImage, postExamined, publish, verdictOn } from '../support/release.js';
import { statementAbout } from '../support/sign.js';
import { testOf } from '../support/signers.js';
import { signBundle, type BundleRequest } from '../support/signed-bundle.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { ISSUER, trustDomain, type TrustDomain } from '../support/trust-domain.js';
import {
  alternativeNames,
  CODE_SIGNING,
  email,
  extendedKeyUsage,
  fulcio,
  keyPair,
  keyUsage,
  uri,
  type KeyPair,
} from '../support/x509.js';

const GOOGLE = 'https://accounts.google.com';

let database: TestDatabase;
let app: TestApp;
let admin: Api;
let gate: Api;
let domain: TrustDomain;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  admin = apiOf(app);
  gate = await apiAs(app, { name: 'gate', roles: ['gate'] });
  domain = await trustDomain({ since: earlier(24 * 60) });
  demand(await admin.put('/v1/trust-roots/acme', domain.root), 201);
});

afterAll(async () => {
  await app.stop();
  await database.drop();
});

/** A certificate as Fulcio issues it for a subject, with further extensions by their arcs. */
const issued = (name: Buffer, issuer: string, more: Readonly<Record<number, string>>) => ({
  extensions: [
    keyUsage(0),
    extendedKeyUsage(CODE_SIGNING),
    alternativeNames(name),
    fulcio(8, issuer),
    ...Object.entries(more).map(([arc, text]) => fulcio(Number(arc), text)),
  ],
});

interface Workflow {
  readonly id: string;
  readonly subject: string;
  readonly repository: string;
}

let workflows = 0;

/** A workflow of a repository of its own, so that no case knows another's. */
function newWorkflow(): Workflow {
  workflows += 1;
  const repository = `https://github.com/acme/app-${workflows}`;
  return {
    id: `w${workflows}`,
    repository,
    subject: `${repository}/.github/workflows/release.yml@refs/heads/main`,
  };
}

async function signedBy(
  { subject, repository }: Workflow,
  payload: string,
  {
    at = earlier(120),
    claims = {},
    keys,
  }: { at?: Date; claims?: Readonly<Record<number, string>>; keys?: KeyPair } = {},
): Promise<Buffer> {
  const certificate = {
    ...issued(uri(subject), ISSUER, { 12: repository, ...claims }),
    ...(keys === undefined ? {} : { keys }),
  };
  return bundleOf(payload, { at, certificate });
}

const bundleOf = async (payload: string, request: BundleRequest): Promise<Buffer> =>
  jsonOf((await signBundle(domain, { payload, ...request })).json);

const identityOf = ({ id, subject }: Workflow, more: object = {}): object => ({
  id,
  issuer: ISSUER,
  subject,
  trustRoot: 'acme',
  ...more,
});

let attestors = 0;

/** An attestor with identities and a policy that asks for its evidence alone; both have the name that is answered. */
async function attestorWith(identities: readonly object[], document: object = {}): Promise<string> {
  const name = `attestor-${(attestors += 1)}`;
  await put(name, identities, document, 201);
  await publish(admin, name, `policy: ${name}\nrequirements: [{id: it, kind: test, from: [${name}]}]\n`);
  return name;
}

async function put(name: string, identities: readonly object[], document: object = {}, status = 200): Promise<void> {
  demand(await admin.put(`/v1/attestors/${name}`, { kinds: ['test'], keys: [], identities, ...document }), status);
}

/** Posts a passing test by the workflow and answers its image. */
async function tested(workflow: Workflow, how: Parameters<typeof signedBy>[2] = {}): Promise<string> {
  const image = newImage();
  const { body } = await postExamined(admin, await signedBy(workflow, testOf(image), how));
  expect(body.verification.signers).not.toEqual([]);
  return image;
}

async function decided(image: string, policy: string, query = ''): Promise<string> {
  const { decision, requirements } = await verdictOn(gate, image, `policy=${policy}${query}`);
  return `${decision} ${requirements[0].code}`;
}

const told = async (image: string, policy: string): Promise<Answer['body']> =>
  (await verdictOn(gate, image, `policy=${policy}`)).requirements[0];

describe('an identity', () => {
  it('that is registered later counts in the very next verdict for what was proved before', async () => {
    const workflow = newWorkflow();
    const image = newImage();
    const { body } = await postExamined(admin, await signedBy(workflow, testOf(image)));
    expect(body).toMatchObject({
      status: 'rejected',
      verification: {
        code: 'untrusted_signer',
        signers: [{ attestor: null, identity: { id: null, subjects: [workflow.subject] }, counts: false }],
      },
    });
    const name = await attestorWith([identityOf(workflow)]);
    expect(await decided(image, name)).toBe('allow satisfied');
    await eventually(async () => {
      expect((await admin.get(`/v1/attestations/${body.id}`)).body).toMatchObject({
        status: 'verified',
        verification: { signers: [{ attestor: name, identity: { id: workflow.id } }] },
      });
    });
  });

  it('that a document leaves out goes on counting for what came before, and comes back when it is named', async () => {
    const workflow = newWorkflow();
    const name = await attestorWith([identityOf(workflow)]);
    const before = await tested(workflow);
    await put(name, []);
    const after = await tested(workflow, { at: new Date(Math.ceil(Date.now() / 1000) * 1000 + 1000) });
    expect([await decided(before, name), await decided(after, name)]).toEqual([
      'allow satisfied',
      'deny signer_revoked',
    ]);
    await put(name, [identityOf(workflow)]);
    expect([await decided(before, name), await decided(after, name)]).toEqual(['allow satisfied', 'allow satisfied']);
  });

  it('counts within its window, held against the time that the log proves', async () => {
    const workflow = newWorkflow();
    const window = { validFrom: earlier(180).toISOString(), validUntil: earlier(60).toISOString() };
    const name = await attestorWith([identityOf(workflow, window)]);
    const [before, within, after] = [
      await tested(workflow, { at: earlier(181) }),
      await tested(workflow, { at: earlier(61) }),
      await tested(workflow, { at: earlier(59) }),
    ];
    expect(await decided(within, name)).toBe('allow satisfied');
    for (const image of [before, after]) expect(await decided(image, name)).toMatch(/^deny signer_revoked$/);
    expect((await told(after, name)).message).toMatch(
      new RegExp(`identity ${workflow.id} of ${name}.*until|ended|valid`),
    );
  });

  it('asks for every claim that it names', async () => {
    const workflow = newWorkflow();
    const claims = { runnerEnvironment: 'github-hosted', sourceRepositoryRef: 'refs/tags/v*' };
    const name = await attestorWith([identityOf(workflow, { claims })]);
    const hosted = { 11: 'github-hosted', 14: 'refs/tags/v1.2' };
    const image = await tested(workflow, { claims: hosted });
    const selfHosted = await tested(workflow, { claims: { ...hosted, 11: 'self-hosted' } });
    const branch = await tested(workflow, { claims: { ...hosted, 14: 'refs/heads/v1' } });
    const silent = await tested(workflow, { claims: { 14: 'refs/tags/v1.2' } });
    expect(await decided(image, name)).toBe('allow satisfied');
    for (const [of, message] of [
      [selfHosted, /claim runnerEnvironment is "self-hosted", not "github-hosted"/],
      [branch, /claim sourceRepositoryRef is "refs\/heads\/v1", not "refs\/tags\/v\*"/],
      [silent, /claim runnerEnvironment is none, not "github-hosted"/],
    ] as const) {
      expect(await decided(of, name)).toBe('deny wrong_attestor');
      expect((await told(of, name)).message).toMatch(message);
    }
  });

  it('of a workflow that anybody may call says for whom it ran', async () => {
    const shared = newWorkflow();
    const caller = { 12: 'https://github.com/acme/shop', 16: 'https://github.com/acme' };
    const stranger = { 12: 'https://github.com/evil/shop', 16: 'https://github.com/evil' };
    const [called, abused] = [await tested(shared, { claims: caller }), await tested(shared, { claims: stranger })];
    const open = await attestorWith([identityOf(shared)]);
    expect(await decided(called, open)).toBe('deny wrong_attestor');
    expect((await told(called, open)).message).toMatch(
      /ran for "https:\/\/github\.com\/acme\/shop".*must pin the claim sourceRepositoryUri or sourceRepositoryOwnerUri/,
    );
    const claims = { sourceRepositoryOwnerUri: 'https://github.com/acme' };
    const pinned = await attestorWith([identityOf({ ...shared, id: 'pinned' }, { claims })]);
    expect(await decided(called, pinned)).toBe('allow satisfied');
    expect(await decided(abused, pinned)).toBe('deny wrong_attestor');
  });

  it('counts for its attestor’s kinds and repositories alone', async () => {
    const workflow = newWorkflow();
    const name = await attestorWith([identityOf(workflow)], { repositories: ['registry.example.com/acme/*'] });
    const image = await tested(workflow);
    const at = (repository: string): string => `&repository=${encodeURIComponent(repository)}`;
    expect(await decided(image, name, at('registry.example.com/acme/app'))).toBe('allow satisfied');
    expect(await decided(image, name, at('registry.example.com/other/app'))).toMatch(/^deny/);
    expect(await decided(image, name)).toMatch(/^deny/);
    await put(name, [identityOf(workflow)], { kinds: ['build'] });
    expect(await decided(image, name)).toBe('deny wrong_attestor');
    expect((await told(image, name)).message).toMatch(new RegExp(`${name} .*may not sign .*test`));
  });

  it('by a glob covers the repositories it says and no look-alike', async () => {
    const [first, second] = [newWorkflow(), newWorkflow()];
    const glob = {
      id: 'releases',
      issuer: ISSUER,
      subjectGlob: 'https://github.com/acme/*/.github/workflows/release.yml@refs/heads/*',
      trustRoot: 'acme',
    };
    const name = await attestorWith([glob]);
    for (const workflow of [first, second]) expect(await decided(await tested(workflow), name)).toBe('allow satisfied');
    for (const subject of [
      'https://github.com/acme-evil/app/.github/workflows/release.yml@refs/heads/main',
      'https://github.com/acme/../evil/.github/workflows/release.yml@refs/heads/main',
      'https://github.com/acme/app/.github/workflows/other.yml@refs/heads/main',
      'https://github.com/acme/app/evil/.github/workflows/release.yml@refs/heads/main',
      'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/a/../../tags/v1',
      'http://github.com/acme/app/.github/workflows/release.yml@refs/heads/main',
      'https://github.com.evil.example/acme/app/.github/workflows/release.yml@refs/heads/main',
      'https://GitHub.com/acme/app/.github/workflows/release.yml@refs/heads/main',
    ]) {
      const [repository = ''] = subject.split('/.github/');
      expect([subject, await decided(await tested({ id: 'x', subject, repository }), name)]).toEqual([
        subject,
        'deny wrong_attestor',
      ]);
    }
  });
});

describe('an identity that is revoked', () => {
  const revoke = (name: string, id: string, body: object): Promise<Answer> =>
    admin.post(`/v1/attestors/${name}/identities/${id}/revoke`, body);

  it('from a moment on leaves what was proved to be signed before, whenever that is posted', async () => {
    const workflow = newWorkflow();
    const name = await attestorWith([identityOf(workflow)]);
    const [before, after] = [await tested(workflow, { at: earlier(120) }), await tested(workflow, { at: earlier(30) })];
    for (const image of [before, after]) expect(await decided(image, name)).toBe('allow satisfied');
    const effectiveFrom = earlier(60).toISOString();
    const { body } = demand(await revoke(name, workflow.id, { reason: 'compromised', effectiveFrom }), 200);
    expect(body).toMatchObject({ reason: 'compromised', effectiveFrom, images: { count: 2 } });
    expect(await decided(before, name)).toBe('allow satisfied');
    expect(await decided(after, name)).toBe('deny signer_revoked');
    expect((await told(after, name)).message).toMatch(/revoked/);
    // Nobody who has the workflow can date back what the log saw.
    expect(await decided(await tested(workflow, { at: earlier(120) }), name)).toBe('allow satisfied');
    expect(await decided(await tested(workflow, { at: earlier(59) }), name)).toBe('deny signer_revoked');
    const later = { reason: 'compromised', effectiveFrom: earlier(10).toISOString() };
    expectRefused(await revoke(name, workflow.id, later), { status: 409, code: 'revocation_not_earlier' });
    demand(await revoke(name, workflow.id, { reason: 'compromised' }), 200);
    expect(await decided(before, name)).toBe('deny signer_revoked');
  });

  it.each([
    ['superseded', 'allow satisfied'],
    ['compromised', 'deny signer_revoked'],
  ])('as %s binds it under another attestor: %s', async (reason, expected) => {
    const workflow = newWorkflow();
    const own = await attestorWith([identityOf(workflow)]);
    const glob = `${workflow.repository}/.github/workflows/*`;
    const { subject: _, ...named } = identityOf({ ...workflow, id: 'all' }) as { subject: string };
    const other = await attestorWith([{ ...named, subjectGlob: `${glob}@refs/heads/main` }]);
    const image = await tested(workflow);
    const effectiveFrom = earlier(121).toISOString();
    demand(await revoke(own, workflow.id, { reason, effectiveFrom }), 200);
    expect(await decided(image, own)).toBe('deny signer_revoked');
    expect(await decided(image, other)).toBe(expected);
    expect(
      await decided(await tested({ ...workflow, subject: workflow.subject.replace('release', 'test') }), other),
    ).toBe('allow satisfied');
  });

  it('keeps its objections, and a key that was compromised takes certificates for it along', async () => {
    const workflow = newWorkflow();
    const keys = keyPair();
    const name = await attestorWith([identityOf(workflow)]);
    const objected = newImage();
    await postExamined(admin, await signedBy(workflow, testOf(objected, 'FAILED')));
    const ofTheKey = await tested(workflow, { keys });
    const ofAnother = await tested(workflow);
    const holder = await attestorWith([], { keys: [{ id: 'k1', publicKey: publicPem(keys) }] });
    demand(await admin.post(`/v1/attestors/${holder}/keys/k1/revoke`, { reason: 'compromised' }), 200);
    expect(await decided(ofTheKey, name)).toBe('deny signer_revoked');
    expect((await told(ofTheKey, name)).message).toContain(`the key of its certificate, key k1 of ${holder},`);
    expect(await decided(ofAnother, name)).toBe('allow satisfied');
    demand(await revoke(name, workflow.id, { reason: 'compromised' }), 200);
    expect(await decided(objected, name)).toBe('deny negative_evidence');
  });
});

describe('people who approve keyless', () => {
  it('are one person by whatever identity and key, and another by another issuer', async () => {
    const keys = keyPair();
    const person = 'mira@example.com';
    const holder = (id: string, issuer: string, subject: string, who: string): object => ({
      id,
      issuer,
      subject,
      person: who,
      trustRoot: 'acme',
    });
    const identities = [
      holder('mira', GOOGLE, person, person),
      holder('mira-github', 'https://github.com/login/oauth', person, person),
      holder('jan', GOOGLE, 'jan@example.com', 'jan@example.com'),
    ];
    const document = {
      kinds: ['approval'],
      keys: [{ id: 'mira-key', publicKey: publicPem(keys), person }],
      identities,
    };
    demand(await admin.put('/v1/attestors/approvers', document), 201);
    const asks = 'requirements: [{id: it, kind: approval, from: [approvers], count: 2}]\n';
    await publish(admin, 'approved', `policy: approved\n${asks}`);
    const image = newImage();
    const at = earlier(30);
    const approving = (id: string): string => statementAbout(image, PREDICATE_TYPES.approval, approval(id, at));
    const approve = async (subject: string, issuer: string, says = subject): Promise<Answer> =>
      postExamined(admin, await bundleOf(approving(says), { at, certificate: issued(email(subject), issuer, {}) }));

    await approve(person, GOOGLE);
    await approve(person, 'https://github.com/login/oauth');
    await postExamined(admin, await bundleOf(approving(person), { at, managed: { keys, hint: 'mira-key' } }));
    expect(await decided(image, 'approved')).toBe('deny not_enough_evidence');
    const { body: stranger } = await approve('jan@example.com', 'https://login.evil.example');
    expect(stranger).toMatchObject({ status: 'rejected', verification: { code: 'identity_mismatch' } });
    expect(stranger.verification.detail).toMatch(/the issuer is "https:\/\/login\.evil\.example", not/);
    await approve('jan@example.com', GOOGLE, 'somebody-else@example.com');
    expect(await decided(image, 'approved')).toBe('deny not_enough_evidence');
    await approve('jan@example.com', GOOGLE);
    expect(await decided(image, 'approved')).toBe('allow satisfied');
  });
});
