import type { VerificationRecord } from './verification-record.js';

/** The latest verification of an attestation, and whether another could find more. */
export interface LatestVerification extends VerificationRecord {
  readonly predicateType: string | null;
  /** The trust revision at which it was last examined, with a new outcome or the same. */
  readonly examinedRevision: number;
  /** Whether trust has grown since then by what the verification waits for. */
  readonly gained: boolean;
  /** Whether the envelope was dropped since, so that it cannot be examined again. */
  readonly dropped: boolean;
}

/** Whether trust has grown since a verification `v`, or its last repetition `r`, by a cause it waits for. */
export const GAINED = `exists (
    select from trust_gains g where g.cause = any(v.gains) and g.trust_revision > greatest(v.trust_revision, r.trust_revision))`;

/** Whether the envelope of a verification `v` was dropped. */
export const DROPPED = `exists (select from dropped_envelopes d where d.attestation = v.attestation)`;

/** The latest verification of each of the ids `$1` that has one, as rows of `LatestVerification`. */
export const LATEST_VERIFICATIONS = `
  select distinct on (v.attestation) v.attestation, v.trust_revision as "trustRevision", v.reader_revision as "readerRevision",
    v.outcome, v.code, v.detail, v.signed_digest as "signedDigest", v.signers, v.proved, v.gains,
    greatest(v.trust_revision, r.trust_revision) as "examinedRevision", ${GAINED} as gained, ${DROPPED} as dropped,
    a.predicate_type as "predicateType"
  from verifications v join attestations a on a.id = v.attestation
  left join reexaminations r on r.attestation = v.attestation
  where v.attestation = any($1) order by v.attestation, v.id desc`;
