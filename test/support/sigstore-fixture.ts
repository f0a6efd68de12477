import type { Json } from '../../src/intoto/json.js';
import type { PublicKey } from '../../src/intoto/public-key.js';
import { parseTrustRoot, type TrustRoot } from '../../src/intoto/sigstore/trust-root.js';
import { verifyBundle, type BundleVerification } from '../../src/intoto/sigstore/verify-bundle.js';
import type { Thumbprint } from '../../src/intoto/thumbprint.js';
import { readBundle } from './sigstore-bundle.js';
import { signBundle, type BundleJson, type BundleRequest } from './signed-bundle.js';
import { DAY, MINUTE, trustDomain, type RootJson, type TrustDomain } from './trust-domain.js';

/** The next midnight: the certificates of timestamp authorities in a domain are valid from when the test runs. */
export const SINCE = new Date(Math.ceil(Date.now() / DAY) * DAY);
export const at = (minutes: number): Date => new Date(SINCE.getTime() + minutes * MINUTE);
export const NOON = at(12 * 60);

/** A domain with its root, and another one with which it has nothing to do. */
export interface Fixture {
  readonly domain: TrustDomain;
  readonly other: TrustDomain;
  readonly root: TrustRoot;
  readonly bundle: (request?: Partial<BundleRequest>) => Promise<BundleJson>;
  readonly rootWith: (change: (json: RootJson) => void) => TrustRoot;
  readonly idOf: (type: 'ca' | 'ctlog' | 'tlog' | 'tsa') => string;
}

export async function fixture(): Promise<Fixture> {
  const [domain, other] = await Promise.all([
    trustDomain({ since: SINCE }),
    trustDomain({ since: SINCE, host: 'elsewhere.example' }),
  ]);
  const root = parseTrustRoot(domain.root);
  return {
    domain,
    other,
    root,
    bundle: async (request = {}) => (await signBundle(domain, { at: NOON, ...request })).json,
    rootWith: (change) => parseTrustRoot(changed(domain.root, change)),
    idOf: (type) => root.authorities.find((authority) => authority.type === type)!.id,
  };
}

/** Verifies a bundle given as JSON. */
export async function verifyJson(
  json: BundleJson,
  roots: readonly TrustRoot[],
  keys: readonly PublicKey[] = [],
  hints: Readonly<Record<string, readonly Thumbprint[]>> = {},
): Promise<BundleVerification> {
  const bundle = readBundle(JSON.parse(JSON.stringify(json)) as Json);
  return verifyBundle(bundle, roots, keys, new Map(Object.entries(hints)));
}

/** The same with one bit of a byte turned over. */
export function flip(base64: string, index = 20): string {
  const bytes = Buffer.from(base64, 'base64');
  bytes[index]! ^= 1;
  return bytes.toString('base64');
}

export function changed<T>(value: T, change: (copy: T) => void): T {
  const copy = structuredClone(value);
  change(copy);
  return copy;
}
