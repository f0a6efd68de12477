import { createPublicKey, type KeyObject } from 'node:crypto';
import { importPublicKey, type PublicKey } from '../intoto/public-key.js';
import { signByKey, type EnvelopeSigner } from '../intoto/sign-envelope.js';
import type { Thumbprint } from '../intoto/thumbprint.js';
import type { Config } from '../platform/config.js';
import { signingKeyFile } from '../platform/signing-key-file.js';
import type { ConfiguredSigner } from '../platform/signing-settings.js';
import { commandSigner } from './signing-command.js';

/** Under which the module provides the ServiceKeys. */
export const SERVICE_KEYS = Symbol('SERVICE_KEYS');

/** The keys by which this service signs verdicts, or signed them. */
export interface ServiceKeys {
  /** null where none is configured for a deployment of several processes, which must all sign by one. */
  readonly signer: EnvelopeSigner | null;
  /** The signing key first, then the retired ones; each once. */
  readonly listed: readonly ListedKey[];
  /** Of all of them: what they sign never counts as evidence here. */
  readonly thumbprints: ReadonlySet<Thumbprint>;
}

export interface ListedKey {
  readonly publicKey: PublicKey;
  readonly retired: boolean;
}

/** The keys of the configuration; on a database of its own the service makes itself one where none is configured. */
export function serviceKeys({
  signing,
  database,
  dataDir,
}: Pick<Config, 'signing' | 'database' | 'dataDir'>): ServiceKeys {
  const configured: ConfiguredSigner | null =
    signing.signer ?? (database === null ? { type: 'key', privateKey: signingKeyFile(dataDir) } : null);
  const current = configured === null ? null : signerOf(configured);
  const listed = new Map<Thumbprint, ListedKey>();
  if (current !== null) listed.set(current.signer.thumbprint, { publicKey: current.publicKey, retired: false });
  for (const key of signing.retired) {
    const publicKey = imported(key);
    if (!listed.has(publicKey.thumbprint)) listed.set(publicKey.thumbprint, { publicKey, retired: true });
  }
  return { signer: current?.signer ?? null, listed: [...listed.values()], thumbprints: new Set(listed.keys()) };
}

function signerOf(configured: ConfiguredSigner): { readonly signer: EnvelopeSigner; readonly publicKey: PublicKey } {
  switch (configured.type) {
    case 'key': {
      const publicKey = imported(createPublicKey(configured.privateKey));
      const { thumbprint } = publicKey;
      return {
        publicKey,
        signer: { thumbprint, sign: (message) => Promise.resolve(signByKey(configured.privateKey, message)) },
      };
    }
    case 'command': {
      const publicKey = imported(configured.publicKey);
      const { words, env } = configured;
      const sign = commandSigner({ words, env, publicKey });
      return { publicKey, signer: { thumbprint: publicKey.thumbprint, sign } };
    }
  }
}

function imported(key: KeyObject): PublicKey {
  return importPublicKey(key.export({ type: 'spki', format: 'pem' }).toString());
}
