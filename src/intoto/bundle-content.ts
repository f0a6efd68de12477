import type { Bundle } from '@sigstore/bundle';
import type { Sha256Digest } from './digest.js';
import type { Envelope } from './envelope.js';

/** What a Sigstore bundle signs: an envelope, or the digest of an artifact that is not in it. */
export type BundleContent =
  | { readonly type: 'dsse'; readonly envelope: Envelope }
  | { readonly type: 'message'; readonly digest: Sha256Digest; readonly signature: Buffer };

/** A Sigstore bundle (sigstore_bundle.proto, versions 0.1 to 0.3) with everything decoded once. */
export interface SigstoreBundle {
  /** The material that proves who signed and when, as the library reads it. What was signed is read from `content` only. */
  readonly bundle: Bundle;
  readonly content: BundleContent;
  /** Of `publicKey` material: an unauthenticated hint which key it may be; null where absent, empty, or a certificate signs. */
  readonly keyHint: string | null;
}
