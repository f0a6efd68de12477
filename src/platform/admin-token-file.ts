import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { secretFile } from './secret-file.js';

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
  const token = secretFile(path, () => `${randomBytes(32).toString('base64url')}\n`).trim();
  if (token.length < 32) throw new Error(`${path} holds no admin token; delete it to have another made`);
  return { token, path };
}
