import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { SearchByVex1764000002300 } from '../../migrations/1764000002300-search-by-vex.js';
import { reindexFacts } from '../../src/facts/reindex-facts.store.js';
import { ImageSearchStore } from '../../src/images/image-search.store.js';
import type { AttestationId, Sha256Digest } from '../../src/intoto/digest.js';
import { imageSearchQuery, searchConditions } from '../../src/policy/image-search-request.js';
import { recordedPairs, restedPairs } from '../../src/policy/rested-pairs.js';
import { reindexVerdicts } from '../../src/policy/reindex-verdicts.store.js';
import type { Verdict } from '../../src/policy/verdict.js';
import { revokeKey } from '../../src/trust/trust-change.js';
import { Faults } from '../support/faults.js';
import { violatedInvariants } from '../support/invariants.js';
import { approval, PREDICATE_TYPES, provenance, testResult, trivyScan } from '../support/predicates.js';
import { openHouse, type House, type Rooms } from '../support/rooms.js';
import { envelopeOf, makeKey, statementAbout, type TestKey } from '../support/sign.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const ACTOR = 'token:test#1';
const COMMIT = 'ab'.repeat(20);
const BUILDER = 'https://ci.example.com/release';
const CYCLONEDX = 'https://cyclonedx.org/bom';
const OPENVEX = 'https://openvex.dev/ns/v0.2.0';
const CLEAN = `policy: clean
parameters:
  environment: {type: string, required: true}
requirements:
  - {id: scanned, kind: scan, from: [scanner], where: {maxSeverity: {critical: 0}, vex: {from: [security]}}}
`;
const POLICY = `policy: release
parameters:
  environment: {type: string, required: true}
requirements:
  - {id: built, kind: build, from: [ci]}
`;

let database: TestDatabase;
let house: House;
let rooms: Rooms;
let owner: pg.Client;
let search: ImageSearchStore;
const keys = {
  ci: makeKey(),
  ci2: makeKey(),
  scanner: makeKey('Ed25519'),
  leads: makeKey(),
  sbom: makeKey(),
  security: makeKey(),
};
/** In the order of their digests. */
const [first, second, third] = Array.from({ length: 3 }, (): Sha256Digest => newDigest()).sort() as [
  Sha256Digest,
  Sha256Digest,
  Sha256Digest,
];

function newDigest(): Sha256Digest {
  return `sha256:${randomBytes(32).toString('hex')}` as Sha256Digest;
}

beforeAll(async () => {
  database = await createTestDatabase();
  house = await openHouse(database.url, new Faults());
  rooms = house.enter();
  search = new ImageSearchStore(rooms.database);
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  const attestors = { ci: 'build', scanner: 'scan', leads: 'approval', sbom: 'sbom', security: 'vex' } as const;
  for (const [name, kind] of Object.entries(attestors)) {
    const held = name === 'ci' ? [keys.ci, keys.ci2] : [keys[name as keyof typeof attestors]];
    await rooms.putAttestor(name, {
      kinds: [kind],
      keys: held.map(({ publicKey }, index) => ({ id: `k${index + 1}`, publicKey })),
    });
  }
  await rooms.policies.put({ name: 'release', source: { text: POLICY, format: 'yaml' }, actor: ACTOR, expected: null });
  await rooms.policies.put({ name: 'clean', source: { text: CLEAN, format: 'yaml' }, actor: ACTOR, expected: null });
  await post(first, PREDICATE_TYPES.provenance, provenance({ builder: BUILDER, commit: COMMIT }), keys.ci);
  await post(first, PREDICATE_TYPES.cosignVuln, trivyScan(new Date(), ['CRITICAL', 'LOW']), keys.scanner);
  await post(
    first,
    CYCLONEDX,
    bom(['pkg:npm/%40acme/left-pad@1.3.0', 'pkg:deb/debian/openssl@3.0?arch=amd64']),
    keys.sbom,
  );
  await post(first, PREDICATE_TYPES.approval, approval('ann', new Date()), keys.leads);
  await post(
    second,
    PREDICATE_TYPES.provenance,
    provenance({ builder: BUILDER, repository: 'https://github.com/acme/b' }),
    keys.ci2,
  );
  await post(
    second,
    PREDICATE_TYPES.provenance,
    provenance({ commit: COMMIT, repository: 'https://github.com/acme/b' }),
    keys.ci,
  );
  await post(second, PREDICATE_TYPES.cosignVuln, trivyScan(new Date(), ['LOW']), keys.scanner);
  await post(second, CYCLONEDX, bom(['pkg:npm/%40acme/left-pad@2.0.0']), keys.sbom);
  // Signed by whom it is not for, so never verified.
  await post(third, PREDICATE_TYPES.approval, approval('ann', new Date()), keys.ci);
  await post(third, PREDICATE_TYPES.approval, approval('ben', new Date(), { decision: 'rejected' }), keys.leads);
});

