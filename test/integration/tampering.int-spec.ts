import { execFile } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { checkInvariants, everyWalk } from '../../src/fsck/check-invariants.js';
import { openKept, type KeptCheckpoint } from '../../src/fsck/kept-checkpoint.js';
import { newestCheckpoint } from '../../src/fsck/log.js';
import { signCheckpoint } from '../../src/history/checkpoint.js';
import { LEAF_COLUMNS, logLeaf, type LeafEntry } from '../../src/history/log-leaf.js';
import { leafHash, treeRoot } from '../../src/history/merkle-tree.js';
import { noteKey, noteSigner, type NoteKey } from '../../src/history/note-key.js';
import type { SubjectDigest } from '../../src/intoto/digest.js';
import { poolOptions } from '../../src/platform/database.js';
import { Faults } from '../support/faults.js';
import { readingOf } from '../support/invariants.js';
import { approval, PREDICATE_TYPES, testResult } from '../support/predicates.js';
import { openHouse, type House } from '../support/rooms.js';
import { SEALING } from '../support/sealing.js';
import { envelopeOf, makeKey, statementAbout } from '../support/sign.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/*
 * What somebody can do who owns the database, and what an auditor makes of it who has the key of the log and kept a checkpoint.
 */

const ACTOR = 'token:test#1';
const POLICY = `policy: release
requirements:
  - {id: tested, kind: test, from: [qa]}
  - {id: approved, kind: approval, from: [leads]}
`;

let database: TestDatabase;
let house: House;
let owner: pg.Client;
let key: NoteKey;
let kept: KeptCheckpoint;

beforeAll(async () => {
  database = await createTestDatabase();
  house = await openHouse(database.url, new Faults());
  owner = new pg.Client({ ...poolOptions('owner'), connectionString: database.ownerUrl });
  await owner.connect();
  await owner.query('set timezone = UTC');
  const rooms = house.enter();
  const [qa, lead, stranger] = [makeKey(), makeKey('Ed25519'), makeKey()];
  await rooms.putAttestor('qa', { kinds: ['test'], keys: [{ id: 'k1', publicKey: qa.publicKey }] });
  await rooms.putAttestor('leads', { kinds: ['approval'], keys: [{ id: 'k1', publicKey: lead.publicKey }] });
  await rooms.policies.put({ name: 'release', source: { text: POLICY, format: 'yaml' }, actor: ACTOR, expected: null });
  const image = `sha256:${randomBytes(32).toString('hex')}` as SubjectDigest;
  const said = (type: string, predicate: unknown, by: ReturnType<typeof makeKey>): Buffer =>
    envelopeOf(statementAbout(image, type, predicate), [by]);
  const ids = [
    await rooms.post(said(PREDICATE_TYPES.testResult, testResult('PASSED'), qa)),
    await rooms.post(said(PREDICATE_TYPES.approval, approval('ann', new Date()), lead)),
    await rooms.post(said(PREDICATE_TYPES.testResult, testResult('FAILED'), stranger)),
  ];
  await rooms.work({ ids });
  const asked = { digest: image as never, repository: null, policy: 'release', parameters: {} };
  await rooms.verdicts.decide(asked, ACTOR, null);
  await rooms.sequence();
  key = noteKey(SEALING.defaultOrigin, createPublicKey(SEALING.privateKey));
  const newest = await newestCheckpoint(readingOf(owner));
  const opened = openKept(newest!.note, 'kept.checkpoint', [key]);
  if ('fault' in opened) throw new Error(opened.fault);
  kept = opened;
  // Life goes on behind the checkpoint that was kept.
  await rooms.verdicts.decide(asked, ACTOR, { environment: 'production' });
  await rooms.sequence();
});

afterAll(async () => {
  await owner.end();
  await house.close();
  await database.drop();
});

/** All that is found, each as the invariant and the first thing that is wrong. */
async function found(): Promise<readonly string[]> {
  const findings = await checkInvariants(readingOf(owner), { walks: everyWalk({ keys: [key], kept: [kept] }) });
  return findings.flatMap(({ invariant, first }) => (first === null ? [] : [`${invariant}: ${first}`]));
}

