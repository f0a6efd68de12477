import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Failure } from '../failure.js';

/** A service that lives as long as the demo, on a database of its own. */
export interface OwnService {
  readonly url: string;
  readonly token: string;
  /** Resolves when it takes requests. Throws Failure, with what it said, if it does not come to that. */
  ready(): Promise<void>;
  /** Ends it and removes everything it kept. */
  stop(): Promise<void>;
}

/** Milliseconds; making a database for the first time takes most of it. */
const START_LIMIT = 60_000;
const STOP_LIMIT = 10_000;

const MAIN = fileURLToPath(new URL('../../main.js', import.meta.url));

/** Whether an Assay service answers there; whatever else may listen there does not call itself healthy at this path. */
export async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2000), redirect: 'manual' });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}

/** Launches the built service on a free port. Whatever happens then, it has to be stopped. Throws Failure if not built. */
export async function launchOwnService(env: NodeJS.ProcessEnv): Promise<OwnService> {
  if (!existsSync(MAIN)) throw new Failure('the service is not built yet; run `npm run build` first');
  const dataDir = mkdtempSync(join(tmpdir(), 'assay-demo-'));
  // Started by root, the database runs as another account, which has to get in.
  chmodSync(dataDir, 0o711);
  const token = randomBytes(32).toString('hex');
  const port = await freePort();
  const child = spawn(process.execPath, [MAIN], {
    env: {
      ...withoutSettings(env),
      HOST: '127.0.0.1',
      PORT: String(port),
      LOG_LEVEL: 'warn',
      ASSAY_DATA_DIR: join(dataDir, 'data'),
      ASSAY_ADMIN_TOKEN: token,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => (said += piece.toString()));
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    token,
    async ready() {
      try {
        await untilReady(url, child);
      } catch (cause) {
        throw new Failure('the service did not start', said.trim().split('\n').slice(-20), { cause });
      }
    },
    async stop() {
      await end(child);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** What the demo's surroundings configure for another service must not reach its own. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => !name.startsWith('ASSAY_') && name !== 'DATABASE_URL' && name !== 'REDIS_URL',
  );
  return Object.fromEntries(kept);
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const until = Date.now() + START_LIMIT;
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`it ended with status ${child.exitCode}`);
    try {
      const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2000) });
      await response.arrayBuffer();
      if (response.status === 200) return;
    } catch (error) {
      // Not listening yet.
      if (!(error instanceof Error)) throw error;
    }
    await sleep(100);
  }
  throw new Error(`it was not ready after ${START_LIMIT / 1000} s`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const left = await Promise.race([ended.then(() => false), sleep(STOP_LIMIT, true, { ref: false })]);
  if (!left) return;
  child.kill('SIGKILL');
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
