/** What family of evidence a predicate belongs to. `other` is evidence this service keeps and verifies but does not read. */
export const KINDS = ['build', 'scan', 'test', 'approval', 'sbom', 'vex', 'summary', 'other'] as const;
export type Kind = (typeof KINDS)[number];

const KIND_BY_TYPE: ReadonlyMap<string, Kind> = new Map([
  ['https://slsa.dev/provenance/v0.1', 'build'],
  ['https://in-toto.io/Provenance/v0.1', 'build'],
  ['https://slsa.dev/provenance/v0.2', 'build'],
  ['https://slsa.dev/provenance/v1', 'build'],
  ['https://in-toto.io/attestation/vulns/v0.1', 'scan'],
  ['https://in-toto.io/attestation/vulns/v0.2', 'scan'],
  ['https://cosign.sigstore.dev/attestation/vuln/v1', 'scan'],
  ['https://predicates.policylabs.dev/grype/v1', 'scan'],
  ['https://predicates.policylabs.dev/trivy/v1', 'scan'],
  ['http://docs.oasis-open.org/sarif/sarif/2.1.0', 'scan'],
  ['http://docs.oasis-open.org/sarif/sarif/v2.1.0', 'scan'],
  ['https://docs.oasis-open.org/sarif/sarif/2.1.0', 'scan'],
  ['https://docs.oasis-open.org/sarif/sarif/v2.1.0', 'scan'],
  ['https://witness.dev/attestations/sarif/v0.1', 'scan'],
  ['https://in-toto.io/attestation/test-result/v0.1', 'test'],
  ['https://assay.dev/junit/v1', 'test'],
  ['https://assay.dev/approval/v1', 'approval'],
  ['https://in-toto.io/attestation/human-review/v0.1', 'approval'],
  ['https://in-toto.io/attestation/human-review/vcs/v0.1', 'approval'],
  ['http://in-toto.io/attestation/human-review/vcs/v0.1', 'approval'],
  ['https://in-toto.io/attestation/human-review/crev/v0.1', 'approval'],
  ['https://gittuf.dev/github-pull-request-approval/v0.1', 'approval'],
  ['https://jfrog.com/evidence/approval/v1', 'approval'],
  ['https://openvex.dev/ns', 'vex'],
  ['https://openvex.dev/ns/v0.2.0', 'vex'],
  ['https://slsa.dev/verification_summary/v0.2', 'summary'],
  ['https://slsa.dev/verification_summary/v1', 'summary'],
  ['https://in-toto.io/attestation/svr/v0.1', 'summary'],
  ['https://in-toto.io/attestation/svr/v0.2', 'summary'],
]);

/** `results@v1` of the OSV schema, and `results@v1.6.7` with the version of the schema in full. */
export const OSV_RESULTS = /^https:\/\/ossf\.github\.io\/osv-schema\/results@v1(?:\.\d{1,3}){0,2}$/;
/** `bom`, and `bom/v1.x` with the version of the specification. */
export const CYCLONEDX = /^https:\/\/cyclonedx\.org\/bom(?:\/v1\.\d{1,3})?$/;
/** `Document`, and with the version of the specification `Document/v2.x` or `v3`. */
export const SPDX = /^https:\/\/spdx\.dev\/Document(?:\/v[23](?:\.\d{1,3}){0,2})?$/;

/**
 * The kind of a predicate type. Types are opaque and compared as strings (in-toto field types), with the families whose
 * versioned spelling is in use.
 */
export function kindOf(predicateType: string): Kind {
  const known = KIND_BY_TYPE.get(predicateType);
  if (known !== undefined) return known;
  if (CYCLONEDX.test(predicateType) || SPDX.test(predicateType)) return 'sbom';
  return OSV_RESULTS.test(predicateType) ? 'scan' : 'other';
}
