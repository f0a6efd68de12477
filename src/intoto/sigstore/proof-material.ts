import type { Bundle, TransparencyLogEntry } from '@sigstore/bundle';
import { entryFault, type EntrySigner } from './log-entry.js';
import { failure, type BundleFailure } from './bundle-failure.js';
import { readTimestamp, type Timestamp } from './timestamp.js';

/** What a bundle holds to prove when it was signed and that it was logged. */
export interface ProofMaterial {
  readonly entries: readonly TransparencyLogEntry[];
  readonly timestamps: readonly Timestamp[];
}

/** A bundle has one or two of each. */
const MAX_PROOFS = 16;

/**
 * Reads the proofs of a bundle, each entry being about the signer; a failure where one is not, cannot be read or is there
 * twice, or where there are more than 16. Throws TimestampUnusable for a timestamp that cannot be read.
 */
export function proofMaterial(bundle: Bundle, signer: EntrySigner): ProofMaterial | BundleFailure {
  const entries: readonly TransparencyLogEntry[] = bundle.verificationMaterial.tlogEntries;
  const responses = bundle.verificationMaterial.timestampVerificationData?.rfc3161Timestamps ?? [];
  if (entries.length > MAX_PROOFS || responses.length > MAX_PROOFS) {
    return failure('log_proof_invalid', `it holds more than ${MAX_PROOFS} log entries or timestamps`);
  }
  for (const [index, entry] of entries.entries()) {
    const fault = entryFault(entry, signer);
    if (fault !== null) return failure('log_proof_invalid', `log entry ${index} ${fault}`);
    if (entries.slice(0, index).some((earlier) => isSameEntry(earlier, entry))) {
      return failure('log_proof_invalid', `log entry ${index} is there twice`);
    }
  }
  return { entries, timestamps: responses.map(({ signedTimestamp }) => readTimestamp(signedTimestamp)) };
}

function isSameEntry(one: TransparencyLogEntry, other: TransparencyLogEntry): boolean {
  return one.logId.keyId.equals(other.logId.keyId) && one.canonicalizedBody.equals(other.canonicalizedBody);
}

/**
 * When a log says that it took the entry in: only where it promised so by signing the time along (client specification,
 * section 4); null where it did not. That the promise is the log's remains to be verified.
 */
export function integratedTime({ inclusionPromise, integratedTime: seconds }: TransparencyLogEntry): Date | null {
  return inclusionPromise === undefined || Number(seconds) === 0 ? null : new Date(Number(seconds) * 1000);
}
