import { createPrivateKey } from 'node:crypto';
import type { SealingSettings } from '../../src/history/log-settings.js';

/** Of a seed that anybody can guess: all processes of a test seal by the same. */
const PKCS8 = `302e020100300506032b657004220420${'07'.repeat(32)}`;

export const SEALING: SealingSettings = {
  privateKey: createPrivateKey({ key: Buffer.from(PKCS8, 'hex'), format: 'der', type: 'pkcs8' }),
  origin: null,
  defaultOrigin: 'assay.example/log',
  retired: [],
};
