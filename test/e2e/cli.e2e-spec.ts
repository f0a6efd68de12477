import { execFile, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actsFor } from '../../src/cli/demo/acts.js';
import { makeCast } from '../../src/cli/demo/cast.js';
import { narrate } from '../../src/cli/demo/narration.js';
import { perform } from '../../src/cli/demo/perform.js';
import { orUnknown } from '../../src/cli/failure.js';
import { run } from '../../src/cli/program.js';
import { connect } from '../../src/cli/service.js';
import { attestationIdOf } from '../../src/intoto/digest.js';
import { apiOf } from '../support/api.js';
import { newImage, prepareRelease, RELEASE_POLICY, type Release } from '../support/release.js';
import { makeKey } from '../support/sign.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let app: TestApp;
let release: Release;
let directory: string;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startTestApp({ database });
  release = await prepareRelease(apiOf(app));
  directory = mkdtempSync(join(tmpdir(), 'assay-cli-'));
});

afterAll(async () => {
  await app.stop();
  await database.drop();
  rmSync(directory, { recursive: true });
});

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The command with these words, against the service of this file unless the environment says otherwise. */
async function assay(words: readonly string[], given: { env?: object; stdin?: Buffer } = {}): Promise<Ended> {
  const out: string[] = [];
  const err: string[] = [];
  const surroundings = {
    env: { ASSAY_URL: app.url, ASSAY_TOKEN: app.adminToken, ...given.env },
    stdin: Readable.from(given.stdin === undefined ? [] : [given.stdin]),
    print: (line: string) => out.push(`${line}\n`),
    write: (bytes: Uint8Array) => out.push(Buffer.from(bytes).toString('latin1')),
    warn: (line: string) => err.push(`${line}\n`),
    now: Date.now,
    sleep,
  };
  const code = await orUnknown(() => run(words, surroundings, (_tone, text) => text, '1.2.3'), surroundings.warn);
  return { code, out: out.join(''), err: err.join('') };
}

