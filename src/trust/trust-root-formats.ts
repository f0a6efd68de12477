import { publicGoodRoot } from '../intoto/sigstore/public-good-root.js';
import { parseTrustRoot, type TrustRoot } from '../intoto/sigstore/trust-root.js';

/** What trust has to be told about the formats of trust roots; handed to it by whoever composes it. */
export interface TrustRootFormats {
  /** Reads a trust root that is PUT. Throws Malformed with every fault and its path. */
  readonly parse: (json: unknown) => TrustRoot;
  /** The root that is built in as `public-good`. */
  readonly publicGood: TrustRoot;
}

export const TRUST_ROOT_FORMATS = Symbol('trust root formats');

/** Sigstore TrustedRoots and certificate authorities as PEM; built in is the root that comes with Sigstore's packages. */
export const trustRootFormats: TrustRootFormats = { parse: parseTrustRoot, publicGood: publicGoodRoot() };
