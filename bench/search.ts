import { createHash, randomBytes, randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { indexFacts, rowsOfFact, type IndexedFact } from '../src/facts/index-facts.store.js';
import type { FactContent } from '../src/facts/fact.js';
import { importPublicKey } from '../src/intoto/public-key.js';
import type { Sha256Digest } from '../src/intoto/digest.js';
import { openDatabase } from '../src/platform/database.js';
import { encodeCursor } from '../src/platform/cursor.js';
import { send, type Client } from './client.js';
import type { Signers } from './evidence.js';
import { load, request, type LoadResult } from './load.js';
import type { Running } from './processes.js';
import {
  ATTESTATIONS_OF_IMAGE,
  BUILDERS,
  fill,
  PACKAGES,
  PEOPLE,
  REPOSITORIES,
  VERSIONS,
  VULNERABILITIES,
} from './search-fill.js';

const MOST = Number(process.env['BENCH_SEARCH'] ?? 100_000);
const SIZES = [10_000, 100_000, 1_000_000].filter((size) => size <= MOST);
const MILLISECONDS = Number(process.env['BENCH_MILLISECONDS'] ?? 2000);
const DAY_MS = 86_400_000;

export interface SearchBench {
  readonly client: Client;
  readonly floor: Running;
  readonly ownerUrl: string;
  readonly signers: Signers;
}

const NOTHING = 'nothing:';

type Question = readonly [name: string, query: (images: number) => string];

const any = (count: number): number => randomInt(count);
const hex = (text: string): string => createHash('sha256').update(text).digest('hex');
const moment = (daysAgo: number): string => new Date(Date.now() - daysAgo * DAY_MS).toISOString();
/** A page somewhere in the middle. */
const behind = (): string => `&cursor=${encodeCursor('images', [`sha256:${randomBytes(32).toString('hex')}`])}`;
const week = (): string => {
  const start = any(350);
  return `&since=${moment(start + 7)}&until=${moment(start)}`;
};

const QUESTIONS: readonly Question[] = [
  ['built from a commit', (images) => `commit=${hex(`commit ${any(images)}`).slice(0, 40)}`],
  ['built from a repository', () => `repository=https://github.com/acme/app-${any(REPOSITORIES)}`],
  ['built by a builder', () => `builder=https://ci.example.com/builder-${any(BUILDERS)}${behind()}`],
  ['contain a component, any version', () => `component=pkg:npm/package-${any(PACKAGES)}`],
  ['contain a component in a version', () => `component=pkg:npm/package-${any(PACKAGES)}@${any(VERSIONS)}.0.0`],
  ['have a finding', () => `vulnerability=CVE-${any(VULNERABILITIES)}`],
  ['have a finding at a severity', () => `vulnerability=CVE-${any(VULNERABILITIES)}&severity=critical`],
  ['have any critical finding', () => `severity=critical${behind()}`],
  ['approved by a person', () => `approver=person-${any(PEOPLE)}${behind()}`],
  ['approved by a person in a week', () => `approver=person-${any(PEOPLE)}${week()}`],
  ['signed by an attestor', () => `attestor=scanner${behind()}`],
  ['signed by a key', () => `key=qa/k1${behind()}`],
  ['touched if a key were revoked', () => `revoking=ci/k1${behind()}`],
  ['allowed into production', () => `environment=production${behind()}`],
  ['allowed into production in a week', () => `environment=production${week()}`],
  ['allowed while a key was bad for a day', () => `allowedWhileBad=legal/k1`],
  ['allowed while a key was bad for ever', () => `allowedWhileBad=qa/k1${behind()}`],
  ['in production with a component', () => `environment=production&component=pkg:npm/package-${any(PACKAGES)}`],
  [
    'builder, critical finding, attestor',
    () => `builder=https://ci.example.com/builder-1&severity=critical&attestor=qa${behind()}`,
  ],
  [
    `${NOTHING} a commit and a person who approved nothing`,
    (images) => `commit=${hex(`commit ${any(images)}`).slice(0, 40)}&approver=nobody`,
  ],
];

/** Every question of an auditor, against one point read by index in the same minutes, at each size. */
export async function measureSearch({ client, floor, ownerUrl, signers }: SearchBench): Promise<string> {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  const thumbprint = (name: keyof Signers): string => importPublicKey(signers[name].publicKey).thumbprint;
  const keys = {
    ci: thumbprint('ci'),
    scanner: thumbprint('scanner'),
    qa: thumbprint('qa'),
    managers: thumbprint('ann'),
    legal: thumbprint('legal'),
  };
  const results = new Map<string, LoadResult[]>();
  const notes: string[] = [];
  let filled = 0;
  try {
    for (const size of SIZES) {
      const images = Math.ceil(size / ATTESTATIONS_OF_IMAGE);
      const started = performance.now();
      await fill(owner, filled, images, keys);
      notes.push(`${size} attestations: filled in ${seconds(started)}; ${await sizes(owner)}`);
      if (filled === 0) await revokeKeys(client);
      filled = images;
      const scansBefore = await sequentialScans(owner);
      const measured = [await pointReads(floor, images), ...(await answers(client, images))];
      for (const [name, result] of measured) results.set(name, [...(results.get(name) ?? []), result]);
      notes.push(
        `${size} attestations: ${(await sequentialScans(owner)) - scansBefore} sequential scans of what is searched`,
      );
    }
    notes.push(...(await measureWrites(ownerUrl)));
  } finally {
    await owner.end();
  }
  return table(results, notes);
}

const POINT_READ = 'one indexed point read, the floor';

async function answers(client: Client, images: number): Promise<readonly (readonly [string, LoadResult])[]> {
  const headers = { authorization: `Bearer ${client.token}` };
  const measured: (readonly [string, LoadResult])[] = [];
  for (const [name, query] of QUESTIONS) {
    const ask = (): Buffer => request('GET', `/v1/images?${query(images)}`, headers);
    await assertFound(client, name, () => query(images));
    await load({ port: client.port, clients: 1, milliseconds: 200, expect: [200], next: ask });
    measured.push([
      name,
      await load({ port: client.port, clients: 1, milliseconds: MILLISECONDS, expect: [200], next: ask }),
    ]);
  }
  return measured;
}

/** A question that finds nothing is answered fast and says nothing of how fast others are. */
async function assertFound(client: Client, name: string, query: () => string): Promise<void> {
  for (let attempt = 0; attempt < 50 && !name.startsWith(NOTHING); attempt += 1) {
    const { items } = await send(client, 'GET', `/v1/images?${query()}`);
    if (Array.isArray(items) && items.length > 0) return;
    if (attempt === 49) throw new Error(`nothing is found that is ${name}`);
  }
}

async function pointReads(floor: Running, images: number): Promise<readonly [string, LoadResult]> {
  const read = (): Buffer => request('GET', `/one-read/sha256:${hex(String(any(images)))}`);
  return [
    POINT_READ,
    await load({ port: floor.port, clients: 1, milliseconds: MILLISECONDS, expect: [200], next: read }),
  ];
}

async function revokeKeys(client: Client): Promise<void> {
  const revoke = (key: string, body: object): Promise<unknown> =>
    send(client, 'POST', `/v1/attestors/${key}/revoke`, body);
  await revoke('legal/keys/k1', { reason: 'superseded', effectiveFrom: moment(1) });
  await revoke('qa/keys/k1', { reason: 'compromised' });
}

async function sequentialScans(owner: pg.Client): Promise<number> {
  // By then every session has told what it did.
  await delay(3_000);
  const { rows } = await owner.query<{ scans: string }>(
    `select sum(seq_scan) as scans from pg_stat_user_tables
     where relname in ('search_evidence', 'search_contents', 'verdicts', 'verdict_signers', 'facts', 'images',
       'attestation_subjects', 'history_sequence') or relname like 'verdicts%'`,
  );
  return Number(rows[0]?.scans ?? 0);
}

async function sizes(owner: pg.Client): Promise<string> {
  const { rows } = await owner.query<{ line: string }>(
    `select string_agg(format('%s %s rows, %s', relname, n_live_tup, pg_size_pretty(pg_total_relation_size(relid))), '; ' order by relname) as line
     from pg_stat_user_tables where relname in ('search_evidence', 'search_contents', 'verdict_signers')`,
  );
  return rows[0]?.line ?? '';
}

/** What one fact adds, and how long that takes within a transaction on an index of this size. */
async function measureWrites(url: string): Promise<readonly string[]> {
  const database = await openDatabase({ url, entities: [], applicationName: 'bench', poolSize: 1 });
  const verified = {
    signers: [{ attestor: 'x', identity: null, thumbprint: 'x', counts: true }],
    proved: [{ thumbprint: 'x' }],
  };
  const lines: string[] = [];
  try {
    for (const [name, content] of WRITTEN) {
      const times: number[] = [];
      let rows = 0;
      for (let round = 0; round < 3; round += 1) {
        const image = `sha256:${randomBytes(32).toString('hex')}` as Sha256Digest;
        const fact: IndexedFact = {
          id: String(2_000_000_000 + round),
          content,
          receivedAt: new Date(),
          images: [image],
          verified,
        };
        const { evidence, contents } = rowsOfFact(fact);
        rows = evidence.length + [...(contents ?? [])].length;
        await database.dataSource.transaction(async (tx) => {
          const started = performance.now();
          await indexFacts(tx, [fact]);
          times.push(performance.now() - started);
        });
      }
      lines.push(`${name}: ${rows} rows, ${times.sort((a, b) => a - b)[1]?.toFixed(1) ?? ''} ms`);
    }
  } finally {
    await database.close();
  }
  return lines;
}

const WRITTEN: readonly (readonly [string, FactContent])[] = [
  ['a build', buildFact()],
  ['a scan of 200 findings', scanFact(200)],
  ['a scan of 20,000 findings', scanFact(20_000)],
  ['a bill of 500 components', sbomFact(500)],
  ['a bill of 50,000 components', sbomFact(50_000)],
];

function buildFact(): FactContent {
  const source = { repository: 'https://github.com/acme/app', ref: null, commit: 'c'.repeat(40) };
  return {
    kind: 'build',
    builder: 'b',
    buildType: null,
    source,
    invocation: null,
    startedAt: null,
    finishedAt: null,
    materials: [],
    parameters: {},
  };
}

function scanFact(count: number): FactContent {
  const findings = Array.from({ length: count }, (_, index) => ({
    id: `CVE-${index}`,
    severity: 'high' as const,
    cvss: null,
    package: { name: null, version: null, purl: null },
    fixedIn: [],
  }));
  const counts = { critical: 0, high: count, medium: 0, low: 0, negligible: 0, none: 0, unknown: 0 };
  return { kind: 'scan', scanner: 's', scannerVersion: null, databaseAt: null, scannedAt: null, findings, counts };
}

function sbomFact(count: number): FactContent {
  const components = Array.from({ length: count }, (_, index) => ({
    name: 'c',
    version: null,
    purl: `pkg:npm/package-${index}@1.0.0`,
    licences: [],
  }));
  const counts = { components: count, withoutPurl: 0, withoutLicence: 0 };
  return { kind: 'sbom', format: 'spdx', specVersion: '2.3', components, counts };
}

function table(results: ReadonlyMap<string, readonly LoadResult[]>, notes: readonly string[]): string {
  const floors = results.get(POINT_READ) ?? [];
  const cell = ({ p50, p99 }: LoadResult, index: number): string =>
    `${p50.toFixed(1)} / ${p99.toFixed(1)} (${(p50 / (floors[index]?.p50 ?? NaN)).toFixed(1)}x)`;
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const head = ['which images', ...SIZES.map((size) => `${size} attestations`)];
  return [
    '### Search: p50 / p99 in ms of a page of 50 by one client (p50 against one indexed point read)',
    '',
    line(head),
    line(head.map(() => '---')),
    ...[...results].map(([name, measured]) => line([name, ...measured.map(cell)])),
    '',
    ...notes.map((note) => `- ${note}`),
    '',
  ].join('\n');
}

function seconds(started: number): string {
  return `${((performance.now() - started) / 1000).toFixed(0)} s`;
}
