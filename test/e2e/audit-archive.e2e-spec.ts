import { execFile, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Audit } from '../../src/audit/audit.js';
import { linesOf } from '../../src/audit/lines.js';
import { verifyArchive } from '../../src/audit/verify-archive.js';
import { openKept, type KeptCheckpoint } from '../../src/fsck/kept-checkpoint.js';
import { signCheckpoint } from '../../src/history/checkpoint.js';
import { noteSigner } from '../../src/history/note-key.js';
import { sha256 } from '../../src/intoto/digest.js';
import { demand } from '../support/answers.js';
import { apiAs, apiOf, type Answer, type Api } from '../support/api.js';
import { newImage, postExamined, prepareRelease } from '../support/release.js';
import { openOwner, retain } from '../support/retention.js';
import { SEALING } from '../support/sealing.js';
import { makeKey } from '../support/sign.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { trustDomain } from '../support/trust-domain.js';

/*
 * What an auditor who has the key of the log makes of an archive, with no database and no network.
 */

// One line of an archive, as whoever changes it finds it.
type Line = Answer['body'];

const EVER = 'since=2000-01-01T00:00:00Z';
const SIGNED = 'every checkpoint of the archive is signed by the key of the log';
const WHOLE = 'the archive is whole, from its header to its footer';
const IDENTITY = {
  id: 'release',
  issuer: 'https://token.actions.githubusercontent.com',
  subjectGlob: 'https://github.com/acme/app/.github/workflows/release.yml@refs/tags/*',
};
const signer = noteSigner(SEALING.defaultOrigin, SEALING.privateKey);

let database: TestDatabase;
let app: TestApp;
let auditor: Api;
let directory: string;
let image: string;
let early: string;
let lines: readonly string[];

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database, env: { ASSAY_LOG_ORIGIN: SEALING.defaultOrigin } });
  directory = mkdtempSync(join(tmpdir(), 'assay-archive-'));
  const admin = apiOf(app);
  auditor = await apiAs(app, { name: 'auditor', roles: ['auditor'] });
  const release = await prepareRelease(admin);
  image = newImage();
  const { id: evidence } = (await postExamined(admin, release.signed('ci', image))).body;
  for (const key of [undefined, makeKey()]) await postExamined(admin, release.signed('qa', image, key && { key }));
  early = demand(await auditor.get('/log/checkpoint'), 200).text;
  const asked = { images: [image], policy: 'release', context: { environment: 'production' } };
  demand(await admin.post('/v1/verdicts', asked), 201);
  demand(await admin.post('/v1/verdicts', { ...asked, breakGlass: { justification: 'the site is down' } }), 201);
  const waiver = {
    policy: 'release',
    requirement: 'scanned',
    scope: { repository: 'registry.example/app' },
    reason: 'for a while',
    reference: 'T-1',
    until: new Date(Date.now() + 3_600_000).toISOString(),
  };
  const approver = await apiAs(app, { name: 'approver', roles: ['policy-admin'] });
  const { id } = demand(await admin.post('/v1/waivers', { ...waiver, approvals: 1 }), 201).body;
  demand(await approver.post(`/v1/waivers/${id}/approve`, {}), 200);
  demand(await admin.post(`/v1/waivers/${id}/revoke`, { reason: 'over' }), 200);
  const manifest = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: image, size: 500 };
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [manifest] }));
  const type = { 'content-type': 'application/vnd.oci.image.index.v1+json' };
  demand(await admin.post(`/v1/images/${sha256(index)}/manifests`, index, type), 201);
  demand(await admin.put('/v1/attestors/keyless', { kinds: ['build'], keys: [], identities: [IDENTITY] }), 201);
  demand(await admin.post('/v1/attestors/keyless/identities/release/revoke', { reason: 'compromised' }), 200);
  const { root } = await trustDomain({ since: new Date(Date.now() - 3_600_000) });
  demand(await admin.put('/v1/trust-roots/own', root), 201);
  demand(await admin.delete('/v1/trust-roots/own'), 204);
  demand(await admin.post(`/v1/attestations/${evidence}/retract`, { reason: 'wrong' }), 200);
  const effectiveFrom = new Date(Date.now() - 60_000).toISOString();
  demand(await admin.post('/v1/attestors/trivy/keys/k1/revoke', { reason: 'superseded', effectiveFrom }), 200);
  const held = { scope: { digest: newImage() }, reason: 'a case', reference: 'C-1' };
  const { id: hold } = demand(await admin.post('/v1/legal-holds', held), 201).body;
  demand(await admin.post(`/v1/legal-holds/${hold}/release`, { reason: 'closed' }), 200);
  const owner = await openOwner(database.ownerUrl);
  expect((await retain(owner, { rules: ['test:1d'] })).dropped).toHaveLength(1);
  await owner.end();
  demand(await admin.delete('/v1/attestors/leads'), 204);
  // Long enough for the last of it to be placed.
  demand(await auditor.get('/v1/history?type=attestor.deleted&wait=20'), 200);
  lines = await archive(EVER);
});

