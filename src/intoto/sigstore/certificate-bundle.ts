import type { Bundle } from '@sigstore/bundle';
import type { SigstoreBundle } from '../bundle-content.js';
import { curveHashNote } from '../curve-hash.js';
import { failure, failureOf, type BundleFailure } from './bundle-failure.js';
import { collected, failed, ISSUED_BY_NONE, type CertificateVerification } from './certificate-verification.js';
import { CertificateUnusable } from './certificate.js';
import { issuersOf, verifyUnder } from './verify-under.js';
import { proofMaterial } from './proof-material.js';
import { signedContent, verifiesDigests, type SignedContent } from './signed-content.js';
import { matchCertificate, readSigningCertificate, type SigningCertificate } from './signing-certificate.js';
import { trustMaterial } from './trust-material.js';
import type { TrustRoot } from './trust-root.js';

/**
 * Verifies a bundle whose signer is known by a certificate, against each root of which an authority may have issued it
 * (client specification, section 4; hybrid model: leaf and chain valid at every proven time, at least one proven time).
 *
 * What is required follows the root: an SCT where it lists certificate logs, a log entry where it lists transparency logs.
 * What a bundle holds beyond that, by those whom the root does not list, proves nothing and is passed over; what is by those
 * it does list must verify.
 */
export async function verifyCertificateBundle(
  { bundle, content }: SigstoreBundle,
  roots: readonly TrustRoot[],
): Promise<CertificateVerification> {
  const materials = roots.map(trustMaterial);
  try {
    const signer = readSigningCertificate(leafOf(bundle));
    const tries = materials.flatMap((material) =>
      issuersOf(signer.certificate, material).map((issuer) => ({ material, issuer })),
    );
    if (tries.length === 0) return failed(ISSUED_BY_NONE);
    const signed = signedContent(content);
    if (signed === null)
      return failed(failure('signature_invalid', 'the envelope of a bundle has exactly one signature'));
    const match = await matchCertificate(signer, signed);
    if (match === null) return failed(mismatch(signed, signer));
    const proofs = proofMaterial(bundle, { type: 'certificate', der: signer.certificate.der });
    if ('code' in proofs) return failed(proofs);
    return collected(tries.map(({ material, issuer }) => verifyUnder(material, issuer, match, signed, proofs)));
  } catch (error) {
    return failed(failureOf(error));
  }
}

function mismatch({ message }: SignedContent, { schemes }: SigningCertificate): BundleFailure {
  const unknowable = message === null && !schemes.some(verifiesDigests);
  return failure(
    'signature_invalid',
    unknowable
      ? `signatures in ${schemes.join(' or ')} cannot be verified over the digest of an artifact, only those of P-256 can`
      : `the signature does not verify by the key of its certificate${curveHashNote(schemes)}`,
  );
}

function leafOf({ verificationMaterial: { content } }: Bundle): Uint8Array {
  switch (content.$case) {
    case 'certificate':
      return content.certificate.rawBytes;
    case 'x509CertificateChain': {
      // The leaf comes first. What the signer adds of the chain is no help: trust roots hold it whole.
      const [leaf] = content.x509CertificateChain.certificates;
      if (leaf !== undefined) return leaf.rawBytes;
      break;
    }
    case 'publicKey':
  }
  throw new CertificateUnusable('is missing');
}