/** What is found after these statements, which are then as if they had never been. */
async function foundAfter(...acts: readonly (string | (() => Promise<unknown>))[]): Promise<readonly string[]> {
  await owner.query('begin');
  try {
    for (const act of acts) {
      if (typeof act !== 'string') await act();
      else expect((await owner.query(act)).rowCount, act).toBeGreaterThan(0);
    }
    return await found();
  } finally {
    await owner.query('rollback');
  }
}

/** Makes the log one of the entries as they are, signed by the key of the log: whoever stole it can. */
async function sealAgain(): Promise<void> {
  const { rows } = await owner.query<LeafEntry>(
    `select q.sequence, ${LEAF_COLUMNS} from history_sequence q join history_entries e on e.id = q.entry order by q.sequence`,
  );
  const hashes = rows.map((row) => leafHash(logLeaf(row)));
  for (const [index, hash] of hashes.entries()) {
    await owner.query('update history_sequence set leaf_hash = $2 where sequence = $1', [index + 1, hash]);
  }
  const { rows: checkpoints } = await owner.query<{ size: number }>('select size from log_checkpoints order by size');
  for (const { size } of checkpoints) await sign(size, treeRoot(hashes.slice(0, size)));
}

async function sign(size: number, root: Buffer): Promise<void> {
  const signer = noteSigner(key.name, SEALING.privateKey);
  const note = Buffer.from(signCheckpoint({ origin: key.name, size, root }, [signer]));
  await owner.query('update log_checkpoints set root = $2, note = $3 where size = $1', [size, root, note]);
}

const AN_APPROVAL = `(select id from attestations where kind = 'approval')`;
const REJECTED = `(select attestation from verifications where outcome = 'rejected')`;
const LEAF = 'every placed entry is the one of which the log has the hash';

describe('a history that nobody touched', () => {
  it('holds, under the key and from the checkpoint that the auditor has', async () => {
    expect(await found()).toEqual([]);
  });
});

