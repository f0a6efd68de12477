import { execFile } from 'node:child_process';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { A_NOTE, Gone, type Ask } from '../../src/audit/ask.js';
import { askService } from '../../src/audit/ask-service.js';
import { verifyServed } from '../../src/audit/verify-served.js';
import { connect } from '../../src/cli/service.js';
import { thisProcess } from '../../src/cli/this-process.js';
import { openKept, type KeptCheckpoint } from '../../src/fsck/kept-checkpoint.js';
import { signCheckpoint } from '../../src/history/checkpoint.js';
import { noteSigner } from '../../src/history/note-key.js';
import { poolOptions } from '../../src/platform/database.js';
import { apiOf, tokenOf, type Answer } from '../support/api.js';
import { eventually } from '../support/answers.js';
import { newImage, postExamined, prepareRelease } from '../support/release.js';
import { SEALING } from '../support/sealing.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/*
 * What an auditor who has the key of the log, a checkpoint that he kept, and a token makes of a running service.
 */

const signer = noteSigner(SEALING.defaultOrigin, SEALING.privateKey);
const { vkey } = signer.key;

let database: TestDatabase;
let app: TestApp;
let owner: pg.Client;
let token: string;
let directory: string;
let kept: KeptCheckpoint;
let image: string;
let envelope: string;

const ask: Ask = async (path, { type }) => {
  const response = await app.request(path, { token, headers: { accept: type ?? '*/*' } });
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
};

/** As it is served, as soon as all that was committed is sealed. */
async function sealed(): Promise<KeptCheckpoint> {
  return eventually(async () => {
    const { rows } = await owner.query<{ entries: number }>('select count(*) as entries from history_entries');
    const opened = openKept((await ask('/log/checkpoint', A_NOTE))!, 'kept.checkpoint', [signer.key]);
    if ('fault' in opened) throw new Error(opened.fault);
    expect(opened.size).toBe(rows[0]!.entries);
    return opened;
  });
}

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database, env: { ASSAY_LOG_ORIGIN: SEALING.defaultOrigin } });
  owner = new pg.Client({ ...poolOptions('owner'), connectionString: database.ownerUrl });
  await owner.connect();
  token = await tokenOf(app, { name: 'auditor', roles: ['auditor'] });
  directory = mkdtempSync(join(tmpdir(), 'assay-audit-'));
  const admin = apiOf(app);
  const release = await prepareRelease(admin);
  image = newImage();
  envelope = (await postExamined(admin, release.signed('ci', image))).body.id;
  for (const by of ['trivy', 'qa', 'leads'] as const) await postExamined(admin, release.signed(by, image));
  kept = await sealed();
  const elsewhere = (await postExamined(admin, release.signed('ci', newImage()))).body.id;
  expect((await admin.post(`/v1/attestations/${elsewhere}/revoke`, { reason: 'wrong' })).status).toBe(200);
  // More than fit into one tile, so that there is a full one and one above it.
  for (let n = 0; n < 280; n += 28) {
    await Promise.all(Array.from({ length: 28 }, () => admin.post('/v1/tokens', { name: 'many', roles: ['gate'] })));
  }
  const asked = { images: [image], policy: 'release', context: { environment: 'production' } };
  expect((await admin.post('/v1/verdicts', asked)).status).toBeLessThan(300);
  await sealed();
});

afterAll(async () => {
  await owner.end();
  await app.stop();
  await database.drop();
  rmSync(directory, { recursive: true });
});

/** What is found of a service that answers so, each as the invariant and the first thing that is wrong. */
async function found(answers: Ask = ask, sample = 1): Promise<readonly string[]> {
  const { findings } = await verifyServed({
    ask: answers,
    keys: [signer.key],
    kept: [kept],
    sample,
    random: () => 0.5,
    onLeaves: () => undefined,
  });
  return findings.flatMap(({ invariant, first }) => (first === null ? [] : [`${invariant}: ${first}`]));
}

/** The answers of the service, but for a path that these match. */
function instead(path: RegExp, change: (bytes: Buffer, path: string) => Buffer | null): Ask {
  return async (asked, wanted) => {
    const answer = await ask(asked, wanted);
    return path.test(asked) && answer !== null ? change(answer, asked) : answer;
  };
}