afterAll(async () => {
  await owner.end();
  await house.close();
  await database.drop();
});

async function post(
  image: string,
  type: string,
  predicate: unknown,
  ...by: readonly TestKey[]
): Promise<AttestationId> {
  const id = await rooms.post(envelopeOf(statementAbout(image, type, predicate, 'registry.example.com/app'), by));
  await rooms.verification.examine([id]);
  return id;
}

function bom(purls: readonly string[]): object {
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    components: purls.map((purl, index) => ({ type: 'library', name: `c${index}`, purl })),
  };
}

function vex(vulnerability: string): object {
  return {
    '@context': OPENVEX,
    '@id': 'https://example.com/vex/1',
    author: 'security',
    timestamp: '2026-01-01T00:00:00Z',
    version: 1,
    statements: [
      {
        vulnerability: { name: vulnerability },
        status: 'not_affected',
        justification: 'vulnerable_code_not_present',
      },
    ],
  };
}

async function page(query: object, after: Sha256Digest | null = null, limit = 50) {
  const conditions = searchConditions(imageSearchQuery.parse(query), await rooms.trust.snapshot());
  const whole = await search.page(conditions, after, limit);
  // As if there were too many rows to read any condition whole.
  expect((await search.page(conditions, after, limit, 0)).images).toEqual(whole.images);
  return whole;
}

async function found(query: object): Promise<readonly string[]> {
  return (await page(query)).images.map(({ digest }) => digest);
}

