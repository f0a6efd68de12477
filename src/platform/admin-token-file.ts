import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface AdminTokenFile {
  readonly token: string;
  readonly path: string;
}

/**
 * The admin token of this data directory: made on first use, readable by its owner alone, the same ever after. Whoever
 * deletes the file revokes the token with the next start.
 */
export function adminTokenFile(dataDir: string): AdminTokenFile {
  const path = join(dataDir, 'admin-token');
  if (!existsSync(path)) {
    mkdirSync(dataDir, { recursive: true });
    const unfinished = `${path}.${process.pid}`;
    writeFileSync(unfinished, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
    try {
      // Appears whole or not at all.
      linkSync(unfinished, path);
    } finally {
      rmSync(unfinished);
    }
  }
  const token = readFileSync(path, 'utf8').trim();
  if (token.length < 32) throw new Error(`${path} holds no admin token; delete it to have another made`);
  return { token, path };
}