describe('tampering by whoever owns the database', () => {
  it('a changed envelope byte', async () => {
    const findings = await foundAfter(
      `update envelopes set bytes = set_byte(bytes, 20, get_byte(bytes, 20) # 1) where attestation = ${AN_APPROVAL}`,
    );
    expect(findings.join('\n')).toMatch(
      /every attestation has its envelope, which hashes to its id: .*sha256:\w+ hashes to/,
    );
  });

  it('a flipped outcome, with an entry to match', async () => {
    const findings = await foundAfter(
      `update history_entries set type = 'attestation.verified' where attestation = ${REJECTED} and type = 'attestation.rejected'`,
      `update verifications set outcome = 'verified', code = null where outcome = 'rejected'`,
    );
    expect(findings.join('\n')).toMatch(
      new RegExp(`${LEAF}: entry \\d+, attestation.verified of sha256:[0-9a-f]{64}, is not the leaf \\d+ of the log`),
    );
    expect(findings.join('\n')).toContain('verified is what somebody signed who could count');
  });

  it('a deleted verdict, with its entry', async () => {
    const findings = await foundAfter(
      `delete from history_entries where type = 'verdict.recorded' and data->>'verdict' = (select max(id::text) from verdicts)`,
      `delete from verdicts where id::text = (select max(id::text) from verdicts)`,
    );
    expect(findings.join('\n')).toMatch(/sequence \d+ is of entry \d+, which there is not/);
  });

  it('a re-dated approval: what it was received at, with its entry', async () => {
    const findings = await foundAfter(
      `update attestations set received_at = received_at - interval '1 day' where id = ${AN_APPROVAL}`,
      `update envelopes set received_at = received_at - interval '1 day' where attestation = ${AN_APPROVAL}`,
      `update history_entries set at = at - interval '1 day' where attestation = ${AN_APPROVAL} and type = 'attestation.received'`,
    );
    expect(findings.join('\n')).toMatch(
      new RegExp(`${LEAF}: entry \\d+, attestation.received of sha256:[0-9a-f]{64}, is not the leaf \\d+ of the log`),
    );
  });

  it('a re-dated approval: the receipt alone', async () => {
    const findings = await foundAfter(
      `update attestations set received_at = received_at - interval '1 day' where id = ${AN_APPROVAL}`,
      `update envelopes set received_at = received_at - interval '1 day' where attestation = ${AN_APPROVAL}`,
    );
    expect(findings.join('\n')).toMatch(
      /what is on record was made when its history entry says: .*the receipt of sha256:\w+/,
    );
  });

  it('a re-written tail, sealed again by the stolen key', async () => {
    const findings = await foundAfter(
      `update history_entries set actor = 'token:somebody#2' where type = 'attestation.verified'`,
      sealAgain,
    );
    expect(findings.join('\n')).toMatch(
      /the log goes on from every checkpoint that was kept: .*(was rewritten|was forked).*kept\.checkpoint/,
    );
  });

  it('a truncated log', async () => {
    const findings = await foundAfter(
      `delete from log_checkpoints where size >= ${kept.size}`,
      `delete from history_entries where id in (select entry from history_sequence where sequence >= ${kept.size})`,
      `delete from history_sequence where sequence >= ${kept.size}`,
    );
    expect(findings.join('\n')).toMatch(
      /the log goes on from every checkpoint that was kept: the log has \d+ leaves, and .*kept\.checkpoint is of \d+: the log was cut short/,
    );
  });

  it('a re-written tail, sealed by nobody, the later checkpoints taken away', async () => {
    const { rows } = await owner.query<{ size: number }>('select size from log_checkpoints order by size desc limit 1');
    const acts = [
      `update history_entries set data = jsonb_set(data, '{context}', '"sha256:${'0'.repeat(64)}"') where id = (select max(id) from history_entries)`,
      sealAgain,
    ] as const;
    const taken = [`delete from log_checkpoints where size > ${kept.size}`, `delete from log_checkpoints`];
    const told = [
      `and none of its checkpoints is of more than ${kept.size}: what follows is not signed`,
      'and not one checkpoint: no sequencer has sealed it yet, or they were taken away',
    ];
    for (const [index, what] of told.entries()) {
      const findings = await foundAfter(...acts, taken[index]!);
      expect(findings.join('\n')).toMatch(
        new RegExp(
          `the leaves of the log lead to the root of every checkpoint: the log has ${rows[0]!.size} leaves,? ${what}`,
        ),
      );
    }
  });

  it('a forked log: another root is signed for a size', async () => {
    const findings = await foundAfter(() => sign(kept.size, randomBytes(32)));
    expect(findings.join('\n')).toMatch(/the leaves of the log lead to the root of every checkpoint: /);
  });

  it('a log by another key', async () => {
    const other = noteKey('elsewhere.example/log', createPublicKey(SEALING.privateKey));
    const walks = everyWalk({ keys: [other], kept: [] });
    const findings = await checkInvariants(readingOf(owner), { walks });
    expect(findings.filter(({ first }) => first !== null).map(({ invariant }) => invariant)).toEqual([
      'every checkpoint is signed by a pinned key',
    ]);
  });
});

