import type { TrustRoot } from '../intoto/trust-root-shape.js';
import { Malformed } from '../intoto/malformed.js';

/** What trust has to be told about the formats of trust roots; handed to it by whoever composes it. */
export interface TrustRootFormats {
  /** Reads a trust root that is PUT. Throws Malformed with every fault and its path. */
  readonly parse: (json: unknown) => TrustRoot;
  /** The root that is built in as `public-good`. */
  readonly publicGood: TrustRoot;
}

export const TRUST_ROOT_FORMATS = Symbol('trust root formats');

/** The seam at which the readers of the intoto room come in: without them no root is taken and the built-in one is empty. */
export const trustRootFormats: TrustRootFormats = {
  parse: () => {
    throw new Malformed('bundle', [{ path: '', message: 'trust roots are not read here' }]);
  },
  publicGood: { form: 'sigstore', authorities: [], json: {} },
};