describe('a search over images', () => {
  it.each<readonly [string, object, () => readonly string[]]>([
    ['a commit', { commit: COMMIT }, () => [first, second]],
    ['a commit in capitals', { commit: COMMIT.toUpperCase() }, () => [first, second]],
    ['a repository, however its URL is written', { repository: 'git+https://github.com/acme/app.git' }, () => [first]],
    ['a builder', { builder: BUILDER }, () => [first, second]],
    ['commit and builder of one build', { commit: COMMIT, builder: BUILDER }, () => [first]],
    ['a component in a version', { component: 'pkg:npm/@acme/left-pad@1.3.0' }, () => [first]],
    ['a component in any version', { component: 'pkg:npm/%40acme/left-pad' }, () => [first, second]],
    ['a component that was listed with qualifiers', { component: 'pkg:deb/debian/openssl@3.0' }, () => [first]],
    ['a component whose name begins so', { component: 'pkg:npm/%40acme/left' }, () => []],
    ['a vulnerability, whatever its case', { vulnerability: 'cve-2026-1000' }, () => [first, second]],
    ['a vulnerability at a severity', { vulnerability: 'CVE-2026-1000', severity: 'critical' }, () => [first]],
    ['a severity', { severity: 'low' }, () => [first, second]],
    ['an approver, of approvals that were verified', { approver: 'ann' }, () => [first]],
    ['an approver who rejected', { approver: 'ben' }, () => []],
    ['an attestor', { attestor: 'ci' }, () => [first, second]],
    ['a key by its id', { attestor: 'ci', key: 'k2' }, () => [second]],
    ['a key by attestor and id', { key: 'ci/k1' }, () => [first, second]],
    ['what would be touched by a revocation', { revoking: 'ci/k2' }, () => [second]],
    ['all of it', { approver: 'ann', severity: 'critical', commit: COMMIT, key: 'scanner/k1' }, () => [first]],
    ['what no image has at once', { approver: 'ann', component: 'pkg:npm/%40acme/left-pad@2.0.0' }, () => []],
    ['a period that is over', { commit: COMMIT, until: '2020-01-01T00:00:00Z' }, () => []],
    ['a period that has begun', { approver: 'ann', since: '2020-01-01T00:00:00Z' }, () => [first]],
  ])('finds by %s', async (_name, query, images) => {
    expect(await found(query)).toEqual(images());
  });

  it('finds by the thumbprint of a key', async () => {
    const { rows } = await owner.query<{ thumbprint: string }>(
      `select split_part(signer, '|', 1) as thumbprint from fact_signers where attestation in (
         select attestation from attestation_subjects where subject = $1)`,
      [third],
    );
    // The approver's own rejection was verified; that of the stranger to approvals was not, and is found by nobody.
    const by = await Promise.all(rows.map(({ thumbprint }) => found({ key: thumbprint })));
    expect(by.filter((images) => images.includes(third))).toHaveLength(1);
  });

  it('says why: what evidence, when, and what it calls the image', async () => {
    const [image] = (await page({ commit: COMMIT, severity: 'critical' })).images;
    expect(image?.matches).toHaveLength(2);
    for (const { attestation, verdict, name, at } of image?.matches ?? []) {
      expect(attestation).toMatch(/^sha256:/);
      expect(verdict).toBeNull();
      expect(name).toBe('registry.example.com/app');
      expect(Math.abs(Date.now() - at.getTime())).toBeLessThan(600_000);
    }
  });

  it('goes on behind an image, and is complete as far as the account has a place for', async () => {
    await rooms.sequence();
    const { images, completeTo, leftOut } = await page({ commit: COMMIT }, null, 1);
    expect(images.map(({ digest }) => digest)).toEqual([first]);
    expect(completeTo).toBeGreaterThan(10);
    expect(leftOut).toBe(0);
    expect((await page({ commit: COMMIT }, first, 1)).images.map(({ digest }) => digest)).toEqual([second]);
    expect((await page({ commit: COMMIT }, second, 1)).images).toEqual([]);
  });

  it('keeps of what is said anew every day the first time and the last', async () => {
    const image = newDigest();
    const ids: AttestationId[] = [];
    for (let day = 0; day < 3; day += 1) {
      ids.push(
        await post(
          image,
          PREDICATE_TYPES.cosignVuln,
          trivyScan(new Date(1_700_000_000_000 + day), ['HIGH']),
          keys.scanner,
        ),
      );
    }
    const [hit] = (await page({ severity: 'high' })).images;
    expect(hit?.matches.map(({ attestation }) => attestation)).toEqual([ids[0], ids[2]]);
  });

  it('finds what came to be verified by a key that was added later', async () => {
    const [late, image] = [makeKey(), newDigest()];
    const id = await post(image, PREDICATE_TYPES.testResult, testResult('PASSED'), late);
    await rooms.putAttestor('late', { kinds: ['test'], keys: [{ id: 'k1', publicKey: late.publicKey }] });
    expect(await found({ attestor: 'late' })).toEqual([]);
    await rooms.verification.examine([id]);
    expect(await found({ attestor: 'late' })).toEqual([image]);
  });

  it('goes on finding what a revoked key signed', async () => {
    const [key, image] = [makeKey(), newDigest()];
    await rooms.putAttestor('lost', { kinds: ['test'], keys: [{ id: 'k1', publicKey: key.publicKey }] });
    await post(image, PREDICATE_TYPES.testResult, testResult('PASSED'), key);
    await revoke('lost', 'k1');
    expect(await found({ attestor: 'lost' })).toEqual([image]);
    expect(await found({ key: 'lost/k1' })).toEqual([image]);
  });

  it('leaves out what lists more than can be added for all images it names, and says so', async () => {
    const subjects = Array.from({ length: 600 }, newDigest);
    const components = Array.from({ length: 300 }, (_, index) => `pkg:npm/many-${index}@1.0.0`);
    const statement = {
      _type: 'https://in-toto.io/Statement/v1',
      subject: subjects.map((subject) => ({ digest: { sha256: subject.slice('sha256:'.length) } })),
      predicateType: CYCLONEDX,
      predicate: bom(components),
    };
    const id = await rooms.post(envelopeOf(JSON.stringify(statement), [keys.sbom]));
    await rooms.verification.examine([id]);
    const { images, leftOut } = await page({ component: 'pkg:npm/many-1' });
    expect(images).toEqual([]);
    expect(leftOut).toBe(1);
    expect((await page({ attestor: 'sbom' }, null, 1_000)).images).toHaveLength(602);
  });
});

