import { createPrivateKey } from 'node:crypto';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SealingSettings } from '../../src/history/log-settings.js';

/** Of a seed that anybody can guess: all processes of a test seal by the same. */
const PKCS8 = `302e020100300506032b657004220420${'07'.repeat(32)}`;

export const SEALING: SealingSettings = {
  privateKey: createPrivateKey({ key: Buffer.from(PKCS8, 'hex'), format: 'der', type: 'pkcs8' }),
  origin: null,
  defaultOrigin: 'assay.example/log',
  retired: [],
};

/** The same key as a file. */
export function sealingKeyFile(): string {
  const path = join(tmpdir(), 'assay-test-log-key.pem');
  if (!existsSync(path)) {
    const unfinished = `${path}.${process.pid}`;
    writeFileSync(unfinished, SEALING.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    renameSync(unfinished, path);
  }
  return path;
}
