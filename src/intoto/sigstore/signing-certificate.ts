import { createPublicKey, type KeyObject } from 'node:crypto';
import { sha256 } from '../digest.js';
import { KeyUnusable } from '../key-unusable.js';
import type { CertificateIdentity } from '../proved-signer.js';
import { importPublicKey } from '../public-key.js';
import type { SignatureScheme } from '../signature-scheme.js';
import type { Thumbprint } from '../thumbprint.js';
import { CertificateUnusable, readCertificate, type Certificate } from './certificate.js';
import { identityOf } from './certificate-identity.js';
import { keyUsageFault, purposesOf, PURPOSE } from './key-usage.js';
import { pemOf } from './pem.js';
import { contentMatches, type SignedContent } from './signed-content.js';
import type { TrustRoot } from './trust-root.js';

/** An end-entity certificate whose key may have signed a document, read once for every root it is tried under. */
export interface SigningCertificate {
  readonly certificate: Certificate;
  readonly identity: CertificateIdentity;
  /** Whether it is meant for signing code, as far as it says what it is meant for. */
  readonly codeSigning: boolean;
  readonly key: KeyObject;
  readonly thumbprint: Thumbprint;
  /**
   * The ways in which signatures by such a key are made: ECDSA in DER with the hash of its curve, as Sigstore writes it; RSA
   * in PKCS#1 v1.5 as Sigstore or in PSS as Witness writes it.
   */
  readonly schemes: readonly SignatureScheme[];
}

/** A certificate by whose key a document was found to be signed, in this scheme. */
export type CertificateMatch = Omit<SigningCertificate, 'schemes'> & { readonly scheme: SignatureScheme };

/** Who signed the content, if it was the certificate's key; null where it was not. */
export async function matchCertificate(
  { schemes, ...signer }: SigningCertificate,
  content: SignedContent,
): Promise<CertificateMatch | null> {
  for (const scheme of schemes) {
    if (await contentMatches(content, scheme, signer.key)) return { ...signer, scheme };
  }
  return null;
}

/**
 * Reads a certificate that signs documents: no certificate authority's, with a key usage that allows it where there is
 * one, a key of P-256, P-384, P-521, Ed25519 or RSA of 2048 bits and more, and a readable identity. Throws
 * CertificateUnusable.
 */
export function readSigningCertificate(der: Uint8Array): SigningCertificate {
  const certificate = readCertificate(der);
  if (isAuthority(certificate)) throw new CertificateUnusable('is of a certificate authority, not of a signer');
  const fault = keyUsageFault(certificate);
  if (fault !== null) throw new CertificateUnusable(fault);
  const codeSigning = purposesOf(certificate)?.includes(PURPOSE.codeSigning) ?? true;
  return { certificate, identity: identityOf(certificate), codeSigning, ...signingKey(certificate) };
}

function isAuthority(certificate: Certificate): boolean {
  try {
    return certificate.extBasicConstraints?.isCA === true;
  } catch (cause) {
    throw new CertificateUnusable('has basic constraints that cannot be read', { cause });
  }
}

/**
 * Why a certificate is not meant for what it is used for under a root. Sigstore's are for signing code wherever they say
 * what they are for. In-house authorities issue workload certificates for TLS, and who registers such an authority
 * says himself that its certificates may sign.
 */
export function purposeFault(
  { codeSigning }: Pick<SigningCertificate, 'codeSigning'>,
  form: TrustRoot['form'],
): string | null {
  return form === 'x509' || codeSigning ? null : 'is not for signing code';
}

/** SubjectPublicKeyInfo up to the key, of a P-256 key with its point uncompressed. */
const P256 = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');
const P256_BYTES = P256.length + 64;

type SigningKey = Pick<SigningCertificate, 'key' | 'thumbprint' | 'schemes'>;

function signingKey(certificate: Certificate): SigningKey {
  const spki = certificate.publicKey;
  try {
    if (spki.length === P256_BYTES && spki.subarray(0, P256.length).equals(P256)) {
      // Nearly every leaf: the long way costs as much as verifying its signature. PEM is what Node takes in fastest.
      const key = createPublicKey(pemOf('PUBLIC KEY', spki));
      return { key, thumbprint: sha256(spki) as string as Thumbprint, schemes: ['ES256/der'] };
    }
    const { key, thumbprint, schemes } = importPublicKey(pemOf('PUBLIC KEY', spki));
    return { key, thumbprint, schemes: schemes.filter((scheme) => !scheme.endsWith('/ieee-p1363')) };
  } catch (cause) {
    if (cause instanceof CertificateUnusable) throw cause;
    const why = cause instanceof KeyUnusable ? cause.message : 'it is not readable';
    throw new CertificateUnusable(`has a key that cannot be used: ${why}`, { cause });
  }
}