function file(name: string, content: Buffer | string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

describe('assay post', () => {
  it('says of each file what became of it, and yes only where all were verified', async () => {
    const image = newImage();
    const good = release.signed('ci', image);
    const verified = await assay(['post', file('good.json', good)]);
    expect(verified).toMatchObject({ code: 0, err: '' });
    expect(verified.out).toContain(attestationIdOf(good));
    expect(verified.out).toContain(
      `verified\n  signed by ci (k1)\n  build  https://slsa.dev/provenance/v1\n  ${image}`,
    );

    const foreign = file('foreign.json', release.signed('trivy', image, { key: makeKey() }));
    const rejected = await assay(['post', foreign, file('good.json', good)]);
    expect(rejected.code).toBe(1);
    expect(rejected.out).toMatch(/foreign\.json.*\n {2}rejected untrusted_signer: /);
    expect(rejected.out).toMatch(/good\.json.*\n {2}verified/);
  });

  it('takes standard input, and answers the same id for what is posted again', async () => {
    const stdin = release.signed('qa', newImage());
    const first = await assay(['post', '-'], { stdin });
    const again = await assay(['post', '-'], { stdin });
    expect(first.code).toBe(0);
    expect(again).toEqual(first);
  });

  it('posts every line of a .jsonl file in its order, whatever one of them is', async () => {
    const image = newImage();
    const lines = [release.signed('ci', image), Buffer.from('{"payload": "!!"}'), release.signed('qa', image)];
    const path = file('all.intoto.jsonl', lines.map((line) => line.toString()).join('\n'));
    const { code, out, err } = await assay(['post', path]);
    expect(code).toBe(2);
    expect([...out.matchAll(/all\.intoto\.jsonl:(\d)/g)].map(([, line]) => line)).toEqual(['1', '3']);
    expect(err).toContain('all.intoto.jsonl:2: Bad Request (400 envelope_malformed)');
    expect(err).toMatch(/^ {2}signatures: is missing$/m);
  });

  it('writes one JSON object a line for programs, faults included', async () => {
    const good = file('good-2.json', release.signed('ci', newImage()));
    const { code, out } = await assay(['post', '--json', good, file('bad.json', '{}')]);
    expect(code).toBe(2);
    const [first, second] = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(first).toMatchObject({ source: good, answer: { status: 'verified' } });
    expect(second).toMatchObject({ error: { message: expect.stringContaining('format_unrecognized') } });
  });

  it('is content with what is stored when told not to wait', async () => {
    const path = file('later.json', release.signed('ci', newImage()));
    const { code, out } = await assay(['post', '--no-wait', path]);
    expect(code).toBe(0);
    expect(out).toMatch(/pending|verified/);
  });
});

describe('assay verdict', () => {
  it('ends with 0 for allow and 1 for deny, and says why for each requirement', async () => {
    const image = newImage();
    const files = (['ci', 'trivy', 'qa'] as const).map((by) => file(`${by}.json`, release.signed(by, image)));
    await assay(['post', ...files]);
    const words = ['verdict', `registry.example/app:1@${image}`, '--policy', 'release'];
    const denied = await assay(words);
    expect(denied.code).toBe(1);
    expect(denied.out).toContain(`DENY  registry.example/app@${image} under release, revision 1\n`);
    expect(denied.out).toMatch(/✓ scanned +/);
    expect(denied.out).toMatch(/✗ approved +there is no approval.*\n +missing: /);

    await assay(['post', file('leads.json', release.signed('leads', image))]);
    const allowed = await assay([...words, '--wait', '5']);
    expect(allowed.code).toBe(0);
    expect(allowed.out).toMatch(/^ALLOW /);
  });

  it('hands the verdict to programs as the service answers it', async () => {
    const image = newImage();
    const { code, out } = await assay(['verdict', image, '--policy', 'release', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ decision: 'deny', image: { digest: image }, policy: { name: 'release' } });
  });

  it('puts the answer on record with who asked and for where', async () => {
    const image = newImage();
    const context = ['--context', 'cluster=eu-1', '--context', 'namespace=shop'];
    const words = ['verdict', image, '--policy', 'release', '--record', ...context, '--json'];
    const answers = [await assay(words), await assay(words)].map(({ out }) => JSON.parse(out));
    const recorded = (await apiOf(app).get(`/v1/verdicts?digest=${image}`)).body.items;
    expect(recorded.map(({ id }: { id: string }) => id).sort()).toEqual(answers.map(({ id }) => id).sort());
    expect(recorded[0].context).toEqual({ cluster: 'eu-1', namespace: 'shop' });
  });

  it('tells auditors what it was at an earlier moment, and whether what is on record comes out again', async () => {
    const image = newImage();
    const words = ['verdict', image, '--policy', 'release', '--json'];
    const before = JSON.parse((await assay([...words, '--record'])).out);
    await sleep(5);
    const files = (['ci', 'trivy', 'qa', 'leads'] as const).map((by) => file(`${by}.json`, release.signed(by, image)));
    await assay(['post', ...files]);
    expect((await assay(words)).code).toBe(0);
    const then = await assay([...words, '--at', before.evaluatedAt]);
    expect(then.code).toBe(1);
    expect(JSON.parse(then.out)).toEqual({ ...before, id: null });
    const again = await assay(['replay', before.id]);
    expect(again.code).toBe(0);
    expect(again.out).toMatch(/^SAME\nDENY /);
    expect(again.out).toMatch(/by now:\nALLOW /);
    expect(JSON.parse((await assay(['replay', before.id, '--json'])).out)).toMatchObject({ same: true });
    expect((await assay([...words, '--at', before.evaluatedAt, '--record'])).code).toBe(2);
    expect((await assay(['replay', 'no-such-verdict'])).code).toBe(2);
  });

  it('passes parameters on, and shows what is wrong with them', async () => {
    const yaml = 'policy: where\nparameters:\n  replicas: {type: integer, required: true}\nrequirements:\n';
    const policy = file('where.yaml', `${yaml}  - {id: enough, check: params.replicas > 2}\n`);
    expect(await assay(['policy', 'put', 'where', policy])).toMatchObject({ code: 0 });
    const words = ['verdict', newImage(), '--policy', 'where'];
    expect((await assay([...words, '--param', 'replicas=3'])).code).toBe(0);
    expect((await assay([...words, '--param', 'replicas=3', '--record'])).code).toBe(0);
    expect((await assay([...words, '--param', 'replicas=2'])).code).toBe(1);
    const wrong = await assay([...words, '--param', 'replicas=many']);
    expect(wrong.code).toBe(2);
    expect(wrong.err).toContain('replicas: expected a whole number');
  });

  it('never takes anything for a yes that is no verdict', async () => {
    const image = newImage();
    expect(await assay(['verdict', image, '--policy', 'nobody-wrote-this'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('404 policy_not_found'),
    });
    const elsewhere = await assay(['verdict', image, '--policy', 'release', '--url', `${app.url}/openapi.yaml?x=`]);
    expect(elsewhere.code).toBe(2);
    expect((await assay(['verdict', image])).code).toBe(2);
    expect((await assay(['verdict', 'app:latest', '--policy', 'release'])).err).toContain('named by its digest');
  });
});

describe('the other commands', () => {
  it('give an attestation back byte for byte, and what is known about it', async () => {
    const envelope = release.signed('ci', newImage());
    const id = attestationIdOf(envelope);
    await assay(['post', file('kept.json', envelope)]);
    const bytes = await assay(['attestation', 'get', id, '--envelope']);
    expect(Buffer.from(bytes.out, 'latin1').equals(envelope)).toBe(true);
    expect((await assay(['attestation', 'get', id])).out).toMatch(/outcome +verified\n {2}signers +ci \(k1\)/);
    expect((await assay(['attestation', 'get', `sha256:${'0'.repeat(64)}`])).code).toBe(2);
  });

  it('check a policy and show every faulty place with its line', async () => {
    expect((await assay(['policy', 'check', file('good.yaml', RELEASE_POLICY)])).code).toBe(0);
    const bad = file('bad.yaml', 'policy: bad\nmode: enfrce\nrequirements: []\n');
    const { code, out } = await assay(['policy', 'check', bad]);
    expect(code).toBe(1);
    expect(out).toMatch(/mode: .* \(line 2, column 7\)/);
    expect(out).toMatch(/requirements: .* \(line 3, column/);
  });

  it('say what a policy would decide otherwise, and whether anything', async () => {
    const [same, stricter] = [RELEASE_POLICY, `${RELEASE_POLICY}  - {id: never, check: 'false'}\n`];
    expect(await assay(['policy', 'impact', 'release', file('same.yaml', same)])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^0 of \d+ questions about \d+ images would be answered otherwise/m),
    });
    const flipping = await assay(['policy', 'impact', 'release', file('stricter.yaml', stricter)]);
    expect(flipping).toMatchObject({ code: 1, out: expect.stringContaining('allow -> deny by never') });
    const lines = await assay(['policy', 'impact', 'release', file('same.yaml', same), '--json']);
    expect(JSON.parse(lines.out.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ summary: { flips: 0 } });
    expect((await assay(['policy', 'impact', 'release', file('bad.yaml', 'policy: release\n')])).code).toBe(1);
    expect((await assay(['policy', 'impact', 'other', file('same.yaml', same)])).err).toContain('policy_name_mismatch');
  });

  it('publish a policy and register an attestor, and say when nothing changed', async () => {
    const policy = file('again.yaml', RELEASE_POLICY.replace('policy: release', 'policy: again'));
    expect((await assay(['policy', 'put', 'again', policy])).out).toMatch(/^again is revision 1 /);
    expect((await assay(['policy', 'put', 'again', policy])).out).toMatch(/^again already was revision 1 /);
    const keys = [{ id: 'k1', publicKey: makeKey().publicKey }];
    const attestor = file('attestor.json', JSON.stringify({ kinds: ['scan'], keys }));
    expect((await assay(['attestor', 'put', 'grype', attestor])).out).toMatch(/^grype is registered\n {2}k1 {2}active/);
  });

  it('tell the history in its order, page by page', async () => {
    await expect.poll(async () => (await assay(['history', '--type', 'attestor.created'])).out).toContain('leads');
    const { code, out } = await assay(['history', '--limit', '3', '--json']);
    expect(code).toBe(0);
    const entries = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(entries.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });
});

describe('a command without an answer', () => {
  it('says what to set where there is no token', async () => {
    const { code, err } = await assay(['history'], { env: { ASSAY_TOKEN: '' } });
    expect(code).toBe(2);
    expect(err).toContain('ASSAY_TOKEN_FILE');
  });

  it('shows the problem of a refused token', async () => {
    const { code, err } = await assay(['history'], { env: { ASSAY_TOKEN: 'wrong' } });
    expect(code).toBe(2);
    expect(err).toContain('Unauthorized (401');
  });
});

describe('the demo', () => {
  it('gets every answer it expects, on the way into production and back out', async () => {
    const lines: string[] = [];
    const print = (line: string): void => {
      lines.push(line);
    };
    const image = {
      repository: 'registry.example/shop',
      sha256: newImage().slice(7),
      commit: 'c0ffee'.padEnd(40, '0'),
    };
    const cast = makeCast('test');
    const surroundings = {
      env: {},
      stdin: Readable.from([]),
      print,
      write: () => undefined,
      warn: print,
      now: Date.now,
      sleep,
    };
    const service = connect({ url: app.url, token: app.adminToken }, surroundings);
    const narration = narrate(print, (_tone, text) => text);
    expect(await perform(image, cast, actsFor(image, cast), service, narration)).toEqual([]);
    expect(lines.filter((line) => /^ +(ALLOW|DENY)$/.test(line)).map((line) => line.trim())).toEqual([
      ...Array.from({ length: 5 }, () => 'DENY'),
      'ALLOW',
      'DENY',
    ]);
  });
});

describe('bin/assay.mjs', () => {
  it.each([
    ['is not built', null, 'npm run build'],
    ['is built badly', "import './lost.js';", 'ERR_MODULE_NOT_FOUND'],
    ['breaks', "throw new Error('broken')", 'broken'],
  ])('ends with neither yes nor no where it %s', (_what, main, told) => {
    const copy = mkdtempSync(join(directory, 'clone-'));
    cpSync(fileURLToPath(new URL('../../bin', import.meta.url)), join(copy, 'bin'), { recursive: true });
    if (main !== null) {
      mkdirSync(join(copy, 'dist/src/cli'), { recursive: true });
      writeFileSync(join(copy, 'package.json'), '{"type": "module"}');
      writeFileSync(join(copy, 'dist/src/cli/main.js'), main);
    }
    const { status, stderr } = spawnSync(process.execPath, [join(copy, 'bin/assay.mjs'), 'history']);
    expect(status).toBe(2);
    expect(stderr.toString()).toContain(told);
  });
});

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

describe('README.md', () => {
  it('has a tour that goes as printed: deny, allow, the evidence as it was sent, deny once the key is revoked', async () => {
    const tour = readme.slice(readme.indexOf('## A five-minute tour'), readme.indexOf('## With less typing'));
    const blocks = [...tour.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block);
    const script = blocks.join('').replaceAll(/^export ASSAY_.*$/gm, '');
    const { stdout, stderr } = await promisify(execFile)('bash', ['--norc', '-euo', 'pipefail', '-c', script], {
      cwd: directory,
      env: { PATH: process.env.PATH, TMPDIR: directory, ASSAY_URL: app.url, ASSAY_TOKEN: app.adminToken },
    });
    expect(stderr).toBe('');
    const told = [...stdout.matchAll(/^ {2}"decision": "(allow|deny)"|^as sent$/gm)].map(
      ([, said = 'as sent']) => said,
    );
    expect(told).toEqual(['deny', 'allow', 'as sent', 'deny']);
  });

  it('shows a policy that is accepted', async () => {
    const [, policy = ''] = /```yaml\n(policy: .*?)```/s.exec(readme) ?? [];
    expect(await assay(['policy', 'check', file('readme.yaml', policy)])).toMatchObject({ code: 0 });
  });
});
