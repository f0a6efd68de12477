import { readerRevisionOf } from '../facts/reader-of.js';
import { canonicalJson } from '../intoto/canonical-json.js';
import type { AttestationId } from '../intoto/digest.js';
import type { Examination } from './examine.js';
import { isDue } from './is-due.js';
import type { LatestVerification } from './latest-verification.js';
import type { Unexamined } from './verification.store.js';

/** An examination that is not needless, and what it is to what is on record about its evidence. */
export interface DueExamination {
  readonly attestation: Unexamined;
  readonly examination: Examination;
  /** Whether this is the attestation's first examination, which ends its being pending. */
  readonly first: boolean;
  /** Whether it was examined again and came to what it came to before. */
  readonly unchanged: boolean;
}

/**
 * Those of the examinations that what is on record does not make needless.
 *
 * @param examinations one for each piece of evidence, in its order.
 * @param latest read where no other worker can add to it.
 */
export function dueExaminations(
  evidence: readonly Unexamined[],
  examinations: readonly Examination[],
  latest: ReadonlyMap<AttestationId, LatestVerification>,
): readonly DueExamination[] {
  return examinations.flatMap((examination, index) => {
    const attestation = evidence[index];
    const previous = attestation === undefined ? undefined : latest.get(attestation.id);
    if (attestation === undefined || isOvertaken(previous, examination)) return [];
    return [{ attestation, examination, first: previous === undefined, unchanged: isUnchanged(previous, examination) }];
  });
}

/** Whether what is on record by this moment makes an examination needless: another worker was faster, at as much trust. */
function isOvertaken(previous: LatestVerification | undefined, { trustRevision }: Examination): boolean {
  if (previous === undefined || previous.outcome === 'error') return false;
  if (!isDue(previous)) return true;
  return !isReadAnew(previous) && trustRevision <= previous.examinedRevision;
}

/** Whether what is on record was read by an earlier reader of its type. */
function isReadAnew({ readerRevision, predicateType }: LatestVerification): boolean {
  return readerRevision < readerRevisionOf(predicateType);
}

/** Whether another examination found nothing that is not on record, so that neither verdicts nor the account need it. */
function isUnchanged(previous: LatestVerification | undefined, examination: Examination): boolean {
  if (previous === undefined || isReadAnew(previous)) return false;
  // Each try that could not find out is on record: the pause before the next goes by their number.
  if (examination.outcome.outcome === 'error') return false;
  const { outcome, signedDigest, proved, signers, gains } = examination;
  const found = { ...outcome, signedDigest, proved, signers, gains };
  return Object.entries(found).every(([name, value]) => {
    const before: unknown = previous[name as keyof typeof found];
    return canonicalJson({ value }) === canonicalJson({ value: before });
  });
}
