import type { SigstoreBundle } from '../bundle-content.js';
import type { ProvedSigner } from '../proved-signer.js';
import type { KeyIdHints, VerificationKey } from '../verify-envelope.js';
import type { BundleFailure } from './bundle-failure.js';
import { verifyCertificateBundle } from './certificate-bundle.js';
import { verifyKeyBundle } from './key-bundle.js';
import type { TrustRoot } from './trust-root.js';

/**
 * Who is proved to have signed a bundle. A signer with a certificate stands there once for each chain of authorities under
 * which the bundle verifies; `failure` is null where anybody is proved.
 */
export interface BundleVerification {
  readonly signers: readonly ProvedSigner[];
  readonly failure: BundleFailure | null;
}

/**
 * Verifies a Sigstore bundle (architecture-docs, client specification, section 4): one with a certificate against the
 * roots, one with a public key by the keys. It compares no identity with a policy and reads no payload: it shows who signed
 * what and who vouches for when, and says nothing of whether any of them is trusted.
 *
 * The same bundle, roots and keys give the same answer at any time: nothing depends on now. It never throws for what the
 * bundle holds; a root that `parseTrustRoot` did not give is an error.
 */
export async function verifyBundle(
  bundle: SigstoreBundle,
  roots: readonly TrustRoot[],
  keys: readonly VerificationKey[],
  hints: KeyIdHints = new Map(),
): Promise<BundleVerification> {
  return bundle.bundle.verificationMaterial.content.$case === 'publicKey'
    ? verifyKeyBundle(bundle, roots, keys, hints)
    : verifyCertificateBundle(bundle, roots);
}
