import { CYCLONEDX, OSV_RESULTS, SPDX } from '../intoto/predicate-kind.js';
import type { PredicateReader } from './predicate-field.js';
import { readApproval } from './predicates/approval.js';
import { readCosignVuln } from './predicates/cosign-vuln.js';
import { readCycloneDx } from './predicates/cyclonedx.js';
import { readGittufApproval } from './predicates/gittuf-approval.js';
import { readGrypePredicate } from './predicates/grype-report.js';
import { readHumanReview, readVcsReview } from './predicates/human-review.js';
import { readJfrogApproval } from './predicates/jfrog-approval.js';
import { readJunit } from './predicates/junit.js';
import { readOpenVex } from './predicates/openvex.js';
import { readOsvPredicate } from './predicates/osv-results.js';
import { readSarifPredicate, readWitnessSarif } from './predicates/sarif.js';
import {
  readSimpleVerificationResultV01,
  readSimpleVerificationResultV02,
} from './predicates/simple-verification-result.js';
import { readSlsaProvenanceV01 } from './predicates/slsa-provenance-v0.1.js';
import { readSlsaProvenanceV02 } from './predicates/slsa-provenance-v0.2.js';
import { readSlsaProvenanceV1 } from './predicates/slsa-provenance-v1.js';
import { readSpdx } from './predicates/spdx.js';
import { readTestResult } from './predicates/test-result.js';
import { readTrivyPredicate } from './predicates/trivy-report.js';
import { readVerificationSummaryV02, readVerificationSummaryV1 } from './predicates/verification-summary.js';
import { readVulnsV01 } from './predicates/vulns-v0.1.js';
import { readVulnsV02 } from './predicates/vulns-v0.2.js';

const READERS: ReadonlyMap<string, PredicateReader> = new Map([
  ['http://docs.oasis-open.org/sarif/sarif/2.1.0', readSarifPredicate],
  ['http://docs.oasis-open.org/sarif/sarif/v2.1.0', readSarifPredicate],
  ['http://in-toto.io/attestation/human-review/vcs/v0.1', readVcsReview],
  ['https://assay.dev/approval/v1', readApproval],
  ['https://assay.dev/junit/v1', readJunit],
  ['https://cosign.sigstore.dev/attestation/vuln/v1', readCosignVuln],
  ['https://docs.oasis-open.org/sarif/sarif/2.1.0', readSarifPredicate],
  ['https://docs.oasis-open.org/sarif/sarif/v2.1.0', readSarifPredicate],
  ['https://gittuf.dev/github-pull-request-approval/v0.1', readGittufApproval],
  ['https://in-toto.io/Provenance/v0.1', readSlsaProvenanceV01],
  ['https://in-toto.io/attestation/human-review/crev/v0.1', readHumanReview],
  ['https://in-toto.io/attestation/human-review/v0.1', readHumanReview],
  ['https://in-toto.io/attestation/human-review/vcs/v0.1', readVcsReview],
  ['https://in-toto.io/attestation/svr/v0.1', readSimpleVerificationResultV01],
  ['https://in-toto.io/attestation/svr/v0.2', readSimpleVerificationResultV02],
  ['https://in-toto.io/attestation/test-result/v0.1', readTestResult],
  ['https://in-toto.io/attestation/vulns/v0.1', readVulnsV01],
  ['https://in-toto.io/attestation/vulns/v0.2', readVulnsV02],
  ['https://jfrog.com/evidence/approval/v1', readJfrogApproval],
  ['https://openvex.dev/ns', readOpenVex],
  ['https://openvex.dev/ns/v0.2.0', readOpenVex],
  ['https://predicates.policylabs.dev/grype/v1', readGrypePredicate],
  ['https://predicates.policylabs.dev/trivy/v1', readTrivyPredicate],
  ['https://slsa.dev/provenance/v0.1', readSlsaProvenanceV01],
  ['https://slsa.dev/provenance/v0.2', readSlsaProvenanceV02],
  ['https://slsa.dev/provenance/v1', readSlsaProvenanceV1],
  ['https://slsa.dev/verification_summary/v0.2', readVerificationSummaryV02],
  ['https://slsa.dev/verification_summary/v1', readVerificationSummaryV1],
  ['https://witness.dev/attestations/sarif/v0.1', readWitnessSarif],
]);

/** Types that are spelled with the version of what they hold, of which there are more every year. */
const FAMILIES: readonly (readonly [RegExp, PredicateReader])[] = [
  [CYCLONEDX, readCycloneDx],
  [OSV_RESULTS, readOsvPredicate],
  [SPDX, readSpdx],
];

/** The reader of a predicate type, or null where its predicates are kept whole. Types are compared as strings. */
export function readerOf(predicateType: string): PredicateReader | null {
  return READERS.get(predicateType) ?? FAMILIES.find(([type]) => type.test(predicateType))?.[1] ?? null;
}

/** Whether a predicate of this type may be text, which old attestations hold in place of a document. */
export function mayBeText(predicateType: string): boolean {
  return CYCLONEDX.test(predicateType) || SPDX.test(predicateType);
}

/** Types whose reader is of another revision than most, which are of the second. */
const REVISIONS: ReadonlyMap<string, number> = new Map([
  ['https://assay.dev/approval/v1', 1],
  ['https://in-toto.io/Provenance/v0.1', 3],
  ['https://in-toto.io/attestation/test-result/v0.1', 1],
  ['https://slsa.dev/provenance/v0.1', 3],
  ['https://slsa.dev/provenance/v0.2', 2],
  ['https://slsa.dev/provenance/v1', 3],
]);

/**
 * The revision of a type's reader, from 1; raised whenever it comes to read something differently, and only for the types
 * concerned: what was read, or refused, by an earlier one is then examined again.
 */
export function readerRevisionOf(predicateType: string | null): number {
  if (predicateType === null || readerOf(predicateType) === null) return 1;
  return REVISIONS.get(predicateType) ?? 2;
}