afterAll(async () => {
  await app.stop();
  await database.drop();
  rmSync(directory, { recursive: true });
});

async function archive(query: string): Promise<readonly string[]> {
  return demand(await auditor.get(`/v1/export?${query}`), 200).text.split(/(?<=\n)/);
}

async function audited(archived: readonly string[], kept: readonly KeptCheckpoint[] = []): Promise<Audit> {
  async function* chunks(): AsyncGenerator<Buffer> {
    yield await Promise.resolve(Buffer.from(archived.join('')));
  }
  return verifyArchive({ lines: linesOf(chunks(), 10_000_000), keys: [signer.key], kept });
}

/** What is wrong, each as the invariant and the first thing. */
async function found(archived: readonly string[], kept: readonly KeptCheckpoint[] = []): Promise<readonly string[]> {
  const { findings } = await audited(archived, kept);
  return findings.flatMap(({ invariant, first }) => (first === null ? [] : [`${invariant}: ${first}`]));
}

function read(line: string): Line {
  return JSON.parse(line);
}

/** The archive with a member of the first such line changed. */
function changed(is: (line: Line) => boolean, change: (line: Line) => void): readonly string[] {
  const place = lines.findIndex((line) => is(read(line)));
  if (place < 0) throw new Error('there is no such line');
  const line = read(lines[place]!);
  change(line);
  return lines.with(place, `${JSON.stringify(line)}\n`);
}

const ofRecord = (record: string, table?: string) => (line: Line) =>
  line.record === record && (table === undefined || line.table === table);
const ofType = (type: string) => (line: Line) => line.record === 'entry' && line.leaf.type === type;

function keptAs(note: string): KeptCheckpoint {
  const opened = openKept(Buffer.from(note), 'kept.checkpoint', [signer.key]);
  if ('fault' in opened) throw new Error(opened.fault);
  return opened;
}

