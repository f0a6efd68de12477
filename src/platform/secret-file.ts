import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * The text of a file that only its owner may read: made on first use, the same ever after, also where two processes make
 * it at once.
 */
export function secretFile(path: string, make: () => string): string {
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true });
    const unfinished = `${path}.${process.pid}`;
    writeFileSync(unfinished, make(), { mode: 0o600, flag: 'wx' });
    try {
      // Appears whole or not at all.
      linkSync(unfinished, path);
    } catch (error) {
      if (!existsSync(path)) throw error;
    } finally {
      rmSync(unfinished);
    }
  }
  return readFileSync(path, 'utf8');
}
