import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { secretFile } from './secret-file.js';

/** Where the key of this data directory's log is kept, unless another file is named. */
export function logKeyPath(dataDir: string): string {
  return join(dataDir, 'log-key.pem');
}

/**
 * The key by which the log of this data directory is sealed: Ed25519, made on first use, readable by its owner alone, the
 * same ever after. Whoever deletes the file ends that key, and no log that it sealed can go on under it.
 */
export function logKeyFile(dataDir: string): KeyObject {
  const path = logKeyPath(dataDir);
  const pem = read(path);
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw new Error(`${path} holds no private key`, { cause });
  }
  throw new Error(`${path} holds no Ed25519 key`);
}

function read(path: string): string {
  try {
    return secretFile(path, () =>
      generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    );
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the key of the log can be kept nowhere: ${why}; name one in ASSAY_LOG_KEY_FILE`, { cause });
  }
}