describe('an archive that nobody touched', () => {
  it('holds everything that can be on record, and says what it does not show', async () => {
    const { findings, notHeld, entries } = await audited(lines, [keptAs(early)]);
    expect(findings).toHaveLength(8);
    expect(findings.filter(({ first }) => first !== null)).toEqual([]);
    expect(entries).toBe(lines.filter((line) => read(line).record === 'entry').length);
    expect(notHeld).toEqual([
      'subjects, kind and payload type of what was dropped: nothing in an archive but the envelope says what they were',
      'for what verifications wait, and by which changes of trust they could come to more: no entry tells',
      'that signatures and facts come out again: that takes the trust on record, in the database',
    ]);
    const kinds = new Set(lines.map((line) => read(line)).map(({ record, table }) => table ?? record));
    expect([...kinds].sort()).toEqual([
      'attestation',
      'attestor_states',
      'checkpoint',
      'dropped',
      'entry',
      'footer',
      'header',
      'identity_revocations',
      'index',
      'key_revocations',
      'legal_hold_releases',
      'legal_holds',
      'policy',
      'statement_acts',
      'trust_root_states',
      'verdict',
      'verification',
      'waiver_approvals',
      'waiver_revocations',
      'waivers',
    ]);
  });

  it.each(['\n', '\n\n\n', ' \t\n', '\r\n\r\n', ' '])('holds as well with empty lines at its end: %j', async (end) => {
    expect(await audited([...lines, end], [keptAs(early)])).toEqual(await audited(lines, [keptAs(early)]));
  });

  it('is one where editors left empty lines between its parts', async () => {
    const middle = lines.findIndex((line) => ofType('policy.changed')(read(line)));
    const rest = await archive(`${EVER}&after=${read(lines[middle]!).sequence}`);
    expect(await found([...lines.slice(0, middle + 1), '\n', '\n', ...rest, '\n'])).toEqual([]);
  });

  it('of a period holds, and says of the entries around it that they may be of another time', async () => {
    const third = read(lines.filter((line) => ofRecord('entry')(read(line)))[2]!).leaf;
    const { findings, notHeld } = await audited(await archive(`since=${third.at.slice(0, 23)}Z`));
    expect(findings.filter(({ first }) => first !== null)).toEqual([]);
    expect(notHeld.filter((text) => text.includes('of the period'))).toEqual([
      'whether these are of the period too, near an end of which they stand: the entries 1 to 2',
    ]);
  });

  it('about an image holds, and says that entries about it may be left out', async () => {
    const about = await archive(`digest=${image}`);
    const { findings, notHeld, undecided } = await audited(about, [keptAs(early)]);
    expect(findings.filter(({ first }) => first !== null)).toEqual([]);
    expect(notHeld).toContainEqual(
      'that no entry is left out of the archive: an archive about an image does not show that',
    );
    const { size } = keptAs(early);
    const isIn = about.some((line) => read(line).record === 'entry' && read(line).sequence === size);
    expect(undecided).toEqual(isIn ? [] : ['the checkpoint kept in kept.checkpoint']);
  });
});

describe('an archive without an envelope', () => {
  it('is believed where an entry tells that it was dropped, and else nobody can tell', async () => {
    expect(lines.filter((line) => read(line).envelope === null)).toHaveLength(1);
    const stripped = changed(ofRecord('attestation'), (line) => {
      line.envelope = null;
      line.dropped = { attestation: line.row.id, rule: 'test:1d' };
    });
    const { findings, notHeld, undecided } = await audited(stripped);
    expect(findings.filter(({ first }) => first !== null)).toEqual([]);
    expect(notHeld.join('\n')).toMatch(
      /1 are said to be dropped, sha256:\w+ first, and no entry in the archive tells so/,
    );
    expect(undecided).toEqual(['1 envelopes that are said to be dropped']);
  });
});

describe('an archive that was cut off', () => {
  it('holds as far as it goes, and is not whole', async () => {
    const middle = lines.findIndex((line) => ofType('policy.changed')(read(line)));
    const { sequence } = read(lines[middle]!);
    for (const torn of ['', lines[middle + 1]!.slice(0, 40)]) {
      const cut = [...lines.slice(0, middle + 1), torn].filter((line) => line !== '');
      expect(await found(cut)).toEqual([
        `${WHOLE}: the archive is cut off behind entry ${sequence}, and ends with line ${cut.length}: it is gone on with by after=${sequence}`,
      ]);
    }
  });

  it('and gone on with is an archive', async () => {
    const middle = lines.findIndex((line) => ofType('policy.changed')(read(line)));
    const { sequence } = read(lines[middle]!);
    const rest = await archive(`${EVER}&after=${sequence}`);
    const torn = `${lines[middle + 1]!.slice(0, 40)}\n`;
    expect(await found([...lines.slice(0, middle + 1), ...rest], [keptAs(early)])).toEqual([]);
    expect(await found([...lines.slice(0, middle + 1), torn, ...rest])).toEqual([]);
    const overlapping = await archive(`${EVER}&after=${sequence - 1}`);
    expect((await found([...lines.slice(0, middle + 1), ...overlapping])).join('\n')).toContain(
      `goes on behind entry ${sequence - 1}, and the archive came to entry ${sequence}`,
    );
    const other = await archive(`since=2000-01-02T00:00:00Z&after=${sequence}`);
    expect((await found([...lines.slice(0, middle + 1), ...other])).join('\n')).toMatch(
      /begins an archive of something else$/m,
    );
    expect(await audited(rest)).toMatchObject({
      notHeld: expect.arrayContaining([
        `what is in the account up to entry ${sequence}, behind which the archive begins`,
      ]),
    });
  });
});

