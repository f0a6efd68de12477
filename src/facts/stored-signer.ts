import { canonicalJson } from '../intoto/canonical-json.js';
import { sha256, type AttestationId } from '../intoto/digest.js';
import type { CertificateIdentity, ProvedSigner } from '../intoto/proved-signer.js';
import { SIGNATURE_SCHEMES, type SignatureScheme } from '../intoto/signature-scheme.js';
import { signerOf, type Signer, type Thumbprint } from '../trust/signer.js';

/** Stands between the parts of a stored signer's name; none of them may hold it. */
const SEPARATOR = '|';

/** How many hex digits of a proof's digest tell two proofs of one signer apart. */
const PROOF_DIGITS = 32;

/**
 * Names a signer of a fact as it is stored: a key by thumbprint and scheme, a certificate by its digest, and either with a
 * digest of what else was proved of it. So a signer of whom more is proved later is stored beside what was known before.
 */
export function signerKey(signer: ProvedSigner): string {
  const proof = proofOf(signer);
  const who = signer.type === 'key' ? signer.thumbprint : `certificate:${hexOf(signer.certificate)}`;
  const parts = [who, signer.scheme];
  if (proof !== null) parts.push(hexOf(sha256(Buffer.from(proof))).slice(0, PROOF_DIGITS));
  return parts.join(SEPARATOR);
}

/** What was proved of a signer beyond its name, as JSON; null for a key of whose time nobody vouches. */
export function proofOf(signer: ProvedSigner): string | null {
  return signer.type === 'key' && signer.times.length === 0 ? null : canonicalJson(signer);
}

/** A certificate's identity as it is searched by: the issuer, or nothing, a space, and the first subject. */
export function identityText({ issuer, subjects }: CertificateIdentity): string {
  return `${issuer ?? ''} ${subjects[0] ?? ''}`;
}

/** A signer as it stands in an image's row. */
export interface StoredSigner {
  readonly signer: string;
  readonly receivedAt: string;
  readonly lastReceivedAt: string;
  /** The first received that carries the signature. */
  readonly attestation?: AttestationId | undefined;
  readonly proof: ProvedSigner | null;
}

/** The signer as evaluation sees it. Throws where what is stored is none: nothing may count by what cannot be read. */
export function readSigner({ signer, proof, receivedAt, lastReceivedAt, attestation }: StoredSigner): Signer {
  const receipt = { receivedAt, lastReceivedAt, attestation };
  if (proof !== null) return signerOf(proof, receipt);
  const [thumbprint = '', scheme = '', ...more] = signer.split(SEPARATOR);
  if (!isScheme(scheme) || more.length > 0) throw new Error(`a stored signer is called ${signer}`);
  return signerOf({ type: 'key', thumbprint: thumbprint as Thumbprint, scheme, times: [] }, receipt);
}

function isScheme(text: string): text is SignatureScheme {
  return SIGNATURE_SCHEMES.some((scheme) => scheme === text);
}

function hexOf(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1);
}
