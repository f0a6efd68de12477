import type { Envelope } from '../intoto/envelope.js';
import type { Evidence } from '../intoto/evidence.js';
import type { ProvedSigner } from '../intoto/proved-signer.js';
import { verifyBundle } from '../intoto/sigstore/verify-bundle.js';
import { verifyCertifiedEnvelope } from '../intoto/sigstore/verify-certified-envelope.js';
import type { SigstoreBundle } from '../intoto/bundle-content.js';
import { verifyJws } from '../intoto/verify-jws.js';
import { verifySignatures, type SignatureMatch, type SignatureMatches } from '../intoto/verify-envelope.js';
import { causesOfSignature, ROOT_CAUSE, type GainCause } from '../trust/gain-causes.js';
import type { RejectionCode } from './outcome.js';
import type { VerificationMaterial } from './verification-material.js';

/** What mathematics shows of the signatures of one piece of evidence. */
export interface VerifiedSignatures {
  readonly signers: readonly ProvedSigner[];
  /** Why nobody was proved to have signed; null where somebody was. */
  readonly failure: { readonly code: RejectionCode; readonly detail: string } | null;
  /** The changes of trust by which more of the signatures could be proved. */
  readonly waitsFor: readonly GainCause[];
}

/**
 * Verifies the signatures of evidence in whatever form, by every key and under every trust root there is. Whether a signer
 * counts is not said. Never rejects for what the evidence holds.
 */
export async function verifyEvidence(evidence: Evidence, material: VerificationMaterial): Promise<VerifiedSignatures> {
  switch (evidence.format) {
    case 'dsse':
      return ofEnvelope(evidence.envelope, material);
    case 'jws': {
      const { jws } = evidence;
      const matches = await verifyJws(jws, material.keys, material.hints);
      return byKeys(
        matches,
        jws.signatures.map(({ kid, signature }) => ({ keyid: kid, signature })),
        material,
      );
    }
    case 'bundle':
      return ofBundle(evidence.bundle, material);
    case 'cosign': {
      const { layer } = evidence;
      return layer.type === 'bundle' ? ofBundle(layer.bundle, material) : ofEnvelope(layer.envelope, material);
    }
  }
}

async function ofBundle(bundle: SigstoreBundle, material: VerificationMaterial): Promise<VerifiedSignatures> {
  const { signers, failure } = await verifyBundle(bundle, material.roots, material.keys, material.hints);
  const found = { signers, failure: signers.length > 0 ? null : failure };
  const { verificationMaterial, content } = { ...bundle.bundle, content: bundle.content };
  if (verificationMaterial.content.$case !== 'publicKey') {
    // Another root makes no damaged signature whole; but it may list whom none lists yet, or the same by another chain.
    return { ...found, waitsFor: found.failure?.code === 'signature_invalid' ? [] : [ROOT_CAUSE] };
  }
  const signatures = content.type === 'dsse' ? content.envelope.signatures : [content];
  const strangers = signers.length > 0 ? [] : signatures.flatMap(({ signature }) => causesOfSignature(signature));
  const proofs =
    verificationMaterial.tlogEntries.length +
    (verificationMaterial.timestampVerificationData?.rfc3161Timestamps.length ?? 0);
  const unproved = proofs > Math.max(0, ...signers.map(({ times }) => times.length));
  return { ...found, waitsFor: unproved ? [...strangers, ROOT_CAUSE].sort() : strangers };
}

async function ofEnvelope(envelope: Envelope, material: VerificationMaterial): Promise<VerifiedSignatures> {
  const found = await verifySignatures(envelope, material.keys, material.hints);
  const byKey = byKeys(found, envelope.signatures, material);
  // Also where a known key made the signature: whom its certificate names may count where the bare key does not.
  const certified = envelope.signatures.filter((each) => each.material !== undefined);
  if (certified.length === 0) return byKey;
  const signatures = certified.map(({ material: brought, ...signature }) => ({
    ...NOTHING_BROUGHT,
    ...signature,
    ...brought,
  }));
  const { signers, failure } = await verifyCertifiedEnvelope({ ...envelope, signatures }, material.roots);
  const all = [...byKey.signers, ...signers];
  return {
    signers: all,
    failure: all.length > 0 ? null : (failure ?? byKey.failure),
    waitsFor: [...byKey.waitsFor, ROOT_CAUSE],
  };
}

const NOTHING_BROUGHT = { certificates: [], timestamps: [], materialFault: null };

interface Hinted {
  readonly keyid: string | null;
  readonly signature: Buffer;
}

function byKeys(
  { matches, unmatched }: SignatureMatches,
  signatures: readonly Hinted[],
  { hints }: VerificationMaterial,
): VerifiedSignatures {
  const strangers = unmatched.flatMap((index) => signatures[index] ?? []);
  return {
    signers: matches.map(toProvedKey),
    failure: matches.length > 0 ? null : failureOf(strangers, hints),
    waitsFor: [...new Set(strangers.flatMap(({ signature }) => causesOfSignature(signature)))].sort(),
  };
}

function toProvedKey({ thumbprint, scheme }: SignatureMatch): ProvedSigner {
  return { type: 'key', thumbprint, scheme, times: [] };
}

/** A signature that names a known key and is not by it was damaged or forged; any other is by somebody unknown. */
function failureOf(strangers: readonly Hinted[], hints: VerificationMaterial['hints']): VerifiedSignatures['failure'] {
  const named = strangers.find(({ keyid }) => keyid !== null && hints.has(keyid));
  return named === undefined
    ? { code: 'untrusted_signer', detail: 'no signature is by a key of a known attestor' }
    : { code: 'signature_invalid', detail: `the signature that names key ${named.keyid ?? ''} does not verify by it` };
}