describe('an archive that was tampered with: what is found is', () => {
  it.each<[string, (line: Line) => boolean, (line: Line) => void, RegExp]>([
    [
      'a byte of an envelope',
      ofRecord('attestation'),
      (line) => {
        const bytes = Buffer.from(line.envelope, 'base64');
        bytes[20]! ^= 1;
        line.envelope = bytes.toString('base64');
      },
      /^every envelope .*: the envelope of sha256:\w+, received by entry \d+, hashes to sha256:/,
    ],
    [
      'the time at which evidence was received',
      ofRecord('attestation'),
      (line) => (line.row.received_at = line.row.received_at.replace(/^20\d\d/, '2019')),
      /^every envelope .*: the attestation of entry \d+, .* has another time than was sealed$/,
    ],
    ...[
      (line: Line) => (line.row.subjects[0].subject = newImage()),
      (line: Line) => (line.row.subjects[0].name = 'registry.example/other'),
      (line: Line) => (line.row.subjects = []),
    ].map((change): [string, (line: Line) => boolean, (line: Line) => void, RegExp] => [
      'what evidence is filed to be about',
      ofRecord('attestation'),
      change,
      /^every envelope .*: the attestation of entry \d+, .* has another subjects than it says itself$/,
    ]),
    [
      'as what evidence is filed',
      ofRecord('attestation'),
      (line) => Object.assign(line.row, { kind: 'scan', payload_type: 'text/plain' }),
      /^every envelope .*: the attestation of entry \d+, .* has another kind, payload type than it says itself$/,
    ],
    [
      'under what a verdict is filed',
      ofRecord('verdict'),
      (line) =>
        Object.assign(line.row, {
          repository: 'registry.example/other',
          at: line.row.at.replace(/^20\d\d/, '2019'),
          break_glass: true,
          environment: 'staging',
          question: newImage(),
        }),
      /^every verdict .*: the verdict of entry \d+, .* has another repository, time, break glass, environment, question than it says/,
    ],
    [
      'a decision',
      ofRecord('verdict'),
      (line) => (line.row.verdict.decision = 'allow'),
      /^every verdict .*: verdict \S+, recorded by entry \d+, has the digest sha256:\w+, and sha256:\w+ was sealed$/,
    ],
    [
      'the occasion of a verdict',
      ofRecord('verdict'),
      (line) => (line.row.context.environment = 'staging'),
      /^every verdict .* has another occasion than was sealed$/,
    ],
    [
      'what a verification found',
      ofRecord('verification'),
      (line) => (line.row.signers = []),
      /^every other record .*: the verification of entry \d+, .* has another digest than was sealed$/,
    ],
    [
      'a policy',
      ofRecord('policy'),
      (line) => (line.row.source = line.row.source.replace('24h', '2400h')),
      /^every other record .*: the policy of entry \d+, policy.changed of release, has another digest /,
    ],
    [
      'a key of an attestor',
      ofRecord('trust', 'attestor_states'),
      (line) => (line.row.attestor.keys = []),
      /^every other record .*: the trust of entry \d+, attestor.created of ci, has another digest /,
    ],
    [
      'a trust root',
      ofRecord('trust', 'trust_root_states'),
      (line) => (line.row.root.json = {}),
      /^every other record .*: the trust of entry \d+, trust_root.created of own, has another digest /,
    ],
    [
      'from when on a key is revoked',
      ofRecord('trust', 'key_revocations'),
      (line) => (line.row.effective_from = '2030-01-01T00:00:00+00:00'),
      /^every other record .*key.revoked of trivy, has another effect /,
    ],
    [
      'the reason of an act',
      ofRecord('trust', 'statement_acts'),
      (line) => (line.row.reason = 'right'),
      /^every other record .*attestation.retracted of sha256:\w+, has another reason /,
    ],
    [
      'whom an act binds',
      ofRecord('trust', 'statement_acts'),
      (line) => (line.row.signers = []),
      /^every other record .*attestation.retracted of sha256:\w+, has another signers /,
    ],
    [
      'that an act binds whoever signed',
      ofRecord('trust', 'statement_acts'),
      (line) => (line.row.signers = null),
      /^every other record .*attestation.retracted of sha256:\w+, has another signers /,
    ],
    [
      'until when a waiver holds',
      ofRecord('waiver', 'waivers'),
      (line) => (line.row.until = '2099-01-01T00:00:00+00:00'),
      /^every other record .*waiver.created of \S+, has another digest /,
    ],
    [
      'when a waiver was approved',
      ofRecord('waiver', 'waiver_approvals'),
      (line) => (line.row.at = '2019-01-01T00:00:00+00:00'),
      /^every other record .*waiver.approved of \S+, has another time /,
    ],
    [
      'by which rule an envelope was dropped',
      ofRecord('dropped'),
      (line) => (line.row.rule = 'scan:1d'),
      /^every other record .*envelope.dropped of sha256:\w+, has another rule /,
    ],
    [
      'on what a hold is',
      ofRecord('hold', 'legal_holds'),
      (line) => (line.row.target = newImage()),
      /^every other record .*hold.placed of \S+, has another target /,
    ],
    [
      'why a hold was released',
      ofRecord('hold', 'legal_hold_releases'),
      (line) => (line.row.reason = 'no reason'),
      /^every other record .*hold.released of \S+, has another reason /,
    ],
    [
      'an envelope that is taken out',
      ofRecord('attestation'),
      (line) => (line.envelope = null),
      /^every envelope .* hashes to sha256:/,
    ],
    [
      'an index',
      ofRecord('index'),
      (line) => (line.manifest = Buffer.from('{}').toString('base64')),
      /^every other record .*: the index sha256:\w+ of entry \d+ hashes to sha256:/,
    ],
    [
      'an entry',
      ofType('verdict.recorded'),
      (line) => (line.leaf.data.decision = 'allow'),
      /^every entry is in the log by its proof: entry \d+, verdict.recorded, is not what was sealed: its proof does not lead /,
    ],
    [
      'a hash of a proof',
      ofType('policy.changed'),
      (line) => (line.proof.hashes[0] = Buffer.alloc(32).toString('base64')),
      /^every entry .* policy.changed, is not what was sealed: its proof does not lead /,
    ],
    [
      'a proof that is none',
      ofType('policy.changed'),
      (line) => (line.proof.hashes[0] = 'no base64!'),
      /^every entry .* policy.changed, has a proof that is none$/,
    ],
    [
      'a proof that is missing',
      ofType('policy.changed'),
      (line) => (line.proof = null),
      /^every entry .* policy.changed, has no proof$/,
    ],
    [
      'the size of the account',
      ofRecord('header'),
      (line) => (line.completeTo -= 1),
      /: the header tells of \d+ entries, and the checkpoint in line 2 of \d+$/,
    ],
  ])('%s', async (_what, is, change, told) => {
    const findings = await found(changed(is, change));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(told);
  });

  it('a checkpoint of another log, forged by another key, or of no signature', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const { size, root } = keptAs(read(lines[1]!).checkpoint.note);
    const signedBy = (name: string, by: typeof privateKey): string =>
      signCheckpoint({ origin: name, size, root }, [noteSigner(name, by)]);
    const notes = [
      signedBy('other.example/log', SEALING.privateKey),
      signedBy(signer.key.name, privateKey),
      read(lines[1]!).checkpoint.note.replace(/\n\n.*/s, '\n\n'),
      '',
    ];
    for (const note of notes) {
      const findings = await found(changed(ofRecord('checkpoint'), (line) => (line.checkpoint.note = note)));
      expect(findings[0]).toContain(`${SIGNED}: line 2: `);
      expect(findings[1]).toMatch(/: entry 1, \S+, stands behind no checkpoint that a pinned key signed$/);
    }
  });

  it('a fork, and a log that was re-written, by the checkpoint that was kept', async () => {
    const { size } = keptAs(read(lines[1]!).checkpoint.note);
    const forged = (of: number): KeptCheckpoint =>
      keptAs(signCheckpoint({ origin: signer.key.name, size: of, root: Buffer.alloc(32, 1) }, [signer]));
    const kept = 'the log goes on from every checkpoint that was kept';
    expect(await found(lines, [forged(size)])).toEqual([
      expect.stringMatching(`^${kept}: the log was forked: two checkpoints of ${size} leaves are signed by `),
    ]);
    expect(await found(lines, [forged(3)])).toEqual([
      expect.stringMatching(`^${kept}: the log was rewritten: its first 3 leaves do not lead to the root `),
    ]);
    expect(await audited(lines, [forged(size + 1)])).toMatchObject({
      undecided: ['the checkpoint kept in kept.checkpoint'],
    });
  });

  it('an entry that is left out, with or without what it tells of, and one that comes again', async () => {
    const policy = lines.findIndex((line) => ofType('policy.changed')(read(line)));
    const { sequence } = read(lines[policy]!);
    const both = await found(lines.toSpliced(policy - 1, 2));
    expect(both).toContainEqual(`no entry is left out of the archive: missing: entry ${sequence}`);
    expect(both.join('\n')).toMatch(/there are \d+ lines of the kind \w+, and the footer in line \d+ tells of \d+$/);
    expect((await found(lines.toSpliced(policy, 1))).join('\n')).toContain(
      `line ${policy} has a record of entry ${sequence}, which does not follow`,
    );
    expect(await found(lines.toSpliced(policy - 1, 1))).toContainEqual(
      expect.stringMatching(`the policy of entry ${sequence}, policy.changed of release, is not there$`),
    );
    expect((await found(lines.toSpliced(policy, 0, lines[policy]!))).join('\n')).toContain(
      `line ${policy + 2} has entry ${sequence} again`,
    );
    expect(await found(lines.toSpliced(policy, 0, lines[policy - 1]!))).toContainEqual(
      expect.stringMatching(/of release, is one of 2 records before it, and must be alone$/),
    );
    const last = lines.findLastIndex((line) => ofRecord('entry')(read(line)));
    const dropped = lines.toSpliced(last - 1, 2);
    expect(await found(dropped)).toContainEqual(
      expect.stringMatching(/^no entry is left out of the archive: missing: entry \d+$/),
    );
  });

  it('an end that is no end: of an earlier checkpoint, or of none', async () => {
    const { size } = keptAs(early);
    const place = lines.findIndex((line) => ofRecord('entry')(read(line)) && read(line).sequence === size);
    const begun = lines.slice(0, place + 1);
    const header = { ...read(lines[0]!), completeTo: size };
    header.scope.after = size;
    const parts = [header, { record: 'checkpoint', checkpoint: { size, note: early } }];
    const written = (records: readonly object[]): readonly string[] =>
      records.map((line) => `${JSON.stringify(line)}\n`);
    const footer = { record: 'footer', counts: { header: 1, checkpoint: 1 }, last: null };
    expect(await found([...begun, ...written([...parts, footer])])).toEqual([
      expect.stringMatching(/: the checkpoint in line \d+ is of \d+ entries, and that in line 2 of \d+$/),
    ]);
    expect(await found([...begun, ...written([header, { ...footer, counts: { header: 1 } }])])).toEqual([
      expect.stringMatching(`: the archive ends in line \\d+ with no checkpoint`),
    ]);
  });

  it('a line that is cut in half, no JSON, too deep, or of a kind that is not known', async () => {
    for (const junk of [
      '{"record":"ent\n',
      '\n',
      'junk\n',
      `${'['.repeat(1_000_000)}\n`,
      '{"record":"other"}\n',
      '\0\xff\n',
    ]) {
      const findings = await found(lines.toSpliced(3, 0, junk));
      expect(findings.length).toBeGreaterThan(0);
      expect(findings.at(-1)).toMatch(/^the archive is whole, [^:]*: line 4 (?:is|has) /);
    }
    expect(await found([...lines, lines[2]!])).toContainEqual(expect.stringContaining('stands behind the footer'));
    expect(await found([...lines, '\n', lines[2]!])).toContainEqual(
      expect.stringMatching(/: line \d+ is empty, and the archive goes on behind it: something may have stood there$/),
    );
    await expect(audited([])).rejects.toThrow('this is no archive: it is empty');
    await expect(audited(lines.slice(1))).rejects.toThrow('this is no archive: its first line is no header');
    const later = changed(ofRecord('header'), (line) => (line.version = 2));
    await expect(audited(later)).rejects.toThrow(
      'this is no archive: its first line is no record: version: is another than',
    );
  });
});

