import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCheckpoint } from '../../src/history/checkpoint.js';
import type { EntryAnswer } from '../../src/history/history.answer.js';
import { logLeaf } from '../../src/history/log-leaf.js';
import { leafHash, verifyInclusion } from '../../src/history/merkle-tree.js';
import { parseNoteKey } from '../../src/history/note-key.js';
import { demand } from '../support/answers.js';
import { apiAs, apiOf, type Answer, type Api } from '../support/api.js';
import { expectRefused } from '../support/problems.js';
import { newImage, postExamined, prepareRelease, RELEASE_POLICY, type Release } from '../support/release.js';
import { makeKey } from '../support/sign.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

// One line of an archive, as whoever reads it finds it.
type Line = Answer['body'];

const EVER = 'since=2000-01-01T00:00:00Z';

let database: TestDatabase;
let app: TestApp;
let admin: Api;
let gate: Api;
let auditor: Api;
let release: Release;
let image: string;
let envelopes: ReadonlyMap<string, Buffer>;
let verdict: Answer['body'];

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  admin = apiOf(app);
  gate = await apiAs(app, { name: 'gate', roles: ['gate'] });
  auditor = await apiAs(app, { name: 'auditor', roles: ['auditor'] });
  release = await prepareRelease(admin);
  image = newImage();
  const posted = [
    release.signed('qa', image),
    release.signed('ci', image),
    release.signed('ci', image, { key: makeKey() }),
    release.signed('qa', newImage()),
  ];
  const ids: string[] = [];
  for (const envelope of posted) ids.push((await postExamined(admin, envelope)).body.id);
  envelopes = new Map(posted.map((envelope, place) => [ids[place]!, envelope]));
  const until = new Date(Date.now() + 3_600_000).toISOString();
  const waiver = {
    policy: 'release',
    requirement: 'scanned',
    scope: { digest: image },
    reason: 'r',
    reference: 'T',
    until,
  };
  const { id } = demand(await admin.post('/v1/waivers', waiver), 201).body;
  verdict = demand(await gate.post('/v1/verdicts', { policy: 'release', images: [image] }), 201).body.items[0];
  demand(await admin.post(`/v1/waivers/${id}/revoke`, { reason: 'over' }), 200);
  demand(await admin.post('/v1/attestors/trivy/keys/k1/revoke', { reason: 'superseded' }), 200);
  // Long enough for the last of it to be placed.
  demand(await auditor.get('/v1/history?type=key.revoked&wait=20'), 200);
});

afterAll(async () => {
  await app.stop();
  await database.drop();
});

async function archive(query: string): Promise<readonly Line[]> {
  const answer = demand(await auditor.get(`/v1/export?${query}`), 200);
  expect(answer.headers.get('content-type')).toBe('application/jsonl');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.text.endsWith('\n')).toBe(true);
  return answer.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const of = (lines: readonly Line[], record: string): readonly Line[] => lines.filter((line) => line.record === record);

async function account(): Promise<readonly EntryAnswer[]> {
  return demand(await auditor.get('/v1/history?limit=1000'), 200).body.items;
}