describe('a search over verdicts', () => {
  const decide = (digest: Sha256Digest, environment: string, context: object | null = null) =>
    rooms.verdicts.decide(
      { digest, repository: 'registry.example.com/team/app', policy: 'release', parameters: { environment } },
      ACTOR,
      context,
    );

  it('finds by environment, policy, decision and period', async () => {
    await decide(first, 'production');
    await decide(first, 'production');
    await decide(second, 'staging');
    await decide(third, 'production');
    expect(await found({ environment: 'production' })).toEqual([first]);
    expect(await found({ environment: 'production', decision: 'deny' })).toEqual([third]);
    expect(await found({ policy: 'release' })).toEqual([first, second]);
    expect(await found({ policy: 'release', environment: 'staging' })).toEqual([second]);
    expect(await found({ policy: 'other', environment: 'staging' })).toEqual([]);
    expect(await found({ environment: 'production', commit: COMMIT })).toEqual([first]);
    expect(await found({ environment: 'staging', severity: 'critical' })).toEqual([]);
    expect(await found({ environment: 'production', since: '2020-01-01T00:00:00Z' })).toEqual([first]);
    expect(await found({ environment: 'production', until: '2020-01-01T00:00:00Z' })).toEqual([]);
    const [image] = (await page({ environment: 'production' })).images;
    expect(image?.matches).toHaveLength(2);
    expect(image?.matches[0]).toMatchObject({ attestation: null, name: 'registry.example.com/team/app' });
  });

  it('finds what was allowed while a key was bad, by verdicts that rest on it', async () => {
    await decide(first, 'production');
    await revoke('ci', 'k1', new Date(Date.now() - 3_600_000).toISOString());
    await decide(second, 'production');
    expect(await found({ allowedWhileBad: 'ci/k1' })).toEqual([first, second]);
    expect(await found({ allowedWhileBad: 'ci/k1', environment: 'staging' })).toEqual([second]);
    expect(await found({ allowedWhileBad: 'ci/k1', until: '2020-01-01T00:00:00Z' })).toEqual([]);
    await expect(found({ allowedWhileBad: 'ci/k2' })).rejects.toMatchObject({ code: 'key_not_revoked' });
  });
});

describe('an allow that rests on VEX', () => {
  let image: Sha256Digest;
  let verdict: string;
  let document: AttestationId;
  const ended = `sha256:${'0'.repeat(64)}` as AttestationId;
  const bad = () => found({ allowedWhileBad: 'security/k1', environment: 'production' });

  beforeAll(async () => {
    image = newDigest();
    await post(image, PREDICATE_TYPES.cosignVuln, trivyScan(new Date(), ['CRITICAL']), keys.scanner);
    const ask = { digest: image, repository: null, policy: 'clean', parameters: { environment: 'production' } };
    const denied = await rooms.verdicts.decide(ask, ACTOR, null);
    expect(denied.decision).toBe('deny');
    document = await post(image, OPENVEX, vex('CVE-2026-1000'), keys.security);
    const allowed = await rooms.verdicts.decide(ask, ACTOR, null);
    expect(allowed.decision).toBe('allow');
    verdict = allowed.id;
    await revoke('security', 'k1', new Date(Date.now() - 3_600_000).toISOString());
  });

  it('is found by the key that signed that', async () => {
    expect(await bad()).toEqual([image]);
  });

  it('is found where it was recorded before that was looked at, once the search was brought up to date', async () => {
    const before = await everything();
    await asRecordedBefore();
    await bringUpToDate();
    expect(await bad()).toEqual([image]);
    expect(await everything()).toEqual(before);
  });

  it('is found by all VEX around it where it was recorded when it did not say all that it rests on', async () => {
    const { rows } = await owner.query<{ verdict: Verdict }>('select verdict from verdicts where id = $1', [verdict]);
    const [recorded] = rows;
    if (recorded === undefined) throw new Error('no verdict');
    const considered = Array.from(
      { length: 100 },
      () => ({ attestation: ended, code: 'superseded', message: '' }) as const,
    );
    const requirements = recorded.verdict.requirements.map(({ alsoRestsOn, removed = [], ...others }) => {
      expect(alsoRestsOn).toEqual([document]);
      const listed = removed.map((each) => ({ ...each, attestation: ended }));
      return { ...others, removed: listed, removedCount: 101, considered };
    });
    const query = async <Row>(text: string, values: readonly unknown[]) =>
      (await owner.query(text, [...values])).rows as readonly Row[];
    const [ids, attestations] = await recordedPairs(
      [{ id: verdict, verdict: { ...recorded.verdict, requirements } }],
      query,
    );
    expect(new Set(ids)).toEqual(new Set([verdict]));
    expect(attestations).toContain(document);
    expect(restedPairs([{ id: verdict, verdict: { ...recorded.verdict, requirements } }])[1]).not.toContain(document);
  });

  /** As by a release that looked at no VEX. */
  async function asRecordedBefore(): Promise<void> {
    await owner.query('delete from verdict_signers where verdict = $1', [verdict]);
    const source = new DataSource({ type: 'postgres', driver: pg, url: database.ownerUrl, entities: [] });
    await source.initialize();
    await new SearchByVex1764000002300().up(source.createQueryRunner());
    await source.destroy();
    expect(await bad()).toEqual([]);
    expect((await page({ allowedWhileBad: 'security/k1' })).completeTo).toBe(0);
  }

  async function bringUpToDate(): Promise<void> {
    while ((await reindexVerdicts(rooms.database)) > 0);
    await rooms.sequence();
    expect((await page({ allowedWhileBad: 'security/k1' })).completeTo).toBeGreaterThan(0);
  }
});