describe('assay audit verify --archive', () => {
  const script = (): string => join(inject('services').buildDir, 'src/audit-verify.js');
  const run = async (...words: readonly string[]): Promise<{ status: number; said: string }> => {
    try {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [script(), ...words], {
        env: { PATH: process.env.PATH },
      });
      return { status: 0, said: stdout + stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { status: code, said: stdout + stderr };
    }
  };

  it('reads a file, several that go on, or standard input, and needs neither database nor network', async () => {
    const [whole, begun, rest] = ['whole', 'begun', 'rest'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    const middle = lines.findIndex((line) => ofType('policy.changed')(read(line)));
    writeFileSync(whole, lines.join(''));
    // A file that ends within a line is what a connection that broke leaves.
    writeFileSync(begun, lines.slice(0, middle + 1).join('') + lines[middle + 1]!.slice(0, 30));
    writeFileSync(rest, (await archive(`${EVER}&after=${read(lines[middle]!).sequence}`)).join(''));
    const holds = { status: 0, said: expect.stringMatching(/^everything holds, to the log's \d+ entries$/m) };
    expect(await run(`--archive=${whole}`, `--key=${signer.key.vkey}`)).toMatchObject(holds);
    expect(await run(`--archive=${begun}`, `--archive=${rest}`, `--key=${signer.key.vkey}`)).toMatchObject(holds);
    expect(await run(`--archive=${begun}`, `--key=${signer.key.vkey}`)).toMatchObject({
      status: 1,
      said: expect.stringMatching(/^NOT SOUND: 1 of 7 do not hold; the first: the archive is whole/m),
    });
    const child = spawn(process.execPath, [script(), '--archive=-', '--json', `--key=${signer.key.vkey}`], { env: {} });
    child.stdin.end(readFileSync(whole));
    const said: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
    const status = await new Promise((resolve) => child.on('close', resolve));
    expect([status, JSON.parse(Buffer.concat(said).toString())]).toMatchObject([0, { sound: true, first: null }]);
  });

  it('says what it could not find out', async () => {
    const [junk, short] = ['junk', 'short.checkpoint'].map((name) => join(directory, name)) as [string, string];
    writeFileSync(junk, Buffer.alloc(1_000, 'x'));
    const root = Buffer.alloc(32, 1);
    writeFileSync(short, signCheckpoint({ origin: signer.key.name, size: 1_000_000, root }, [signer]));
    const refused = (told: string): object => ({ status: 2, said: expect.stringMatching(`^${told}`) });
    const key = `--key=${signer.key.vkey}`;
    expect(await run(`--archive=${junk}`, key)).toMatchObject(refused('nothing was found out: this is no archive'));
    writeFileSync(`${junk}.gz`, gzipSync(lines.join('')));
    expect(await run(`--archive=${junk}.gz`, key)).toMatchObject(refused('nothing was found out: .* gunzip it'));
    expect(await run(`--archive=${junk}.not`, key)).toMatchObject(refused('nothing was found out: ENOENT'));
    expect(await run(`--archive=${junk}`)).toMatchObject(
      refused('nothing was found out: an archive is known by the key'),
    );
    expect(await run(`--archive=${join(directory, 'whole')}`, `--checkpoint=${short}`, key)).toMatchObject({
      status: 2,
      said: expect.stringMatching(/^NOT FOUND OUT: .* the checkpoint kept in \S+short.checkpoint could not be held/m),
    });
  });
});
