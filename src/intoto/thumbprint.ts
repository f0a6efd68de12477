import type { KeyObject } from 'node:crypto';
import { sha256 } from './digest.js';

/** Identity of a public key: `sha256:` and the hex digest of its DER SubjectPublicKeyInfo. */
export type Thumbprint = string & { readonly __thumbprint: never };

/** The thumbprint of a key as `importPublicKey` gives it: in the one form of SubjectPublicKeyInfo that its kind has. */
export function thumbprintOf(key: KeyObject): Thumbprint {
  return sha256(key.export({ type: 'spki', format: 'der' })) as string as Thumbprint;
}
