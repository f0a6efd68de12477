import { readerRevisionOf } from '../facts/reader-of.js';
import { SERVICE_ACTOR, type HistoryEntry } from '../history/history-entry.js';
import { onlyImage } from '../intoto/digest.js';
import type { DueExamination } from './due-examination.js';
import { verificationDigest } from './verification-digest.js';
import type { VerificationRecord } from './verification-record.js';

type Finding = Pick<DueExamination, 'attestation' | 'examination'>;

/** The row of an examination. */
export function toVerificationRecord({
  attestation,
  examination: { outcome, ...examination },
}: Finding): VerificationRecord {
  return {
    attestation: attestation.id,
    trustRevision: examination.trustRevision,
    readerRevision: readerRevisionOf(attestation.predicateType),
    ...outcome,
    signedDigest: examination.signedDigest,
    signers: examination.signers,
    proved: examination.proved,
    gains: examination.gains,
  };
}

/** Its entry in history, bound to the row by digest. */
export function toVerificationEntry(finding: Finding): HistoryEntry {
  const { attestation, examination } = finding;
  const { outcome, trustRevision, signers } = examination;
  const found = { trustRevision, digest: verificationDigest(toVerificationRecord(finding)) };
  const entry = { actor: SERVICE_ACTOR, image: onlyImage(attestation.subjects), attestation: attestation.id };
  switch (outcome.outcome) {
    case 'verified': {
      const names = signers
        .filter((signer) => signer.counts)
        .map(({ attestor, keyId, identity }) => `${attestor}/${keyId ?? identity ?? ''}`);
      return { ...entry, type: 'attestation.verified', data: { ...found, signers: names } };
    }
    case 'rejected':
      return { ...entry, type: 'attestation.rejected', data: { ...found, code: outcome.code } };
    case 'error':
      return { ...entry, type: 'attestation.error', data: { ...found, code: outcome.code } };
  }
}
