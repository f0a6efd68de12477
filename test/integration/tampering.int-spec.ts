import { execFile } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { checkInvariants, CutShort, everyWalk } from '../../src/fsck/check-invariants.js';
import { openKept, type KeptCheckpoint } from '../../src/fsck/kept-checkpoint.js';
import { newestCheckpoint } from '../../src/fsck/log.js';
import type { Reading } from '../../src/fsck/walk.js';
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
const stranger = makeKey();
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
  const [qa, lead] = [makeKey(), makeKey('Ed25519')];
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

type Act = string | (() => Promise<unknown>);

/** What is found after these statements, which are then as if they had never been. */
async function foundAfter(...acts: readonly Act[]): Promise<readonly string[]> {
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
  const hashes = await hashAgain();
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
const LAST_VERDICT = '(select max(id::text) from verdicts)';
const LEAF = 'every placed entry is the one of which the log has the hash';
const KEPT = 'the log goes on from every checkpoint that was kept';
const PLACES = 'history sequence numbers are dense from 1, each of an entry';
const ROOTS = 'the leaves of the log lead to the root of every checkpoint';
const TOLD = 'every history entry tells of what is on record';
const WHOLE = 'the log has every leaf that was ever sealed';

/** Patterns of what stands in the place of each in what is found. */
const DIGEST = 'sha256:[0-9a-f]{64}';
const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const TIME = '\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z';

/** Hashes of entries as they are, in the log; of nothing else of it. */
async function hashAgain(): Promise<readonly Buffer[]> {
  const { rows } = await owner.query<LeafEntry>(
    `select q.sequence, ${LEAF_COLUMNS} from history_sequence q join history_entries e on e.id = q.entry order by q.sequence`,
  );
  const hashes = rows.map((row) => leafHash(logLeaf(row)));
  for (const [index, hash] of hashes.entries()) {
    await owner.query('update history_sequence set leaf_hash = $2 where sequence = $1', [index + 1, hash]);
  }
  return hashes;
}

describe('a history that nobody touched', () => {
  it('holds, under the key and from the checkpoint that the auditor has', async () => {
    expect(await found()).toEqual([]);
  });
});

describe('tampering by whoever owns the database', () => {
  /** The first line that an auditor reads, from its beginning to its end. */
  async function expectFirst(pattern: string, ...acts: readonly Act[]): Promise<void> {
    const [first] = await foundAfter(...acts);
    expect(first).toMatch(new RegExp(`^${pattern}$`));
  }

  it('a changed envelope byte', async () => {
    await expectFirst(
      `every attestation has its envelope, which hashes to its id: the envelope of ${DIGEST}, in envelopes, is not what was received: it hashes to ${DIGEST}`,
      `update envelopes set bytes = set_byte(bytes, 20, get_byte(bytes, 20) # 1) where attestation = ${AN_APPROVAL}`,
    );
  });

  it('a flipped outcome: of a verification', async () => {
    await expectFirst(
      `${TOLD}: entry 9 of sequence 9, attestation.rejected of ${DIGEST}, tells of what is not on record: verifications says verified`,
      `update verifications set outcome = 'verified', code = null where outcome = 'rejected'`,
    );
  });

  it('a flipped outcome: of a verification, with an entry to match', async () => {
    const findings = await foundAfter(
      `update history_entries set type = 'attestation.verified' where attestation = ${REJECTED} and type = 'attestation.rejected'`,
      `update verifications set outcome = 'verified', code = null where outcome = 'rejected'`,
    );
    expect(findings[0]).toMatch(
      new RegExp(
        `^${LEAF}: entry 9 of sequence 9, attestation.verified of ${DIGEST}, is not what was sealed: it does not hash to leaf 9 of the log$`,
      ),
    );
    expect(findings.join('\n')).toMatch(
      new RegExp(
        `verified is what somebody signed who could count: the verification of ${DIGEST} at trust revision \\d+ says verified, and nobody`,
      ),
    );
  });

  it('a flipped outcome: of a verdict', async () => {
    const flip = `update verdicts set decision = 'deny', verdict = jsonb_set(verdict::jsonb, '{decision}', '"deny"') where id::text = ${LAST_VERDICT}`;
    const told = `entry 11 of sequence 11, verdict.recorded of verdict ${UUID} about ${DIGEST}`;
    await expectFirst(
      `${TOLD}: ${told}, tells of what is not on record: it tells of allow, and verdicts says deny`,
      flip,
    );
    await expectFirst(
      `${LEAF}: ${told}, is not what was sealed: it does not hash to leaf 11 of the log`,
      flip,
      `update history_entries set data = jsonb_set(data, '{decision}', '"deny"') where data->>'verdict' = ${LAST_VERDICT}`,
    );
  });

  it('a deleted verdict', async () => {
    await expectFirst(
      `${TOLD}: entry 11 of sequence 11, verdict.recorded of verdict ${UUID} about ${DIGEST}, tells of what is not on record: the verdict was deleted: verdicts has none of this id`,
      `delete from verdicts where id::text = ${LAST_VERDICT}`,
    );
  });

  it('a deleted verdict, with its entry', async () => {
    const acts = [
      `delete from history_entries where type = 'verdict.recorded' and data->>'verdict' = ${LAST_VERDICT}`,
      `delete from verdicts where id::text = ${LAST_VERDICT}`,
    ] as const;
    const named = `verdict ${UUID}, which verdict_latest or verdict_signers names, was deleted too`;
    await expectFirst(
      `${PLACES}: sequence 11 is of entry 11, which there is not: it was deleted from history_entries; the entry before it is of ${TIME}; ${named}`,
      ...acts,
    );
  });

  it('a deleted verdict, with its entry and its place', async () => {
    const findings = await foundAfter(
      `delete from history_sequence where sequence = 10`,
      `delete from verdicts where id::text = (select data->>'verdict' from history_entries where id = 10)`,
      `delete from history_entries where id = 10`,
    );
    const named = `verdict ${UUID}, which verdict_latest or verdict_signers names, was deleted too`;
    expect(findings[0]).toMatch(
      new RegExp(
        `^${PLACES}: sequence 10 of the log was deleted from history_sequence: 11 follows 9; the entry before it is of ${TIME}; the one behind it is of ${TIME}; ${named}$`,
      ),
    );
    expect(findings.join('\n')).toMatch(
      new RegExp(
        `${KEPT}: leaf 10 of the log is missing, one of the 10 that the checkpoint kept in kept.checkpoint is of`,
      ),
    );
  });

  it('a re-dated approval: what it was received at, with its entry', async () => {
    await expectFirst(
      `${LEAF}: entry 5 of sequence 5, attestation.received of ${DIGEST}, is not what was sealed: it does not hash to leaf 5 of the log`,
      `update attestations set received_at = received_at - interval '1 day' where id = ${AN_APPROVAL}`,
      `update envelopes set received_at = received_at - interval '1 day' where attestation = ${AN_APPROVAL}`,
      `update history_entries set at = at - interval '1 day' where attestation = ${AN_APPROVAL} and type = 'attestation.received'`,
    );
  });

  it('a re-dated approval: the receipt alone', async () => {
    await expectFirst(
      `what is on record was made when its history entry says: the receipt of ${DIGEST} is dated ${TIME}, and its entry of sequence 5 ${TIME}`,
      `update attestations set received_at = received_at - interval '1 day' where id = ${AN_APPROVAL}`,
      `update envelopes set received_at = received_at - interval '1 day' where attestation = ${AN_APPROVAL}`,
    );
  });

  it('a re-dated approval: what it says', async () => {
    await expectFirst(
      `the facts of an envelope are what its predicate gives when it is read again: fact \\d+, approval, is not what ${DIGEST} says: it has another time of its own, 2020-01-01T00:00:00.000Z for ${TIME}`,
      `update facts set own_time = '2020-01-01' where kind = 'approval'`,
    );
  });

  it('a re-written tail, sealed again by the stolen key', async () => {
    const act = `update history_entries set actor = 'token:somebody#2' where type = 'attestation.verified'`;
    await expectFirst(
      `${KEPT}: the log was forked: two checkpoints of 10 leaves are signed by ${key.name}, with root .* in kept.checkpoint, .* in the log; what was changed, added or removed lies in sequences 1 to 10`,
      act,
      sealAgain,
    );
    await expectFirst(
      `${KEPT}: the log was rewritten: its first 10 leaves do not lead to the root of the checkpoint kept in kept.checkpoint; what was changed, added or removed lies in sequences 1 to 10`,
      act,
      sealAgain,
      `delete from log_checkpoints where size = 10`,
    );
  });

  it('a re-written tail, behind the first of two checkpoints that were kept', async () => {
    const later = await newestCheckpoint(readingOf(owner));
    const opened = openKept(later!.note, 'later.checkpoint', [key]);
    if ('fault' in opened) throw new Error(opened.fault);
    await owner.query('begin');
    await owner.query(`update history_entries set actor = 'token:somebody#2' where id = 11`);
    await sealAgain();
    // In no order: the auditor names files as they come.
    const walks = everyWalk({ keys: [key], kept: [opened, kept] });
    const findings = await checkInvariants(readingOf(owner), { walks });
    await owner.query('rollback');
    expect(findings.find(({ first }) => first !== null)?.first).toMatch(
      /^the log was forked: .*; what was changed, added or removed lies in sequence 11$/,
    );
  });

  it('a re-written tail, hashed again and not signed', async () => {
    const findings = await foundAfter(`update history_entries set actor = 'token:somebody#2' where id = 11`, hashAgain);
    expect(findings[0]).toMatch(
      new RegExp(
        `^${ROOTS}: the first 11 leaves of the log do not lead to the root of its checkpoint of 11 leaves: something in sequence 11 is not what was signed`,
      ),
    );
  });

  it('a truncated log', async () => {
    const cut = [
      `delete from history_entries where id in (select entry from history_sequence where sequence >= 10)`,
      `delete from history_sequence where sequence >= 10`,
    ] as const;
    await expectFirst(
      `${WHOLE}: the log was cut short: the checkpoint kept in kept.checkpoint is of 10 leaves, and history_sequence ends at sequence 9; gone: sequence 10`,
      `delete from log_checkpoints where size >= 10`,
      ...cut,
    );
    const signed = `${WHOLE}: the log was cut short: a checkpoint of 11 leaves was signed, and history_sequence ends at sequence 9; gone: sequences 10 to 11`;
    await expectFirst(signed, ...cut);
    await expectFirst(signed, cut[1]);
    const findings = await foundAfter(`delete from log_checkpoints where size >= 10`, ...cut);
    expect(findings.join('\n')).toContain(
      `${KEPT}: the log has 9 leaves, and the checkpoint kept in kept.checkpoint is of 10: the log was cut short`,
    );
  });

  it('a truncated log, of which nothing that was sealed tells', async () => {
    await expectFirst(
      `every history entry has its place or waits for it: entry 11, verdict.recorded of verdict ${UUID} about ${DIGEST}, has no place and does not wait for one: .*`,
      `delete from log_checkpoints where size = 11`,
      `delete from history_sequence where sequence = 11`,
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
    expect(findings).toEqual([
      expect.stringMatching(
        new RegExp(
          `^${KEPT}: the log was forked: two checkpoints of 10 leaves are signed by ${key.name}, .*; the leaves of the log lead to the one in kept.checkpoint$`,
        ),
      ),
      expect.stringMatching(
        new RegExp(
          `^${ROOTS}: the first 10 leaves of the log do not lead to the root of its checkpoint of 10 leaves, and the first 11 lead to theirs: the log was forked, another one of 10 leaves was signed$`,
        ),
      ),
    ]);
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

/** What makes rows unreadable, and what is found, of which table and row. */
const UNREADABLE: readonly (readonly [statement: string, table: string, row: string])[] = [
  [`update attestor_states set attestor = '{}' where name = 'qa'`, 'verifications', '\\d+'],
  [`update verdicts set verdict = '{}'`, 'verdicts', UUID],
  [`update verdicts set verdict = '{"revisions": {"related": 7}}'`, 'verdicts', UUID],
  [`update facts set content = '{}'`, 'facts', '\\d+'],
  [`update verifications set proved = '[{}]'`, 'verifications', '\\d+'],
  [`update verifications set proved = 'null'`, 'attestations', DIGEST],
  [`update verifications set proved = '7', signers = '7'`, 'attestations', DIGEST],
  [`update verifications set signers = '[null]' where outcome = 'verified'`, 'verifications', '\\d+'],
  [`update fact_signers set proof = '{"a": 1}'`, 'attestations', DIGEST],
  [`update verifications set trust_revision = 9000000000000000000`, 'verifications', '0'],
];

describe('a row that cannot be read', () => {
  /** In a transaction that goes on behind a statement that fails. */
  const going: Reading = {
    query: async (text, values) => {
      await owner.query('savepoint reading');
      try {
        return await readingOf(owner).query(text, values);
      } catch (error) {
        await owner.query('rollback to savepoint reading');
        throw error;
      }
    },
  };

  it.each(UNREADABLE)('is found, and the rest is looked at: %s', async (statement, table, row) => {
    const walks = everyWalk({ keys: [key], kept: [kept] });
    await owner.query('begin');
    try {
      expect((await owner.query(statement)).rowCount).toBeGreaterThan(0);
      const findings = await checkInvariants(going, { walks });
      expect(findings.map(({ first }) => first).join('\n')).toMatch(
        new RegExp(`the row of ${table} (?:behind )?(?:\\S+ )*${row} cannot be read`),
      );
      expect(findings.map(({ invariant }) => invariant)).toEqual(walks.flatMap(({ invariants }) => invariants));
      // One row is no reason to say nothing of others.
      expect(findings.some(({ first }) => first === null)).toBe(true);
    } finally {
      await owner.query('rollback');
    }
  });

  it('takes nothing from what was found before the database went out of reach', async () => {
    let asked = 0;
    const lost = (after: number): Reading => ({
      query: async (text, values) => {
        if (++asked > after) throw new Error('Connection terminated unexpectedly');
        return readingOf(owner).query(text, values);
      },
    });
    await owner.query('begin');
    try {
      await owner.query(`delete from history_sequence where sequence = 1`);
      await expect(checkInvariants(lost(8))).rejects.toThrow(CutShort);
      asked = 0;
      const cut = await checkInvariants(lost(8)).catch((error: unknown) => error);
      expect((cut as CutShort).findings.filter(({ first }) => first !== null)).not.toEqual([]);
    } finally {
      await owner.query('rollback');
    }
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
    expect(first.said).toMatch(/^not held that every component and finding by which search_contents finds an image /m);
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
        /^NOT SOUND: \d+ of \d+ do not hold; the first, in history_entries: every history entry tells of what is on record: entry \d+ of sequence \d+, verdict.recorded of verdict [0-9a-f-]{36} about sha256:\w+, tells /m,
      ),
    });
  });

  it('says so of rows that it cannot read, with what else is wrong, and does not end by them', async () => {
    const unreadable: readonly (readonly [table: string, column: string, value: string])[] = [
      ['attestor_states', 'attestor', `jsonb_set(attestor, '{keys,0,publicKey}', '"nonsense"')`],
      [
        'attestor_states',
        'attestor',
        `jsonb_set(attestor, '{keys,0,publicKey}', to_jsonb($$${makeKey('Ed25519').publicKey}$$::text))`,
      ],
      ['verdicts', 'verdict', `'{}'`],
    ];
    for (const [table, column, value] of unreadable) {
      await owner.query(`create table unaltered as select ctid as place, * from ${table}`);
      await owner.query(`update ${table} set ${column} = ${value}`);
      const [told, json] = [await run(`--key=${key.vkey}`), await run(`--key=${key.vkey}`, '--json')];
      const own = table === 'verdicts' ? 'id' : 'trust_revision';
      await owner.query(`update ${table} t set ${column} = u.${column} from unaltered u where u.${own} = t.${own}`);
      await owner.query('drop table unaltered');
      expect(told).toMatchObject({ status: 1, said: expect.stringMatching(/^NOT SOUND: \d+ of \d+ do not hold/m) });
      expect(told.said).toContain(' cannot be read: ');
      expect(json).toMatchObject({ status: 1, said: expect.stringContaining('"sound":false') });
    }
    expect(await run(`--key=${key.vkey}`)).toMatchObject({ status: 0 });
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

describe('tampering with what evidence waits for, when the key of a stranger comes to be known', () => {
  const WAITS = 'a verification waits for the changes of trust by which its evidence could gain';
  const FOLLOWS = 'what a change of trust lets gain follows from it';
  const AGAIN = 'what was examined again, with nothing to record, comes to what is on record';
  let revision: number;

  beforeAll(async () => {
    const rooms = house.enter();
    await rooms.putAttestor('late', { kinds: ['test'], keys: [{ id: 'k1', publicKey: stranger.publicKey }] });
    ({ revision } = await rooms.trust.snapshot());
    await rooms.sequence();
  });

  it('is nothing while it waits to be examined again', async () => {
    expect(await found()).toEqual([]);
  });

  it('it waits for nothing any more', async () => {
    expect(await foundAfter(`update verifications set gains = '{}' where outcome = 'rejected'`)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^${WAITS}: the verification of ${DIGEST} at trust revision 2 waits for nothing, and its evidence for key:`,
        ),
      ),
    ]);
  });

  it('the change is said to let nothing gain, or something else', async () => {
    const told = `^${FOLLOWS}: the change at trust revision ${revision} is recorded to let gain`;
    expect(await foundAfter(`delete from trust_gains where trust_revision = ${revision}`)).toEqual([
      expect.stringMatching(new RegExp(`${told} nothing, and lets gain key:`)),
    ]);
    const other = `update trust_gains set cause = 'root:' || cause where trust_revision = ${revision}`;
    expect(await foundAfter(other)).toEqual([expect.stringMatching(new RegExp(`${told} root:key:`))]);
  });

  it('no change is said to let anything gain', async () => {
    const findings = await foundAfter(`delete from trust_gains`);
    expect(findings).toEqual([expect.stringContaining(`${FOLLOWS}: the change at trust revision ${revision} is`)]);
  });

  it('it is said to have been examined again', async () => {
    const again = (at: number): string =>
      `insert into reexaminations select attestation, ${at} from verifications where outcome = 'rejected'`;
    const said = `^${AGAIN}: ${DIGEST} is said to have been examined again at trust revision`;
    expect(await foundAfter(again(revision))).toEqual([
      expect.stringMatching(new RegExp(`${said} ${revision}, and comes to something else than was recorded$`)),
    ]);
    expect(await foundAfter(again(revision + 1))).toEqual([
      expect.stringMatching(new RegExp(`${said} ${revision + 1}, and trust is at ${revision}$`)),
    ]);
  });
});
