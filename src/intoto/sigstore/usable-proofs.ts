import type { TransparencyLogEntry } from '@sigstore/bundle';
import { failure, type BundleFailure } from './bundle-failure.js';
import type { ProofMaterial } from './proof-material.js';
import { signersOf } from './timestamp.js';
import type { TrustedLog, TrustMaterial } from './trust-material.js';

/** The proofs by those whom a root lists. What others say is nothing to it, and takes nothing from what these say. */
export function usableProofs(material: TrustMaterial, { entries, timestamps }: ProofMaterial): ProofMaterial {
  return {
    entries: entries.filter((entry) => logsOf(entry, material).length > 0),
    timestamps: timestamps.filter((timestamp) => signersOf(timestamp, material.timestampAuthorities).length > 0),
  };
}

/** The log that an entry names, with each of the windows for which the root lists it. */
export function logsOf({ logId }: TransparencyLogEntry, { tlogs }: TrustMaterial): readonly TrustedLog[] {
  return tlogs.filter(({ logID }) => logID.equals(logId.keyId));
}

/** That no entry is left though the root lists logs, with what was passed over. */
export function unlogged({ entries }: ProofMaterial): BundleFailure {
  return failure(
    'log_proof_invalid',
    entries.length === 0
      ? 'no log entry shows that it was logged, and the trust root lists transparency logs'
      : `no log entry is of a transparency log that the trust root lists; ${passedOver(entries.length, 'entry of a log', 'entries of logs')} that the root does not list`,
  );
}

/** That no time is left, with what was passed over. */
export function untimed(
  { tlogs, timestampAuthorities }: TrustMaterial,
  all: ProofMaterial,
  usable: ProofMaterial,
): BundleFailure {
  const entries = tlogs.length === 0 ? 0 : all.entries.length - usable.entries.length;
  const timestamps = timestampAuthorities.length === 0 ? 0 : all.timestamps.length - usable.timestamps.length;
  const strangers = [
    ...(entries > 0 ? [passedOver(entries, 'entry of a log', 'entries of logs')] : []),
    ...(timestamps > 0 ? [passedOver(timestamps, 'timestamp by an authority', 'timestamps by authorities')] : []),
  ].map((each) => `; ${each} that the trust root does not list`);
  return failure(
    'timestamp_missing',
    `nothing proves when it was signed: no timestamp, and no log entry with a promise${strangers.join('')}`,
  );
}

function passedOver(count: number, one: string, many: string): string {
  return `passed over: ${count} ${count === 1 ? one : many}`;
}
