import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';

export interface DataDirLock {
  release(): Promise<void>;
}

/**
 * Makes this process the only one that uses the data directory, creating the directory where it is absent. Throws, naming
 * the process, when another one uses it.
 *
 * What excludes is a name that the kernel takes back the moment its holder ends, however it ends: no stale lock is ever
 * left and none has to be broken. The file with the process id only tells who it is. Linux only.
 */
export async function lockDataDir(dataDir: string): Promise<DataDirLock> {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o755 });
  } catch (cause) {
    throw new Error(`the data directory ${dataDir} cannot be made: ${messageOf(cause)}`, { cause });
  }
  const file = join(dataDir, 'owner.pid');
  const name = createHash('sha256').update(realpathSync(dataDir)).digest('hex').slice(0, 32);
  let server: Server;
  try {
    // A leading zero byte: an abstract socket, which has no file (unix(7)).
    server = await listen(`\0assay-${name}`);
  } catch (cause) {
    throw new Error(`the data directory ${dataDir} is in use by ${ownerOf(file)}`, { cause });
  }
  try {
    writeFileSync(file, `${process.pid}\n`);
  } catch (cause) {
    server.close();
    throw new Error(`the data directory ${dataDir} is not writable: ${messageOf(cause)}`, { cause });
  }
  return {
    async release() {
      rmSync(file, { force: true });
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

function ownerOf(file: string): string {
  try {
    return `process ${readFileSync(file, 'utf8').trim()}`;
  } catch {
    return 'another process';
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
