import type { ProvedCertificate, Vouching } from '../proved-signer.js';
import { curveHashNote } from '../curve-hash.js';
import { failure, failureOf, type BundleFailure } from './bundle-failure.js';
import { readCertificate, type Certificate } from './certificate.js';
import { pathLeadsTo } from './certificate-path.js';
import { collected, failed, ISSUED_BY_NONE, type CertificateVerification } from './certificate-verification.js';
import { signedContent, type SignedContent } from './signed-content.js';
import {
  matchCertificate,
  purposeFault,
  readSigningCertificate,
  type CertificateMatch,
} from './signing-certificate.js';
import { certificateTimeFault, timestampFault } from './time-fault.js';
import { provedBy, readTimestamp, signersOf, type Timestamp } from './timestamp.js';
import { trustMaterial, type TrustedChain, type TrustMaterial } from './trust-material.js';
import type { TrustRoot } from './trust-root.js';
import { sortedVouchings } from './vouchings.js';

/** A signature of an envelope with what came along to prove whose it is and when it was made. */
export interface CertifiedSignature {
  readonly keyid: string | null;
  readonly signature: Buffer;
  /** DER, the signer's first, then those that lead from it towards a root; empty where no certificate came along. */
  readonly certificates: readonly Buffer[];
  /** DER of RFC 3161 responses over the bytes of the signature. */
  readonly timestamps: readonly Buffer[];
  /** Why the certificates or timestamps could not be decoded; null where they could, or there are none. */
  readonly materialFault: string | null;
}

export interface CertifiedEnvelope {
  readonly payloadType: string;
  readonly payload: Buffer;
  readonly signatures: readonly CertifiedSignature[];
}

const MAX_CAME_ALONG = 10;
const MAX_TIMESTAMPS = 16;

/**
 * Verifies the signatures of an envelope that carry certificates, against the roots: X.509 without Sigstore. Each is by the
 * key of its certificate, from which a path leads to an authority of the root (RFC 5280, 6.1), all of it valid at every
 * time that the root's timestamp authorities prove (RFC 3161), at least one. A timestamp by others proves nothing, and one
 * that names an authority of the root must verify by it.
 *
 * An envelope has no place for an entry of a log. So roots that list logs are not satisfied by it: a certificate that Fulcio
 * issued for ten minutes says nothing without the log that saw it used in time.
 *
 * Signatures without certificates are passed over, and a signature that proves nothing does not spoil another. Where no
 * signature carries certificates, nobody is proved and nothing failed. Never throws for what the envelope holds.
 */
export async function verifyCertifiedEnvelope(
  envelope: CertifiedEnvelope,
  roots: readonly TrustRoot[],
): Promise<CertificateVerification> {
  const materials = roots.map(trustMaterial);
  const attempts: (ProvedCertificate | BundleFailure)[] = [];
  for (const signature of envelope.signatures) {
    if (signature.certificates.length === 0 && signature.materialFault === null) continue;
    const { signers, failure: reason } = await verifySignature(envelope, signature, materials);
    attempts.push(...signers);
    if (reason !== null) attempts.push(reason);
  }
  return collected(attempts);
}

async function verifySignature(
  { payloadType, payload }: CertifiedEnvelope,
  signature: CertifiedSignature,
  materials: readonly TrustMaterial[],
): Promise<CertificateVerification> {
  if (signature.materialFault !== null) return failed(failure('certificate_invalid', signature.materialFault));
  try {
    const [leaf = Buffer.alloc(0), ...others] = signature.certificates;
    if (others.length > MAX_CAME_ALONG || signature.timestamps.length > MAX_TIMESTAMPS) {
      return failed(failure('certificate_invalid', 'more certificates or timestamps came along than anybody needs'));
    }
    const signer = readSigningCertificate(leaf);
    const cameAlong = others.map(readCertificate);
    const tries = materials.flatMap((material) =>
      material.certificateAuthorities
        .filter((chain) => pathLeadsTo(chain, signer.certificate, cameAlong, []))
        .map((chain) => ({ material, chain })),
    );
    if (tries.length === 0) return failed(ISSUED_BY_NONE);
    const signed = signedContent({ type: 'dsse', envelope: { payloadType, payload, signatures: [signature] } });
    const match = signed === null ? null : await matchCertificate(signer, signed);
    if (signed === null || match === null) {
      const note = curveHashNote(signer.schemes);
      return failed(failure('signature_invalid', `the signature does not verify by the key of its certificate${note}`));
    }
    const timestamps = signature.timestamps.map(readTimestamp);
    return collected(
      tries.map(({ material, chain }) => verifyUnder(material, chain, match, cameAlong, signed, timestamps)),
    );
  } catch (error) {
    return failed(failureOf(error));
  }
}

function verifyUnder(
  material: TrustMaterial,
  chain: TrustedChain,
  signer: CertificateMatch,
  cameAlong: readonly Certificate[],
  signed: SignedContent,
  timestamps: readonly Timestamp[],
): ProvedCertificate | BundleFailure {
  const { certificate, thumbprint, scheme, identity, codeSigning } = signer;
  const purpose = purposeFault(signer, material.form);
  if (purpose !== null) return failure('certificate_invalid', `the certificate ${purpose}`);
  const { timestampAuthorities } = material;
  const known = timestamps.filter((timestamp) => signersOf(timestamp, timestampAuthorities).length > 0);
  const times: Vouching[] = [];
  for (const timestamp of known) {
    const vouching = provedBy(timestamp, signed.signature, timestampAuthorities);
    if (vouching === null) {
      const why = timestampFault(timestamp, signed.signature, timestampAuthorities);
      return failure('timestamp_missing', why ?? 'a timestamp by an authority of the trust root does not verify');
    }
    times.push(vouching);
  }
  if (times.length === 0) {
    return failure('timestamp_missing', 'no timestamp by an authority of the trust root proves when it was signed');
  }
  if (material.tlogs.length > 0 || material.ctlogs.length > 0) {
    return failure('log_proof_invalid', 'the trust root lists logs, of which an envelope holds no proof');
  }
  const moments = times.map(({ at }) => new Date(at));
  if (!pathLeadsTo(chain, certificate, cameAlong, moments)) {
    const why = certificateTimeFault([chain], certificate, moments);
    return failure('certificate_invalid', why ?? 'a certificate that came along was not valid when it was used');
  }
  return {
    type: 'certificate',
    certificate: certificate.fingerprint,
    thumbprint,
    scheme,
    identity,
    codeSigning,
    chain: chain.id,
    ctlogs: [],
    tlogs: [],
    times: sortedVouchings(times),
  };
}
