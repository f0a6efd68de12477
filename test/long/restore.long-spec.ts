import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openCheckpoint, type Checkpoint } from '../../src/history/checkpoint.js';
import { parseNoteKey } from '../../src/history/note-key.js';
import { demand, eventually } from '../support/answers.js';
import { apiOf, type Api } from '../support/api.js';
import { newImage, postExamined, prepareRelease } from '../support/release.js';
import { startServiceProcess, type ServiceProcess } from '../support/service-process.js';

/*
 * The drill of docs/operations.md, "Backup": what was copied is brought up again somewhere else, holds every invariant, answers as
 * before, and goes on from the checkpoint that an auditor kept.
 */

let home: string;
let running: ServiceProcess | null = null;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'assay-restore-'));
  chmodSync(home, 0o755);
});

afterAll(async () => {
  await running?.stop();
  rmSync(home, { recursive: true, force: true });
});

async function bringUp(dataDir: string): Promise<Api> {
  running = await startServiceProcess({ ASSAY_DATA_DIR: dataDir });
  const { url } = running;
  const adminToken = readFileSync(join(dataDir, 'admin-token'), 'utf8').trim();
  return apiOf({
    adminToken,
    request: (path, { token = adminToken, ...init } = {}) => {
      const headers = new Headers(init.headers);
      if (token !== null) headers.set('authorization', `Bearer ${token}`);
      return fetch(new URL(path, url), { ...init, headers });
    },
  });
}

async function takeDown(): Promise<void> {
  expect(await running?.stop()).toBe(0);
  running = null;
}

async function newestCheckpoint(api: Api): Promise<Checkpoint> {
  const key = parseNoteKey(demand(await api.get('/.well-known/assay/log.vkey'), 200).text.trim());
  const opened = openCheckpoint(Buffer.from(demand(await api.get('/log/checkpoint'), 200).text), key);
  if ('fault' in opened) throw new Error(opened.fault);
  return opened;
}

describe('a copy of the data directory', () => {
  it('is the same service elsewhere, whose log goes on from the checkpoint that was kept', async () => {
    const [first, second] = [join(home, 'first'), join(home, 'second')];
    const api = await bringUp(first);
    const release = await prepareRelease(api);
    const image = newImage();
    for (const by of ['ci', 'trivy', 'qa', 'leads'] as const) await postExamined(api, release.signed(by, image));
    const ask = async (of: Api): Promise<string> =>
      demand(await of.get(`/v1/images/${image}/verdict?policy=release`), 200).body.decision;
    expect(await ask(api)).toBe('allow');
    const sizeOf = async (of: Api): Promise<number> => demand(await of.get('/v1/history?limit=1'), 200).body.completeTo;
    const kept = await eventually(async () => {
      const checkpoint = await newestCheckpoint(api);
      expect(checkpoint.size).toBe(await sizeOf(api));
      expect(checkpoint.size).toBeGreaterThan(10);
      return checkpoint;
    });
    await takeDown();
    // With its owners: the server runs under an account of its own where the service runs as root.
    await promisify(execFile)('cp', ['-a', first, second]);
    rmSync(first, { recursive: true });

    const fsck = await promisify(execFile)(process.execPath, [join(inject('services').buildDir, 'src/fsck.js')], {
      env: { PATH: process.env.PATH, ASSAY_DATA_DIR: second },
    });
    expect(fsck.stdout).toContain(' 0 violated');

    const restored = await bringUp(second);
    expect(await ask(restored)).toBe('allow');
    await postExamined(restored, release.signed('trivy', newImage()));
    const grown = await eventually(async () => {
      const checkpoint = await newestCheckpoint(restored);
      expect(checkpoint.size).toBeGreaterThan(kept.size);
      return checkpoint;
    });
    const proof = demand(await restored.get(`/v1/history/consistency?from=${kept.size}&to=${grown.size}`), 200).body;
    expect(Buffer.from(proof.fromRoot, 'base64')).toEqual(Buffer.from(kept.root));
    await takeDown();
  });
});