describe('assay audit verify', () => {
  const run = (...words: readonly string[]) => runOn(database.url, ...words);
  const runOn = (url: string, ...words: readonly string[]) => runWith({ DATABASE_URL: url }, ...words);
  const runWith = async (
    variables: Readonly<Record<string, string>>,
    ...words: readonly string[]
  ): Promise<{ readonly status: number; readonly said: string }> => {
    const script = join(inject('services').buildDir, 'src/audit-verify.js');
    const env = { PATH: process.env.PATH, ...variables };
    try {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [script, ...words], { env });
      return { status: 0, said: stdout + stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { status: code, said: stdout + stderr };
    }
  };

  it('says whether everything holds, and keeps the checkpoint from which the log has to go on', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'assay-audit-')), 'log.checkpoint');
    const first = await run(`--key=${key.vkey}`, `--save=${file}`);
    expect(first).toMatchObject({ status: 0, said: expect.stringContaining('everything holds') });
    expect(await run(`--key=${key.vkey}`, `--checkpoint=${file}`)).toMatchObject({ status: 0 });

    const dated = (interval: string): Promise<unknown> =>
      owner.query(`update attestor_states set at = at + $1::interval where name = 'qa'`, [interval]);
    await dated('1 day');
    const violated = await run(`--key=${key.vkey}`, '--json');
    await dated('-1 day');
    expect(violated).toMatchObject({ status: 1, said: expect.stringContaining('"sound":false') });
    const flipped = `update verdicts set decision = case decision when 'allow' then 'deny' else 'allow' end`;
    await owner.query(flipped);
    const told = await run(`--key=${key.vkey}`);
    await owner.query(flipped);
    expect(told).toMatchObject({
      status: 1,
      said: expect.stringMatching(
        /^NOT SOUND: \d+ of \d+ do not hold; the first, in history_entries: every history entry tells of what is on record: entry \d+ of sequence \d+, verdict.recorded, tells /m,
      ),
    });
  });

  it('goes by the key that is kept where the service runs, or else by none only where that is asked for', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'assay-audit-'));
    const [own, another, junk] = ['own.pem', 'another.pem', 'junk.pem'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(own, SEALING.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    writeFileSync(another, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(junk, 'no key');
    const by = (file: string, ...words: readonly string[]) =>
      runWith({ DATABASE_URL: database.url, ASSAY_LOG_KEY_FILE: file }, ...words);
    expect(await run()).toMatchObject({
      status: 2,
      said: expect.stringMatching(/^nothing was found out: .* --without-key$/m),
    });
    expect(await run('--without-key')).toMatchObject({ status: 0, said: expect.stringContaining('no key is pinned') });
    expect(await by(own)).toMatchObject({
      status: 0,
      said: expect.stringMatching(
        /^not held whose log it is, but for the key in \S+own\.pem, which whoever runs the service has/m,
      ),
    });
    const unpinned = {
      status: 1,
      said: expect.stringMatching(/: every checkpoint is signed by a pinned key: .* which is not pinned$/m),
    };
    expect(await by(another)).toMatchObject(unpinned);
    // What is named goes before what is at hand.
    expect(await by(another, `--key=${key.vkey}`)).toMatchObject({ status: 0 });
    expect(await by(own, `--key=${noteKey(key.name, publicKey).vkey}`)).toMatchObject(unpinned);
    const retired = { DATABASE_URL: database.url, ASSAY_LOG_KEY_FILE: another, ASSAY_LOG_RETIRED_VKEYS: key.vkey };
    expect(await runWith(retired)).toMatchObject({ status: 0 });
    expect(await by(junk)).toMatchObject({
      status: 2,
      said: expect.stringContaining('holds no Ed25519 key in PEM'),
    });
  });

  it('keeps no checkpoint where there is none, and says so', async () => {
    const empty = await createTestDatabase();
    try {
      const file = join(mkdtempSync(join(tmpdir(), 'assay-audit-')), 'log.checkpoint');
      expect(await runOn(empty.url, `--key=${key.vkey}`, `--save=${file}`)).toMatchObject({
        status: 2,
        said: expect.stringMatching(/^nothing was found out: there is no checkpoint yet, and none was kept in /m),
      });
      expect(existsSync(file)).toBe(false);
    } finally {
      await empty.drop();
    }
  });

  it('says that it could not be found out', async () => {
    expect(await run('--checkpoint=nowhere')).toMatchObject({ status: 2, said: expect.stringContaining('--key') });
    const witness = noteKey('witness.example', createPublicKey(SEALING.privateKey), 'cosignature/v1');
    expect(await run(`--key=${witness.vkey}`)).toMatchObject({
      status: 2,
      said: expect.stringMatching(/^nothing was found out: .* is the key of a witness/),
    });
    expect(await run('--key=nonsense')).toMatchObject({
      status: 2,
      said: expect.stringContaining('nothing was found out'),
    });
  });
});
