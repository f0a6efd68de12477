import { KeyUnusable } from '../key-unusable.js';
import { importPublicKey } from '../public-key.js';
import type { Certificate } from './certificate.js';
import { keyUsageFault, purposesOf, PURPOSE } from './key-usage.js';
import { pemOf } from './pem.js';

/** What a chain of a trust root is there for. */
export type ChainType = 'ca' | 'tsa';

/**
 * What keeps a chain from being trusted, each fault with the place of the certificate: keys that are weak or of a kind not
 * accepted, a signature or name that does not lead to the next certificate, an end that is not self-signed, and
 * certificates above the first (of certificate authorities: all) that may not issue. Empty where the chain stands by
 * itself. Validity in time is a matter of the moment at which it is used.
 *
 * `purpose` is asked of every extended key usage there is; null asks nothing.
 */
export function chainFaults(
  chain: readonly Certificate[],
  type: ChainType,
  purpose: string | null,
): readonly { readonly index: number; readonly message: string }[] {
  const faults: { index: number; message: string }[] = [];
  for (const [index, certificate] of chain.entries()) {
    const add = (message: string | null): void => {
      if (message !== null) faults.push({ index, message });
    };
    add(keyFault(certificate));
    add(
      type === 'tsa' && index === 0 ? timestampSignerFault(certificate) : issuerFault(certificate, chain, index, type),
    );
    add(purposeFault(certificate, purpose));
    add(linkFault(certificate, chain[index + 1]));
  }
  return faults;
}

/** Why the certificate's key is not accepted, as `importPublicKey` has it; null where it is. */
export function keyFault(certificate: Certificate): string | null {
  try {
    importPublicKey(pemOf('PUBLIC KEY', certificate.publicKey));
    return null;
  } catch (error) {
    if (error instanceof KeyUnusable) return `has a key that cannot be used: ${error.message}`;
    throw error;
  }
}

function issuerFault(
  certificate: Certificate,
  chain: readonly Certificate[],
  index: number,
  type: ChainType,
): string | null {
  if (!certificate.isCA) return 'is not of a certificate authority: it may not sign certificates';
  // How many authorities stand below it (RFC 5280, 4.2.1.9).
  const below = type === 'tsa' ? index - 1 : index;
  const most = certificate.extBasicConstraints?.pathLenConstraint;
  if (most !== undefined && most < BigInt(below)) return `allows ${most} authorities below it, not ${below}`;
  return chain.findIndex((other) => other.equals(certificate)) === index ? null : 'stands twice';
}

function timestampSignerFault(certificate: Certificate): string | null {
  if (certificate.isCA) return 'is of a certificate authority where the signer of timestamps comes first';
  if (!purposesOf(certificate)?.includes(PURPOSE.timeStamping)) return 'is not for signing timestamps (RFC 3161, 2.3)';
  return keyUsageFault(certificate);
}

function purposeFault(certificate: Certificate, purpose: string | null): string | null {
  const purposes = purposesOf(certificate);
  if (purpose === null || purposes === null) return null;
  return purposes.includes(purpose) || purposes.includes(PURPOSE.any)
    ? null
    : 'has an extended key usage for other things';
}

function linkFault(certificate: Certificate, next: Certificate | undefined): string | null {
  if (next === undefined) {
    const isRoot = certificate.subject.equals(certificate.issuer) && certificate.verify();
    return isRoot ? null : 'ends the chain without being self-signed';
  }
  if (!certificate.issuer.equals(next.subject)) return 'is not issued by the next certificate, by its name';
  return certificate.verify(next) ? null : 'is not signed by the next certificate';
}
