import { VerificationError, Verifier, type SignedEntity } from '@sigstore/verify';
import type { AuthorityId, ProvedCertificate, Vouching } from '../proved-signer.js';
import { failure, failureOf, type BundleFailure } from './bundle-failure.js';
import { CertificateUnusable, unlisted, type Certificate } from './certificate.js';
import { mayHaveIssued } from './certificate-path.js';
import { integratedTime, type ProofMaterial } from './proof-material.js';
import { libraryContent, type SignedContent } from './signed-content.js';
import { explained } from './refusal-reason.js';
import { purposeFault, type CertificateMatch } from './signing-certificate.js';
import { signersOf } from './timestamp.js';
import { covers, type TrustedChain, type TrustedLog, type TrustMaterial } from './trust-material.js';
import { logsOf, unlogged, untimed, usableProofs } from './usable-proofs.js';
import { sortedVouchings } from './vouchings.js';

/** A certificate authority of a root with each of the windows for which it is listed. */
export interface Issuer {
  readonly id: AuthorityId;
  readonly chains: readonly TrustedChain[];
}

/**
 * The authorities of a root that may have issued the certificate, by its issuer's name and key identifier; each once. It is
 * the first certificate of a chain that issues: what others of the chain issue is not this authority's.
 */
export function issuersOf(certificate: Certificate, { certificateAuthorities }: TrustMaterial): readonly Issuer[] {
  const possible = certificateAuthorities.filter(
    ({ certChain: [issuer] }) => issuer !== undefined && mayHaveIssued(issuer, certificate),
  );
  const ids = new Set(possible.map(({ id }) => id));
  return [...ids].map((id) => ({ id, chains: possible.filter((chain) => chain.id === id) }));
}

/**
 * Verifies what a signer's certificate and the proofs come to under one authority of one root. That the signature is by the
 * certificate's key, and that the entries are about the certificate, is known already. The library decides; beyond it
 * the certificate must be meant for this, and a log without a time of its own must have counted at a proven time.
 *
 * Proofs by those whom the root does not list are passed over. Everything the library is given must verify, and the material
 * it is given holds one authority and nothing that two authorities could have signed alike. So when it accepts, it is known
 * who vouched for what.
 */
export function verifyUnder(
  material: TrustMaterial,
  issuer: Issuer,
  signer: CertificateMatch,
  signed: SignedContent,
  proofs: ProofMaterial,
): ProvedCertificate | BundleFailure {
  const purpose = purposeFault(signer, material.form);
  if (purpose !== null) return failure('certificate_invalid', `the certificate ${purpose}`);
  const usable = usableProofs(material, proofs);
  const isUnlogged = material.tlogs.length > 0 && usable.entries.length === 0;
  if (isUnlogged && proofs.entries.length > 0) return unlogged(proofs);
  const times = timesOf(material, usable);
  if (times.length === 0) return untimed(material, proofs, usable);
  if (isUnlogged) return unlogged(proofs);
  try {
    const ctlogs = ctlogsOf(material, signer.certificate);
    const certificate = material.ctlogs.length === 0 ? unlisted(signer.certificate) : signer.certificate;
    verifier(material, issuer).verify(entityOf(certificate, libraryContent(signed, signer.key), usable));
    // The library takes every certificate of the chain for an issuer. This signature it has checked already.
    if (!issuer.chains.every(({ certChain: [first] }) => first !== undefined && certificate.verify(first))) {
      return failure('certificate_invalid', 'the certificate is not signed by the first of the chain');
    }
    const [unused] = usable.entries.flatMap((entry) => {
      const logs = logsOf(entry, material);
      return wasInUse(logs, times) ? [] : logs;
    });
    if (unused !== undefined) {
      const what = `transparency log ${unused.baseURL} did not count at any of the times that are proved`;
      return failure('log_proof_invalid', what);
    }
    return {
      type: 'certificate',
      certificate: signer.certificate.fingerprint,
      thumbprint: signer.thumbprint,
      scheme: signer.scheme,
      identity: signer.identity,
      codeSigning: signer.codeSigning,
      chain: issuer.id,
      ctlogs: sortedVouchings(ctlogs),
      tlogs: [...new Set(usable.entries.flatMap((entry) => logsOf(entry, material).map(({ id }) => id)))].sort(),
      times: sortedVouchings(times),
    };
  } catch (error) {
    const reason = failureOf(error);
    if (!(error instanceof VerificationError)) return reason;
    const stated = times.map(({ at }) => new Date(at));
    const { certificate } = signer;
    return explained(reason, { material, chains: issuer.chains, certificate, signed, proofs: usable, times: stated });
  }
}

function verifier(material: TrustMaterial, issuer: Issuer): Verifier {
  const { tlogs, ctlogs, timestampAuthorities } = material;
  return new Verifier(
    {
      certificateAuthorities: [...issuer.chains],
      timestampAuthorities: [...timestampAuthorities],
      tlogs: [...tlogs],
      ctlogs: [...ctlogs],
      publicKey: (hint) => {
        throw new VerificationError({ code: 'PUBLIC_KEY_ERROR', message: `no key is known by ${hint}` });
      },
    },
    { tlogThreshold: Math.min(tlogs.length, 1), ctlogThreshold: Math.min(ctlogs.length, 1), timestampThreshold: 1 },
  );
}

function entityOf(
  certificate: Certificate,
  signature: SignedEntity['signature'],
  { entries, timestamps }: ProofMaterial,
): SignedEntity {
  return {
    signature,
    key: { $case: 'certificate', certificate },
    tlogEntries: [...entries],
    timestamps: [
      ...entries
        .filter((entry) => integratedTime(entry) !== null)
        .map((tlogEntry) => ({ $case: 'transparency-log' as const, tlogEntry })),
      ...timestamps.map((timestamp) => ({ $case: 'timestamp-authority' as const, timestamp })),
    ],
  };
}

/** Who vouches for which time, provided that all of it verifies. */
function timesOf(material: TrustMaterial, { entries, timestamps }: ProofMaterial): readonly Vouching[] {
  const logged = entries.flatMap((entry) => {
    const time = integratedTime(entry);
    const [log] = logsOf(entry, material);
    return time === null || log === undefined ? [] : [{ authority: log.id, at: time.toISOString() }];
  });
  const stamped = timestamps.flatMap((timestamp) => {
    // A root has no two authorities that a timestamp names alike.
    const [authority] = signersOf(timestamp, material.timestampAuthorities);
    return authority === undefined ? [] : [{ authority: authority.id, at: timestamp.signingTime.toISOString() }];
  });
  return [...logged, ...stamped];
}

function wasInUse(logs: readonly TrustedLog[], times: readonly Vouching[]): boolean {
  return logs.some(({ validFor }) => times.some(({ at }) => covers(validFor, new Date(at))));
}

/** The logs that promised to list the certificate (RFC 6962, 3.2), provided that what they signed verifies. */
function ctlogsOf({ ctlogs }: TrustMaterial, certificate: Certificate): readonly Vouching[] {
  if (ctlogs.length === 0) return [];
  try {
    return (certificate.extSCT?.signedCertificateTimestamps ?? []).flatMap(({ logID, datetime }) => {
      const log = ctlogs.find((candidate) => candidate.logID.equals(logID));
      return log === undefined ? [] : [{ authority: log.id, at: datetime.toISOString() }];
    });
  } catch (cause) {
    throw new CertificateUnusable('has promises of certificate logs that cannot be read', { cause });
  }
}