describe('the rebuilt search', () => {
  it('is what was written along, row by row, and repetition changes nothing', async () => {
    const before = await everything();
    await owner.query('truncate search_evidence, search_contents, search_left_out, verdict_signers');
    await owner.query(
      `update search_progress set finished_at = null, position = case part when 'facts' then '0' else '' end`,
    );
    expect((await page({ commit: COMMIT })).completeTo).toBe(0);
    while ((await reindexFacts(rooms.database)) > 0);
    while ((await reindexVerdicts(rooms.database)) > 0);
    expect(await everything()).toEqual(before);
    expect((await page({ commit: COMMIT })).completeTo).toBeGreaterThan(0);
    await owner.query(`update search_progress set position = case part when 'facts' then '0' else '' end`);
    while ((await reindexFacts(rooms.database)) > 0);
    while ((await reindexVerdicts(rooms.database)) > 0);
    expect(await everything()).toEqual(before);
    expect(await violatedInvariants(database.url)).toEqual([]);
  });
});

describe('npm run reindex', () => {
  it('makes the search again while evidence is posted, by two processes at once', async () => {
    const [before, image] = [await everything(), newDigest()];
    await run('--anew');
    const posting = post(image, PREDICATE_TYPES.cosignVuln, trivyScan(new Date(), ['MEDIUM']), keys.scanner);
    const said = await Promise.all([run(), run(), posting]);
    expect(said[0]).toContain('the search over images is complete');
    expect(await found({ severity: 'medium' })).toEqual([image]);
    expect((await everything()).flat()).toEqual(expect.arrayContaining(before.flat()));
    expect(await violatedInvariants(database.url)).toEqual([]);
  });

  it('refuses what it does not know', async () => {
    await expect(run('--again')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--again') as string,
    });
  });
});

async function run(...words: readonly string[]): Promise<string> {
  const script = join(inject('services').buildDir, 'src/reindex.js');
  const env = { PATH: process.env.PATH, DATABASE_URL: database.url, ASSAY_MIGRATE_DATABASE_URL: database.ownerUrl };
  const { stderr } = await promisify(execFile)(process.execPath, [script, ...words], { env });
  return stderr;
}

async function everything(): Promise<readonly unknown[]> {
  const tables = [
    'select * from search_evidence order by 1, 2, 3',
    'select * from search_contents order by 1, 2',
    'select * from search_left_out order by 1',
    'select * from verdict_signers order by 1, 2, 3, 4',
  ];
  const rows = [];
  for (const table of tables) rows.push((await owner.query(table)).rows);
  return rows;
}

async function revoke(attestor: string, keyId: string, effectiveFrom: string | null = null): Promise<void> {
  await rooms.trust.change(ACTOR, (trust, now) =>
    revokeKey(trust, attestor, keyId, { reason: 'compromised', effectiveFrom }, now),
  );
}