const aCheckpoint = (size: number, root: Buffer): Buffer =>
  Buffer.from(signCheckpoint({ origin: signer.key.name, size, root }, [signer]));

describe('a service that tells what is', () => {
  it('holds, under the key and from the checkpoint that the auditor has', async () => {
    expect(await found()).toEqual([]);
  });

  it('is asked for the share of envelopes that is wanted', async () => {
    const paths: string[] = [];
    const counted: Ask = (path, wanted) => {
      paths.push(path);
      return ask(path, wanted);
    };
    expect(await found(counted, 0.4)).toEqual([]);
    expect(paths.filter((path) => path.endsWith('/envelope'))).toEqual([]);
    expect(await found(counted, 0.6)).toEqual([]);
    expect(paths.filter((path) => path.endsWith('/envelope'))).toHaveLength(5);
  });
});

describe('a service that does not', () => {
  it('an envelope that is said to be dropped, of which no entry tells', async () => {
    const path = `/v1/attestations/${envelope}/envelope`;
    const gone: Ask = (asked, wanted) =>
      decodeURIComponent(asked) === path ? Promise.reject(new Gone('it was dropped')) : ask(asked, wanted);
    const [first, ...others] = await found(gone);
    expect(first).toMatch(new RegExp(`^every envelope .*: 1 are said to be dropped, ${envelope} first, and no entry`));
    expect(others).toEqual([]);
  });

  it('a changed envelope byte', async () => {
    const changed = instead(/\/envelope$/, (bytes, path) =>
      path.includes(encodeURIComponent(envelope)) ? Buffer.concat([bytes, Buffer.from(' ')]) : bytes,
    );
    expect(await found(changed)).toEqual([
      expect.stringMatching(
        `^every envelope that was received hashes to its id: the envelope of ${envelope}, received by entry \\d+, hashes to sha256:`,
      ),
    ]);
  });

  it('a changed envelope byte, although the service is gone before the end', async () => {
    let gone = false;
    const changed: Ask = async (path, wanted) => {
      if (gone) throw new Error('connection refused');
      const answer = await ask(path, wanted);
      gone = path.endsWith('/envelope');
      return gone && answer !== null ? Buffer.concat([answer, Buffer.from(' ')]) : answer;
    };
    expect(await found(changed)).toContainEqual(
      expect.stringMatching(/^every envelope that was received hashes to its id: the envelope of /),
    );
  });

  it('an entry that is told otherwise than it was sealed', async () => {
    const flipped = instead(/^\/v1\/history/, (bytes) =>
      Buffer.from(bytes.toString().replace('"attestation.verified"', '"attestation.rejected"')),
    );
    expect(await found(flipped)).toEqual([
      expect.stringMatching(
        /^the account is .*: entry \d+, attestation.verified, has another type in the account than in the log$/,
      ),
    ]);
    const redated = instead(/^\/v1\/history/, (bytes) =>
      Buffer.from(bytes.toString().replace(/"at":"20\d\d/, '"at":"2019')),
    );
    expect(await found(redated)).toEqual([expect.stringContaining('has another at in the account than in the log')]);
  });

  it('an act that is told to bind others than was sealed', async () => {
    for (const others of ['"signers":[]', '"signers":null']) {
      const unbound = instead(/^\/v1\/history/, (bytes) =>
        Buffer.from(
          bytes.toString().replace(/"signers":\["sha256:\w+"\](?=[^{}]*"signedDigest"|[^{}]*"trustRevision")/g, others),
        ),
      );
      expect(await found(unbound)).toEqual([
        expect.stringMatching(
          /^the account is .*: entry \d+, attestation.revoked, has another data in the account than in the log$/,
        ),
      ]);
    }
  });

  it('an entry that is left out', async () => {
    const without = instead(/^\/v1\/history/, (bytes) => {
      const page = JSON.parse(bytes.toString());
      return Buffer.from(
        JSON.stringify({
          ...page,
          items: page.items.filter((item: { type: string }) => item.type !== 'policy.changed'),
        }),
      );
    });
    expect(await found(without)).toEqual([
      expect.stringMatching(/entry \d+, policy.changed, is in the log and not in the account/),
    ]);
  });

  it('a flipped outcome, by somebody with the owner’s rights', async () => {
    const flip = (outcome: string, code: string | null): Promise<unknown> =>
      owner.query('update verifications set outcome = $2, code = $3 where attestation = $1', [envelope, outcome, code]);
    await flip('rejected', 'signature_invalid');
    expect(await found()).toEqual([
      expect.stringMatching(
        new RegExp(
          `^every attestation .*: attestation ${envelope}, of entry \\d+, attestation.verified, is answered as rejected `,
        ),
      ),
    ]);
    await flip('verified', null);
    expect(await found()).toEqual([]);
  });

  it('a re-dated receipt, by somebody with the owner’s rights', async () => {
    const redate = async (by: string): Promise<void> => {
      await owner.query('update attestations set received_at = received_at + $2::interval where id = $1', [
        envelope,
        by,
      ]);
      await owner.query('update envelopes set received_at = received_at + $2::interval where attestation = $1', [
        envelope,
        by,
      ]);
    };
    await redate('1 minute');
    expect(await found()).toEqual([
      expect.stringMatching(
        /^every attestation .*, of entry \d+, attestation.received, is dated \S+, and \S+ was sealed$/,
      ),
    ]);
    await redate('-1 minute');
  });

  it('an examination of which no entry tells, one that is left out, and an attestation that is gone', async () => {
    const path = new RegExp(`^/v1/attestations/${encodeURIComponent(envelope)}$`);
    const answering = (change: (body: Answer['body']) => object): Ask =>
      instead(path, (bytes) => Buffer.from(JSON.stringify(change(JSON.parse(bytes.toString())))));
    const later = answering((body) => ({
      ...body,
      verification: { ...body.verification, at: '2099-01-01T00:00:00.000Z', outcome: 'rejected', code: 'x' },
    }));
    expect(await found(later)).toEqual([
      `every attestation is answered as its entries tell of it: 1 are said to be examined, attestation.rejected of ${envelope} at 2099-01-01T00:00:00.000Z first, and no entry tells so`,
    ]);
    expect((await found(answering((body) => ({ ...body, verification: null }))))[0]).toMatch(
      /is answered as one about which nothing was found out$/,
    );
    expect((await found(instead(path, () => null)))[0]).toMatch(/ is not there$/);
  });

  it('an account that begins again, without end', async () => {
    const again = instead(/^\/v1\/history/, (bytes) => {
      const { items } = JSON.parse(bytes.toString());
      return Buffer.from(JSON.stringify({ items: items.slice(0, 5), nextCursor: 'again' }));
    });
    expect(await found((path, wanted) => again(path.replace('cursor=again', ''), wanted))).toEqual([
      expect.stringMatching(/: entry 1 is in the account twice, or out of its order$/),
    ]);
  });

  it('a verdict that says something else, has another occasion, or is gone', async () => {
    const other = instead(/^\/v1\/verdicts\//, (bytes) =>
      Buffer.from(bytes.toString().replace('"decision":"allow"', '"decision":"deny"')),
    );
    expect(await found(other)).toEqual([
      expect.stringMatching(
        /^every verdict .*: verdict \S+, recorded by entry \d+, has the digest sha256:\S+, and sha256:\S+ was sealed$/,
      ),
    ]);
    const occasion = instead(/^\/v1\/verdicts\//, (bytes) =>
      Buffer.from(bytes.toString().replace('"production"', '"staging"')),
    );
    expect(await found(occasion)).toEqual([expect.stringContaining('has another occasion than was sealed')]);
    expect(await found(instead(/^\/v1\/verdicts\//, () => null))).toEqual([expect.stringContaining('is not there')]);
  });

  it('a re-written tail: entries that the signed root is not of', async () => {
    const rewritten = instead(/^\/log\/tile\/entries\/.*\.p\//, (bytes) =>
      Buffer.from(bytes.toString('latin1').replace('token:', 'tokem:'), 'latin1'),
    );
    const findings = await found(rewritten);
    expect(findings[0]).toMatch(/^the leaves of the log lead to the root of its checkpoint: the \d+ leaves/);
    expect(findings).toContainEqual(
      expect.stringMatching(/^the tiles .*: tile 1 of level 0 has another hash than leaf 2\d\d/),
    );
  });

  it('a re-written tail, signed by the stolen key, behind the kept checkpoint', async () => {
    const forged = { ...kept, root: Buffer.alloc(32, 1) };
    const { findings } = await verifyServed({
      ask,
      keys: [signer.key],
      kept: [forged],
      sample: 0,
      random: () => 0.5,
      onLeaves: () => undefined,
    });
    expect(findings.filter(({ first }) => first !== null)).toEqual([
      expect.objectContaining({
        invariant: 'the log goes on from every checkpoint that was kept',
        first: `the log was rewritten: its first ${kept.size} leaves do not lead to the root of the checkpoint kept in kept.checkpoint`,
      }),
    ]);
  });

  it('a truncated log', async () => {
    const short = await ask(`/log/checkpoint?size=${kept.size}`, A_NOTE);
    expect(short).not.toBeNull();
    const later = { ...(await sealed()), source: 'later.checkpoint' };
    const { findings } = await verifyServed({
      ask: instead(/^\/log\/checkpoint/, () => short),
      keys: [signer.key],
      kept: [later],
      sample: 1,
      random: () => 0.5,
      onLeaves: () => undefined,
    });
    expect(findings.filter(({ first }) => first !== null).map(({ first }) => first)).toEqual([
      `the log has ${kept.size} leaves, and the checkpoint kept in later.checkpoint is of ${later.size}: the log was cut short`,
    ]);
  });

  it('a forked log: two checkpoints of one size', async () => {
    const fork = instead(/^\/log\/checkpoint/, () => aCheckpoint(kept.size, Buffer.alloc(32, 2)));
    expect(await found(fork)).toEqual([
      expect.stringMatching(/^the leaves of the log lead to the root of its checkpoint/),
      expect.stringMatching(/: the log was forked: two checkpoints of \d+ leaves are signed by /),
    ]);
  });

  it('a checkpoint by another key, a tile above that is another, a bundle that is none', async () => {
    const other = instead(/^\/log\/checkpoint/, (bytes) =>
      Buffer.from(bytes.toString().replaceAll(signer.key.name, 'other.example/log')),
    );
    expect(await found(other)).toEqual([
      expect.stringMatching(/^the checkpoint is signed by the key of the log: the checkpoint served: /),
    ]);
    expect(await found(instead(/^\/log\/tile\/entries\/000$/, (bytes) => bytes.subarray(1)))).toEqual([
      expect.stringMatching(/the bundle of the leaves 1 to 256 /),
    ]);
    expect(await found(instead(/^\/log\/tile\/0\/000$/, () => Buffer.alloc(0)))).toEqual([
      expect.stringMatching(/^the tiles .*: tile 0 of level 0 is not of 256 hashes$/),
    ]);
  });
});

describe('a service that answers something else', () => {
  type Handler = (response: ServerResponse) => void;

  /** What comes of auditing a server that answers the path with this, and all others as the service does. */
  async function auditOf(path: RegExp, handle: Handler): Promise<readonly string[]> {
    const server = createServer((request, response) => {
      if (path.test(request.url ?? '')) {
        handle(response);
        return;
      }
      void app
        .request(request.url ?? '', { token, headers: { accept: request.headers.accept ?? '' } })
        .then(async (own) => {
          response.writeHead(own.status, { 'content-type': own.headers.get('content-type') ?? '' });
          response.end(Buffer.from(await own.arrayBuffer()));
        });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const quiet = { ...thisProcess, now: () => (time += 5_000), sleep: () => Promise.resolve(), warn: () => undefined };
    let time = 0;
    try {
      return await found(askService(connect({ url: `http://127.0.0.1:${port}`, token }, quiet)));
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  const endless: Handler = (response) => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536, 'x')));
    };
    response.on('drain', more);
    more();
  };
  const as =
    (type: string, body: string | Buffer, status = 200): Handler =>
    (response) =>
      response.writeHead(status, { 'content-type': type, location: 'http://192.0.2.1/' }).end(body);

  it.each<[string, RegExp, Handler, RegExp]>([
    ['without end', /checkpoint/, endless, /\/log\/checkpoint was answered with more than 1048576 bytes$/],
    [
      'for others',
      /checkpoint/,
      as('text/html', '<p>sign in'),
      /\/log\/checkpoint was answered as text\/html, and not as text\/plain$/,
    ],
    ['elsewhere', /entries/, as('text/plain', '', 302), /sends elsewhere \(302, http:\/\/192.0.2.1\/\)$/],
    ['later', /\/v1\/verdicts/, as('text/plain', '', 503), /503/],
    ['not at all', /\/v1\/history/, (response) => response.destroy(), /was not reached/],
    ['too deeply', /\/v1\/history/, as('application/json', '['.repeat(1_000_000)), /is no page of the account$/],
    [
      'beside the point',
      /\/v1\/history/,
      as('application/json', '{"items":[{}],"nextCursor":null}'),
      /is no page of the account$/,
    ],
    [
      'with too many leaves',
      /entries/,
      as('application/octet-stream', Buffer.alloc(20_000_000)),
      /was answered with more than \d+ bytes$/,
    ],
  ])('%s has found nothing out', async (_how, path, handle, told) => {
    await expect(auditOf(path, handle)).rejects.toThrow(told);
  });

  it('is found out by what it answers', async () => {
    expect(await auditOf(/\/v1\/verdicts/, as('application/json', '{"id":'))).toEqual([
      expect.stringMatching(/^every verdict .* is answered as something else$/),
    ]);
    const junk = as('application/octet-stream', Buffer.alloc(256 * 34));
    expect(await auditOf(/entries\/000$/, junk)).toContainEqual(
      expect.stringMatching(/^the leaves of the log .*: the bundle of the leaves 1 to 256 holds \d+ entries, not 256$/),
    );
  });
});

describe('assay audit verify --url', () => {
  const run = async (words: readonly string[], env: Record<string, string> = { ASSAY_TOKEN: token }) => {
    const script = join(inject('services').buildDir, 'src/audit-verify.js');
    try {
      const options = { env: { PATH: process.env.PATH, ...env } };
      const { stdout, stderr } = await promisify(execFile)(
        process.execPath,
        [script, `--url=${app.url}`, ...words],
        options,
      );
      return { status: 0, said: stdout + stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { status: code, said: stdout + stderr };
    }
  };
  let file: string;
  beforeEach(() => {
    file = join(directory, 'log.checkpoint');
  });

  it('says that everything holds, and keeps the checkpoint from which the log has to go on', async () => {
    const first = await run([`--key=${vkey}`, `--save=${file}`]);
    expect(first).toMatchObject({
      status: 0,
      said: expect.stringMatching(/^everything holds, to the log's \d+ entries$/m),
    });
    expect(openKept(readFileSync(file), file, [signer.key])).not.toHaveProperty('fault');
    expect(await run([`--key=${vkey}`, `--checkpoint=${file}`, '--sample=0.5', '--json'])).toMatchObject({
      status: 0,
      said: expect.stringContaining('"sound":true'),
    });
  });

  it('takes the key that is served where that is asked for in so many words, and says that nobody pinned it', async () => {
    const held = { status: 0, said: expect.stringMatching(/^not held whose log it is: no key is pinned .*$/m) };
    expect(await run(['--without-key'])).toMatchObject(held);
    const refused = {
      status: 2,
      said: expect.stringMatching(/^nothing was found out: whose log it is .* --key, .*--without-key$/m),
    };
    expect(await run([])).toMatchObject(refused);
    expect(await run([`--save=${file}.unpinned`, '--json'])).toMatchObject(refused);
    expect(existsSync(`${file}.unpinned`)).toBe(false);
  });

  it('says what does not hold, and keeps the checkpoint that was kept', async () => {
    writeFileSync(file, aCheckpoint(kept.size, Buffer.alloc(32, 3)));
    const before = readFileSync(file);
    expect(await run([`--key=${vkey}`, `--checkpoint=${file}`, `--save=${file}`])).toMatchObject({
      status: 1,
      said: expect.stringMatching(/^NOT SOUND: 1 of 8 do not hold; the first: the log goes on from every checkpoint/m),
    });
    expect(readFileSync(file)).toEqual(before);
  });

  it('says that it could not be found out', async () => {
    expect(await run([`--key=${vkey}`], {})).toMatchObject({
      status: 2,
      said: expect.stringContaining('no token to ask with'),
    });
    expect(await run([`--key=${vkey}`], { ASSAY_TOKEN: 'nobody-is-known-by-this-token-at-all' })).toMatchObject({
      status: 2,
      said: expect.stringMatching(/nothing was found out: .* 401/),
    });
    expect(await run([`--key=${vkey}`, '--sample=2'])).toMatchObject({
      status: 2,
      said: expect.stringContaining('--sample'),
    });
  });
});
