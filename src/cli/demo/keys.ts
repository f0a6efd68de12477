import { generateKeyPairSync } from 'node:crypto';
import type { SigningKey } from './sign.js';

export interface DemoKey extends SigningKey {
  readonly algorithm: 'ES256' | 'EdDSA';
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicKey: string;
}

/** A key of its own for each signer, made for one run and kept nowhere. */
export function makeKey(algorithm: DemoKey['algorithm'], keyid: string): DemoKey {
  const { publicKey, privateKey } =
    algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  return { keyid, algorithm, privateKey, publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}
