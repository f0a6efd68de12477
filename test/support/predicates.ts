/** Predicates as pipelines write them, small enough to read in a test. */

export function provenance(overrides: { builder?: string; repository?: string; ref?: string; commit?: string } = {}) {
  const repository = overrides.repository ?? 'https://github.com/acme/app';
  const ref = overrides.ref ?? 'refs/tags/v1.2.3';
  return {
    buildDefinition: {
      buildType: 'https://actions.github.io/buildtypes/workflow/v1',
      externalParameters: { workflow: { ref, repository, path: '.github/workflows/release.yml' } },
      resolvedDependencies: [
        { uri: `git+${repository}@${ref}`, digest: { gitCommit: overrides.commit ?? 'c0ffee'.padEnd(40, '0') } },
      ],
    },
    runDetails: {
      builder: {
        id: overrides.builder ?? 'https://github.com/acme/.github/.github/workflows/release.yml@refs/tags/v2',
      },
      metadata: { invocationId: `${repository}/actions/runs/1/attempts/1` },
    },
  };
}

export function trivyScan(at: Date, severities: readonly string[] = []) {
  return {
    invocation: { parameters: null, uri: '', event_id: '', 'builder.id': '' },
    scanner: {
      uri: 'pkg:github/aquasecurity/trivy@0.60.0',
      version: '0.60.0',
      db: { uri: '', version: '' },
      result: {
        SchemaVersion: 2,
        ArtifactName: 'registry.example.com/acme/app',
        ArtifactType: 'container_image',
        Results: [
          {
            Target: 'app (debian 12.8)',
            Class: 'os-pkgs',
            Type: 'debian',
            Vulnerabilities: severities.map((severity, index) => ({
              VulnerabilityID: `CVE-2026-${1000 + index}`,
              PkgName: 'openssl',
              InstalledVersion: '3.0.15-1',
              Severity: severity,
            })),
          },
        ],
      },
    },
    metadata: { scanStartedOn: at.toISOString(), scanFinishedOn: at.toISOString() },
  };
}

export function testResult(result: string, annotations: Readonly<Record<string, unknown>> = { suite: 'integration' }) {
  return { result, configuration: [{ name: 'ci.yml', annotations }], passedTests: ['starts'], failedTests: [] };
}

export function approval(
  id: string,
  at: Date,
  overrides: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return { decision: 'approved', approver: { id }, approvedAt: at.toISOString(), ...overrides };
}

export const PREDICATE_TYPES = {
  provenance: 'https://slsa.dev/provenance/v1',
  cosignVuln: 'https://cosign.sigstore.dev/attestation/vuln/v1',
  testResult: 'https://in-toto.io/attestation/test-result/v0.1',
  approval: 'https://assay.dev/approval/v1',
} as const;
