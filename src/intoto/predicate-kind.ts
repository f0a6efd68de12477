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
  ['https://in-toto.io/attestation/test-result/v0.1', 'test'],
  ['https://assay.dev/approval/v1', 'approval'],
  ['https://cyclonedx.org/bom', 'sbom'],
  ['https://spdx.dev/Document', 'sbom'],
  ['https://openvex.dev/ns', 'vex'],
  ['https://openvex.dev/ns/v0.2.0', 'vex'],
  ['https://slsa.dev/verification_summary/v1', 'summary'],
  ['https://in-toto.io/attestation/svr/v0.1', 'summary'],
  ['https://in-toto.io/attestation/svr/v0.2', 'summary'],
]);

/**
 * The kind of a predicate type. Types are opaque and compared as strings (in-toto field types), with the two families
 * whose versioned spelling is in use (CycloneDX `bom/v1.x`, SPDX `Document/v2.x` and `v3`).
 */
export function kindOf(predicateType: string): Kind {
  const known = KIND_BY_TYPE.get(predicateType);
  if (known !== undefined) return known;
  if (/^https:\/\/cyclonedx\.org\/bom\/v1\.\d+$/.test(predicateType)) return 'sbom';
  if (/^https:\/\/spdx\.dev\/Document\/v[23](\.\d+)?$/.test(predicateType)) return 'sbom';
  return 'other';
}