describe('an archive of a period', () => {
  it('holds every entry with all that its leaf is made of, from a header to a footer', async () => {
    const lines = await archive(EVER);
    const entries = await account();
    expect(lines[0]).toEqual({
      record: 'header',
      version: 1,
      scope: { digest: null, since: '2000-01-01T00:00:00.000Z', until: null, after: 0 },
      completeTo: entries.length,
    });
    expect(lines[1]?.record).toBe('checkpoint');
    const leaves = of(lines, 'entry');
    expect(leaves.map(({ leaf: { nonce: _, at, ...leaf } }) => ({ ...leaf, at: new Date(at).toISOString() }))).toEqual(
      entries.map((entry) => ({ ...entry })),
    );
    const [{ checkpoint }] = of(lines, 'checkpoint') as [Line];
    const key = parseNoteKey(demand(await auditor.get('/.well-known/assay/log.vkey'), 200).text.trim());
    const opened = openCheckpoint(checkpoint.note, key);
    if ('fault' in opened) throw new Error(opened.fault);
    expect(opened.size).toBeGreaterThanOrEqual(leaves.length);
    for (const { sequence, leaf, proof } of leaves) {
      expect(leaf.sequence).toBe(sequence);
      expect(leaf.nonce).toMatch(/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/);
      expect(leaf.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      expect(
        verifyInclusion({
          index: proof.index,
          size: opened.size,
          leafHash: leafHash(logLeaf(leaf)),
          proof: proof.hashes.map((hash: string) => Buffer.from(hash, 'base64')),
          root: opened.root,
        }),
      ).toBe(true);
    }
    const counts = Object.fromEntries(
      [...Map.groupBy(lines.slice(0, -1), ({ record }) => record)].map(([record, some]) => [record, some.length]),
    );
    expect(lines.at(-1)).toEqual({ record: 'footer', counts, last: entries.at(-1)?.sequence });
  });

  it('holds before each entry what it tells of', async () => {
    const lines = await archive(EVER);
    const expected: Readonly<Record<string, string>> = {
      'attestation.received': 'attestation',
      'attestation.verified': 'verification',
      'attestation.rejected': 'verification',
      'verdict.recorded': 'verdict',
      'policy.changed': 'policy',
      'attestor.created': 'trust',
      'key.revoked': 'trust',
      'waiver.created': 'waiver',
      'waiver.revoked': 'waiver',
    };
    for (const { sequence, leaf } of of(lines, 'entry')) {
      const about = lines.filter((line) => line.sequence === sequence).map(({ record }) => record);
      expect([leaf.type, about]).toEqual([leaf.type, [expected[leaf.type], 'entry'].filter((record) => record)]);
    }
    const sequences = lines.flatMap(({ sequence }) => sequence ?? []);
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
  });

  it('holds envelopes byte for byte, and the rows that verdicts, policies and trust are', async () => {
    const lines = await archive(EVER);
    const attestations = of(lines, 'attestation');
    expect(attestations.map(({ row }) => row.id).sort()).toEqual([...envelopes.keys()].sort());
    for (const { row, envelope } of attestations) {
      const bytes = Buffer.from(envelope, 'base64');
      expect(bytes.equals(envelopes.get(row.id)!)).toBe(true);
      expect(`sha256:${createHash('sha256').update(bytes).digest('hex')}`).toBe(row.id);
      expect(row.subjects).toHaveLength(1);
    }
    expect(of(lines, 'verification').map(({ row }) => row.outcome)).toEqual(
      expect.arrayContaining(['verified', 'rejected']),
    );
    const { id, ...said } = verdict;
    expect(of(lines, 'verdict').map(({ row }) => [row.id, row.verdict])).toEqual([[id, said]]);
    expect(of(lines, 'policy').map(({ row }) => row.source)).toEqual([RELEASE_POLICY]);
    expect(of(lines, 'trust').map(({ table }) => table)).toEqual([
      ...Array(4).fill('attestor_states'),
      'key_revocations',
    ]);
    expect(of(lines, 'waiver').map(({ table }) => table)).toEqual(['waivers', 'waiver_revocations']);
  });

  it('holds what was made within it alone', async () => {
    const [, second, third] = await account();
    expect(of(await archive(`since=${third!.at}`), 'entry')[0].sequence).toBe(third!.sequence);
    expect(of(await archive(`until=${second!.at}`), 'entry').map(({ sequence }) => sequence)).toEqual([1]);
    expect(await archive('since=2100-01-01T00:00:00Z')).toEqual([
      expect.objectContaining({ record: 'header' }),
      expect.objectContaining({ record: 'checkpoint' }),
      { record: 'footer', counts: { header: 1, checkpoint: 1 }, last: null },
    ]);
  });

  it('that was cut off is gone on with behind its last entry', async () => {
    const whole = await archive(EVER);
    const half = of(whole, 'entry')[7].sequence;
    const rest = await archive(`${EVER}&after=${half}`);
    expect(rest.slice(1, -1)).toEqual(
      whole.slice(1, -1).filter(({ record, sequence }) => record === 'checkpoint' || sequence > half),
    );
    const end = of(whole, 'entry').at(-1).sequence;
    expect(of(await archive(`${EVER}&after=${end}`), 'entry')).toEqual([]);
  });
});

describe('an archive about an image', () => {
  it('holds its timeline', async () => {
    const lines = await archive(`digest=${image}`);
    const { items } = demand(await auditor.get(`/v1/images/${image}/history?limit=1000`), 200).body;
    expect(of(lines, 'entry').map(({ sequence }) => sequence)).toEqual(items.map(({ sequence }: Line) => sequence));
    expect(of(lines, 'attestation')).toHaveLength(3);
    expect(of(lines, 'policy')).toHaveLength(1);
    expect(of(lines, 'trust').map(({ row }) => row.name)).toEqual(expect.arrayContaining(['qa', 'ci']));
  });

  it('of which nobody has spoken is empty', async () => {
    expect((await archive(`digest=${newImage()}`)).map(({ record }) => record)).toEqual([
      'header',
      'checkpoint',
      'footer',
    ]);
  });
});

describe('an export', () => {
  it.each([
    ['', 'request_invalid', 'query.since'],
    ['after=1', 'request_invalid', 'query.since'],
    [`${EVER}&after=999999999`, 'request_invalid', 'query.after'],
    [`${EVER}&after=x`, 'request_invalid', 'query.after'],
    ['since=yesterday', 'request_invalid', 'query.since'],
    ['since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z', 'request_invalid', 'query.until'],
    ['digest=latest', 'digest_malformed', 'query.digest'],
    [`${EVER}&limit=5`, 'request_invalid', 'query'],
  ])('with %j is refused', async (query, code, path) => {
    expectRefused(await auditor.get(`/v1/export?${query}`), { status: 400, code, paths: [path] });
  });

  it('is compressed for those who take it so', async () => {
    const plain = await auditor.get(`/v1/export?${EVER}`, { 'accept-encoding': 'identity' });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(
      (await auditor.get(`/v1/export?${EVER}`, { 'accept-encoding': 'gzip;q=0' })).headers.has('content-encoding'),
    ).toBe(false);
    const zipped = await auditor.get(`/v1/export?${EVER}`, { 'accept-encoding': 'br, gzip;q=0.5' });
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
    expect(zipped.text).toBe(plain.text);
  });

  it('is for auditors', async () => {
    expectRefused(await gate.get(`/v1/export?${EVER}`), { status: 403, code: 'role_missing' });
    expect((await app.request(`/v1/export?${EVER}`, { method: 'HEAD' })).status).toBe(200);
  });
});
