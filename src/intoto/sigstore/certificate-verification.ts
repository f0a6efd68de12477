import type { ProvedCertificate } from '../proved-signer.js';
import { failure, type BundleFailure } from './bundle-failure.js';

/**
 * Who is proved to have signed by the certificates that came with a document, once for each chain under which it verifies;
 * where nobody is, why: of several reasons the first.
 */
export interface CertificateVerification {
  readonly signers: readonly ProvedCertificate[];
  readonly failure: BundleFailure | null;
}

export const ISSUED_BY_NONE = failure(
  'untrusted_signer',
  'the certificate was issued by an authority of no trust root',
);

export function failed(reason: BundleFailure): CertificateVerification {
  return { signers: [], failure: reason };
}

/** What several attempts come to. Attempts under roots that hold the same authorities prove the same, which counts once. */
export function collected(attempts: readonly (ProvedCertificate | BundleFailure)[]): CertificateVerification {
  const proved = new Map<string, ProvedCertificate>();
  let first: BundleFailure | null = null;
  for (const attempt of attempts) {
    if ('code' in attempt) first ??= attempt;
    else proved.set(JSON.stringify(attempt), attempt);
  }
  const signers = [...proved.keys()].sort().flatMap((text) => proved.get(text) ?? []);
  return { signers, failure: signers.length > 0 ? null : first };
}
