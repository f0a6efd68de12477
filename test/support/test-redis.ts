import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

export interface TestRedis {
  readonly url: string;
  readonly port: number;
  /** Ends it at once, as a crash would; nothing is kept. */
  stop(): Promise<void>;
}

/** So many that two services of one run hardly share one. */
export const REDIS_DATABASES = 4_096;

export const REDIS_IS_MISSING =
  'no redis-server was found, so what needs Redis does not run; apt-get install -y --no-install-recommends redis-tools';

/** A Redis of its own on a loopback port, or null where the machine has no Redis. */
export async function startTestRedis(settings: { readonly port?: number; readonly args?: readonly string[] } = {}) {
  // Debian's redis-tools ships the server under the name of its checking tool, which acts by the name it is called.
  const program = findProgram('redis-server') ?? findProgram('redis-check-rdb');
  if (program === null) return null;
  const port = settings.port ?? (await freePort());
  const child = spawn(
    program,
    [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--databases',
      String(REDIS_DATABASES),
      ...(settings.args ?? []),
    ],
    { argv0: 'redis-server', stdio: 'ignore' },
  );
  const redis: TestRedis = { url: `redis://127.0.0.1:${port}`, port, stop: () => stop(child) };
  await answers(redis.url, child);
  return redis;
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  const client = new Redis(url, { retryStrategy: () => 20 });
  client.on('error', () => undefined);
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code) => {
      reject(new Error(`redis-server ended with ${code}`));
    });
    child.once('error', reject);
  });
  ended.catch(() => undefined);
  try {
    await Promise.race([client.ping(), ended]);
  } finally {
    client.disconnect();
  }
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  while (child.exitCode === null && child.signalCode === null) await sleep(5);
}

function findProgram(name: string): string | null {
  for (const directory of (process.env.PATH ?? '').split(delimiter).concat('/usr/sbin', '/sbin')) {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return join(directory, name);
    } catch {
      continue;
    }
  }
  return null;
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else reject(new Error('no port'));
      });
    });
  });
}
