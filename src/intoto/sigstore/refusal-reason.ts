import { failure, type BundleFailure } from './bundle-failure.js';
import type { Certificate } from './certificate.js';
import { integratedTime, type ProofMaterial } from './proof-material.js';
import type { SignedContent } from './signed-content.js';
import { certificateTimeFault, logTimeFault, timestampFault } from './time-fault.js';
import type { TrustedChain, TrustMaterial } from './trust-material.js';
import { logsOf } from './usable-proofs.js';

/** What was put to the library. */
export interface Refused {
  readonly material: TrustMaterial;
  readonly chains: readonly TrustedChain[];
  readonly certificate: Certificate;
  readonly signed: SignedContent;
  readonly proofs: ProofMaterial;
  /** The times that the proofs state. */
  readonly times: readonly Date[];
}

/**
 * The failure with what is wrong in the place of the library's words, which do not say whose window or certificate it was.
 * Each thing that is looked for would refuse alone; where none is found, the failure is left as it is.
 */
export function explained(reason: BundleFailure, refused: Refused): BundleFailure {
  const why = whyOf(reason, refused);
  return why === null ? reason : failure(reason.code, why);
}

function whyOf({ code }: BundleFailure, refused: Refused): string | null {
  const { material, chains, certificate, signed, proofs, times } = refused;
  switch (code) {
    case 'timestamp_missing':
      return firstOf(proofs.timestamps, (timestamp) =>
        timestampFault(timestamp, signed.signature, material.timestampAuthorities),
      );
    case 'log_proof_invalid':
      return firstOf(proofs.entries, (entry) => {
        const time = integratedTime(entry);
        return time === null ? null : logTimeFault('transparency log', logsOf(entry, material), time);
      });
    case 'certificate_invalid':
      return (
        certificateTimeFault(chains, certificate, times) ??
        firstOf(chains, (chain) => strangeFault(chain, certificate)) ??
        promiseFault(certificate, material)
      );
    case 'signature_invalid':
    case 'untrusted_signer':
      return null;
  }
}

function firstOf<T>(list: readonly T[], find: (element: T) => string | null): string | null {
  for (const element of list) {
    const found = find(element);
    if (found !== null) return found;
  }
  return null;
}

/** That the authority has the name and key identifier of the certificate's issuer, and another key. */
function strangeFault({ name, certChain: [issuer] }: TrustedChain, certificate: Certificate): string | null {
  return issuer !== undefined && certificate.verify(issuer)
    ? null
    : `the certificate is not signed by certificate authority ${name}, which it names as its issuer`;
}

/** That a log promised to list the certificate at a time at which it does not count. */
function promiseFault(certificate: Certificate, { ctlogs }: TrustMaterial): string | null {
  // Where no such log is asked for, nobody has looked whether the promises can be read.
  if (ctlogs.length === 0) return null;
  return firstOf(certificate.extSCT?.signedCertificateTimestamps ?? [], ({ logID, datetime }) =>
    logTimeFault(
      'certificate transparency log',
      ctlogs.filter((log) => log.logID.equals(logID)),
      datetime,
    ),
  );
}
