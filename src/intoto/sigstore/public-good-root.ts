import { createRequire } from 'node:module';
import { asObject, member, parseStrictJson, type Json } from '../json.js';
import { parseTrustRoot, type TrustRoot } from './trust-root.js';

const INSTANCE = 'https://tuf-repo-cdn.sigstore.dev';
const require = createRequire(import.meta.url);

let read: TrustRoot | undefined;

/**
 * The trust root of the public Sigstore instance, as the installed release of `@sigstore/tuf` ships it to start from: it is
 * as old as that release, and nothing is fetched. The file is read when it is first asked for, as a module would be.
 */
export function publicGoodRoot(): TrustRoot {
  read ??= parseTrustRoot(parseStrictJson(trustedRoot(), { document: 'trust_root' }));
  return read;
}

function trustedRoot(): Buffer {
  // The type is that of every JSON file; its shape is looked at below.
  const seeds = require('@sigstore/tuf/seeds.json') as Json;
  const targets = asObject(member(asObject(member(asObject(seeds) ?? {}, INSTANCE)) ?? {}, 'targets'));
  const target = member(targets ?? {}, 'trusted_root.json');
  if (typeof target !== 'string') throw new Error('@sigstore/tuf ships no trust root of the public instance');
  return Buffer.from(target, 'base64');
}
