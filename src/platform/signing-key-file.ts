import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { secretFile } from './secret-file.js';

/**
 * The key by which the service of this data directory signs: P-256, made on first use, readable by its owner alone, the
 * same ever after. Whoever deletes the file ends that key; what it signed can then be verified only by those who kept its
 * public half.
 */
export function signingKeyFile(dataDir: string): KeyObject {
  const path = join(dataDir, 'signing-key.pem');
  const pem = secretFile(path, () =>
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  );
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new Error(`${path} holds no private key; delete it to have another made`, { cause });
  }
}
